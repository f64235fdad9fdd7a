"""Descriptors of frames of sound as librosa defines them, from frames and spectra that the caller computes once.

A profile of librosa's own calls showed which functions are worth it: librosa builds the mel filters again
for each clip, sorts every band for the contrast, and refines every lag of every frame for the pitch.
Frames are the rows of arrays, so that transforms run along contiguous memory, and are computed in blocks that fit into
the processor's cache. All arrays are float32 unless said otherwise.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import cast

import numpy as np
import scipy.fft
import scipy.signal
import scipy.sparse
from numpy.lib.stride_tricks import sliding_window_view

from emofusion.features.common import contrast_bands
from emofusion.features.common.arrays import Array
from emofusion.features.common.sound.compiled import kernels, librosa

# librosa's defaults
_SILENCE = 1e-10  # a sample nearer to zero counts as zero
_TROUGH = 0.1  # the threshold of YIN's step 4
_LEAST_POWER = 1e-10
_CONTRAST_RANGE = 80.0  # dB below the loudest peak, or valley, that the others may go

# Frames in a block. Larger blocks take new memory from the system each time, which costs more than the transforms.
_BLOCK = 48


def frames_of(samples: Array, length: int, hop: int) -> Array:
    """Frames `(frames, length)` centred at every `hop`-th sample of a waveform; a view into a copy of it.

    There are zeros beyond both ends.
    """
    return sliding_window_view(np.pad(samples, length // 2), length)[::hop]


def magnitude(frames: Array) -> Array:
    """The magnitude of the Fourier transform of frames under a Hann window: `(frames, 1 + length // 2)`.

    It is computed in double precision and then rounded, as librosa does, so that a quiet component beside a loud one is
    not lost.
    """
    window = _hann(frames.shape[1])
    return _in_blocks(lambda block: np.abs(scipy.fft.rfft(block * window).astype(np.complex64)), frames)


@lru_cache(maxsize=4)
def _hann(length: int) -> Array:
    return cast(Array, scipy.signal.get_window("hann", length))


@lru_cache(maxsize=4)
def mel_filters(rate: int, n_fft: int, mel: int) -> scipy.sparse.csr_array:
    """Librosa's mel filters `(mel, 1 + n_fft // 2)`, sparse; `rate` is in Hz. They are built once for all clips."""
    return scipy.sparse.csr_array(librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=mel))


def centroid(spectra: Array, rate: int) -> Array:
    """The mean frequency in Hz `(frames,)` of spectra `(frames, bins)`, weighted by magnitude; 0 for silence."""
    total = spectra.sum(axis=1)
    total[total < np.finfo(np.float32).tiny] = 1
    return cast(Array, spectra @ np.linspace(0, rate / 2, spectra.shape[1], dtype=np.float32) / total)


def zero_crossing_rate(samples: Array, length: int, hop: int) -> Array:
    """The share of samples in each frame of `length` whose sign differs from that of the sample before: `(frames,)`."""
    below = np.pad(samples, length // 2, mode="edge") < -_SILENCE
    crossings = np.zeros(len(below), np.int64)
    np.cumsum(below[1:] != below[:-1], out=crossings[1:])
    first = np.arange(0, len(below) - length + 1, hop)
    return (crossings[first + length - 1] - crossings[first]) / length


def decibels(power: Array) -> Array:
    """`10 log10(power)`, at least -100, as librosa's `power_to_db` without `top_db`.

    numpy's `log` is vectorised, and therefore faster than its `log10`.
    """
    return cast(Array, np.log(np.maximum(power, _LEAST_POWER)) * power.dtype.type(10 / np.log(10)))


def flatness(power: Array) -> Array:
    """The geometric mean over the arithmetic mean of power spectra `(frames, bins)`: float64 `(frames,)`."""
    return cast(Array, kernels.flatness(power, _LEAST_POWER))


def contrast(spectra: Array, rate: int) -> Array:
    """Peak over valley in dB of each band of spectra `(frames, bins)`: float64 `(bands, frames)`.

    Spectral contrast (Jiang et al., "Music type classification by spectral contrast feature", ICME 2002) in the bands
    of `contrast_bands`. The few values that a peak or a valley averages are found in one pass; nothing is sorted.
    """
    bands = contrast_bands.bands(rate, spectra.shape[1])
    if not all(band.has_enough_bins for band in bands):
        raise ValueError("a band of spectral contrast has no bin of its own")
    extremes = kernels.valleys_and_peaks(spectra, *np.array(bands).T)
    levels = [decibels(values.T) for values in extremes]
    valleys, peaks = (np.maximum(level, level.max() - _CONTRAST_RANGE) for level in levels)
    return cast(Array, peaks - valleys)


def yin(frames: Array, rate: int, low: float, high: float) -> Array:
    """The fundamental frequency in Hz `(frames,)`, float64, between `low` and `high`, of frames `(frames, length)`.

    YIN (de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music", JASA 111(4), 2002),
    steps 2 to 5, with the autocorrelation by Fourier transform. Its choice among troughs can depend on the last bit.
    Every rounding is therefore librosa's: the size of the transform, the precision and the order of sums. Only lags
    that can be chosen are looked at. At least one period of `low` has to fit into a frame.
    """
    length = frames.shape[1]
    shortest, longest = int(rate / high), min(int(np.ceil(rate / low)), length - 1)

    def periods(block: Array) -> Array:
        correlation = _autocorrelation(block)[:, : longest + 1]
        return cast(Array, kernels.yin_period(block, correlation, shortest, _TROUGH))

    return rate / _in_blocks(periods, frames)


def _autocorrelation(frames: Array) -> Array:
    size = scipy.fft.next_fast_len(2 * frames.shape[1] - 1, real=True)
    return cast(Array, scipy.fft.irfft(librosa.util.abs2(scipy.fft.rfft(frames, n=size)), n=size))


def _in_blocks(compute: Callable[[Array], Array], frames: Array) -> Array:
    return np.concatenate([compute(frames[start : start + _BLOCK]) for start in range(0, len(frames), _BLOCK)])
