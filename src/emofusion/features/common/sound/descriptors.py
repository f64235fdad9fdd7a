"""Descriptors of a frame of sound as librosa defines them, from frames and spectra that the caller computes once.

Each is here because a profile of librosa's own call says that it pays: librosa builds the mel filters anew for each
clip, sorts every band for the contrast, and refines every lag of every frame for the pitch.
Frames are rows, so that transforms run along contiguous memory, and come in blocks that fit into the processor's cache.
All arrays are float32 unless said otherwise.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.signal
import scipy.sparse
from numpy.lib.stride_tricks import sliding_window_view

from emofusion.errors import EmofusionError
from emofusion.features.common.sound.compiled import kernels, librosa

_SILENCE = 1e-10  # librosa's defaults: the size below which a sample counts as zero,
_QUANTILE = 0.02  # the share of a band that makes its peak, and its valley,
_TROUGH = 0.1  # the threshold of YIN's step 4,
_LEAST = 1e-10  # the least power,
_CONTRAST_RANGE = 80.0  # and how many dB below the loudest the peaks, and the valleys, may go
_BLOCK = 48  # frames; larger blocks are new memory from the system each time, which costs more than the transforms


def frames_of(samples: np.ndarray, length: int, hop: int) -> np.ndarray:
    """Frames `(frames, length)` centred at every `hop`-th sample, zeros beyond the ends; a view into a padded copy."""
    return sliding_window_view(np.pad(samples, length // 2), length)[::hop]


def magnitude(frames: np.ndarray) -> np.ndarray:
    """The magnitude of the Fourier transform of frames under a Hann window: `(frames, 1 + length // 2)`.

    In double precision and then rounded, as librosa does: what is quiet beside something loud is not lost.
    """
    window = _hann(frames.shape[1])
    return _in_blocks(lambda block: np.abs(scipy.fft.rfft(block * window).astype(np.complex64)), frames)


@lru_cache(maxsize=4)
def _hann(length: int) -> np.ndarray:
    return scipy.signal.get_window("hann", length)


@lru_cache(maxsize=4)
def mel_filters(rate: int, n_fft: int, mel: int) -> scipy.sparse.csr_array:
    """Librosa's mel filters `(mel, 1 + n_fft // 2)`, sparse, built once for each choice of settings."""
    return scipy.sparse.csr_array(librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=mel))


def centroid(spectra: np.ndarray, rate: int) -> np.ndarray:
    """The mean frequency in Hz `(frames,)` of spectra `(frames, bins)`, weighted by magnitude; 0 of silence."""
    total = spectra.sum(axis=1)
    total[total < np.finfo(np.float32).tiny] = 1
    return spectra @ np.linspace(0, rate / 2, spectra.shape[1], dtype=np.float32) / total


def zero_crossing_rate(samples: np.ndarray, length: int, hop: int) -> np.ndarray:
    """The share of samples `(frames,)` whose sign differs from that of the one before, in each frame of `length`."""
    below = np.pad(samples, length // 2, mode="edge") < -_SILENCE
    crossings = np.zeros(len(below), np.int64)
    np.cumsum(below[1:] != below[:-1], out=crossings[1:])
    first = np.arange(0, len(below) - length + 1, hop)
    return (crossings[first + length - 1] - crossings[first]) / length


def decibels(power: np.ndarray) -> np.ndarray:
    """`10 log10(power)`, at least -100, as librosa's `power_to_db` without `top_db`; numpy's `log` is vectorised."""
    return np.log(np.maximum(power, _LEAST)) * power.dtype.type(10 / np.log(10))


def flatness(power: np.ndarray) -> np.ndarray:
    """Geometric over arithmetic mean `(frames,)`, float64, of power spectra `(frames, bins)`."""
    return kernels.flatness(power, _LEAST)


def contrast(spectra: np.ndarray, rate: int, lowest: float, bands: int) -> np.ndarray:
    """Peak over valley in dB `(bands + 1, frames)`, float64, of octave bands, the first from 0 to `lowest` Hz.

    Spectral contrast (Jiang et al., "Music type classification by spectral contrast feature", ICME 2002). The 2 % of a
    band that are averaged are a few values: they are found in one pass, nothing is sorted.
    """
    frequencies = np.linspace(0, rate / 2, spectra.shape[1])
    edges = np.array([0.0, *(lowest * 2.0 ** np.arange(bands + 1))])
    if edges[-2] >= rate / 2:
        raise EmofusionError(f"{bands} bands of spectral contrast reach beyond half of sample_rate={rate}.")
    first = np.searchsorted(frequencies, edges[:-1])
    stop = np.searchsorted(frequencies, edges[1:], side="right")
    # librosa's: all but the first reach one bin further down, all but the highest leave out their last
    first[1:] -= 1
    stop[-1] = len(frequencies)
    few = np.maximum(1, np.rint(_QUANTILE * (stop - first))).astype(int)
    stop[:-1] -= 1
    if (stop - first < few).any():
        raise EmofusionError(
            f"a band of spectral contrast has no bin of its own: raise n_fft={2 * len(frequencies) - 2}."
        )
    levels = [decibels(values.T) for values in kernels.valleys_and_peaks(spectra, first, stop, few)]
    valleys, peaks = (np.maximum(level, level.max() - _CONTRAST_RANGE) for level in levels)
    return peaks - valleys


def yin(frames: np.ndarray, rate: int, low: float, high: float) -> np.ndarray:
    """The fundamental frequency in Hz `(frames,)`, float64, between `low` and `high`, of frames `(frames, length)`.

    YIN (de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music", JASA 111(4), 2002),
    steps 2 to 5, with the autocorrelation by Fourier transform. Its choice among troughs can turn on the last bit, so
    every rounding is librosa's (size of the transform, precision, order of sums); only lags that can be chosen are
    looked at. Raises `EmofusionError` for a range that does not fit into half the rate or into a frame.
    """
    length = frames.shape[1]
    if not 0 < low < high <= rate / 2 or rate / low >= length - 1:
        raise EmofusionError(
            f"pitch_range=[{low}, {high}] does not fit: it has to lie between {rate / (length - 1):.1f} Hz, of which "
            f"one period fills a frame of n_fft={length}, and half of sample_rate={rate}."
        )
    shortest, longest = int(rate / high), min(int(np.ceil(rate / low)), length - 1)
    if longest - shortest < 2:
        raise EmofusionError(f"pitch_range=[{low}, {high}] holds fewer than three periods of whole samples: widen it.")

    def periods(block: np.ndarray) -> np.ndarray:
        return kernels.yin_period(block, _autocorrelation(block)[:, : longest + 1], shortest, _TROUGH)

    return rate / _in_blocks(periods, frames)


def _autocorrelation(frames: np.ndarray) -> np.ndarray:
    size = scipy.fft.next_fast_len(2 * frames.shape[1] - 1, real=True)
    return scipy.fft.irfft(librosa.util.abs2(scipy.fft.rfft(frames, n=size)), n=size)


def _in_blocks(compute: Callable[[np.ndarray], np.ndarray], frames: np.ndarray) -> np.ndarray:
    return np.concatenate([compute(frames[start : start + _BLOCK]) for start in range(0, len(frames), _BLOCK)])
