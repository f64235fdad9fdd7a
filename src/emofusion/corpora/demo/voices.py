"""Speech from a source and filters: pulses of the glottis and breath pass through the formants of a few phonemes.

The method is that of Klatt (1980), "Software for a cascade/parallel formant synthesizer", much reduced.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import lfilter

from emofusion.corpora.demo.people import Voice
from emofusion.corpora.demo.phonemes import PHONEMES

Array = NDArray[np.float64]

# What 1 of each of `acting.PROSODY` stands for.
UNITS = {
    "pitch": 5.0,  # semitones
    "pitch_range": 0.6,  # logarithm of the range
    "slope": 5.0,  # semitones from start to end
    "energy": 6.0,  # dB
    "rate": 0.2,  # logarithm of the rate
    "brightness": 9.0,  # dB above 1 kHz
    "breath": 0.3,  # share
    "roughness": 0.06,  # share
    "tremor": 0.9,  # semitones
}
_STEP = 0.008  # seconds between two settings of the filters
_PEAK = 0.9  # no sample is louder


def speak(
    voice: Voice,
    prosody: dict[str, float],
    phonemes: Sequence[str],
    sample_rate: int,
    seconds: float,
    rng: np.random.Generator,
    background: float = -58.0,
) -> NDArray[np.float32]:
    """One utterance as float32 samples within ±0.9, (samples,).

    Args:
        voice: the speaker's voice at rest.
        prosody: a value for each of `acting.PROSODY`.
        phonemes: names of `phonemes.PHONEMES`.
        sample_rate: samples in a second.
        seconds: length at the usual rate, with silences of 0.1 s at both ends.
        rng: draws what differs from utterance to utterance.
        background: the room's noise, in dB relative to full scale.
    """
    colour = {name: UNITS[name] * value for name, value in prosody.items()}
    rate = voice.rate * np.exp(colour["rate"])
    lengths = np.array([PHONEMES[name][2] for name in phonemes]) * np.exp(0.12 * rng.standard_normal(len(phonemes)))
    lengths[-1] *= 1.4  # phrases end slowly
    spoken = max(seconds - 0.2, 0.2) / np.clip(rate, 0.55, 1.7)
    ends = np.cumsum(lengths) / lengths.sum() * spoken
    times = np.arange(round(spoken * sample_rate)) / sample_rate
    current = np.minimum(np.searchsorted(ends, times), len(phonemes) - 1)  # index of the phoneme of each sample
    voicing, noisiness = (
        uniform_filter1d(np.array([PHONEMES[name][column] for name in phonemes])[current], round(0.012 * sample_rate))
        for column in (0, 1)
    )

    source = _pulses(_pitch(voice, colour, times, rng), colour, sample_rate, rng)
    breath = np.clip(voice.breath + colour["breath"], 0.02, 1.2)
    source = voicing * (source + 0.05 * breath * rng.standard_normal(len(times)))
    brightness = np.clip(voice.brightness + colour["brightness"], -16, 20)
    source = _tilted(source, brightness, sample_rate)
    noise = 0.05 * noisiness * rng.standard_normal(len(times))
    speech = _shaped(np.stack([source, noise]), phonemes, current, voice.formants, sample_rate)

    fade = np.minimum(1, np.minimum(times, spoken - times) / 0.03).clip(0, 1)
    arc = 1 - 0.35 * times / spoken
    speech *= fade * arc
    speech *= 0.05 / np.sqrt(np.mean(speech**2)) * 10 ** ((voice.level + colour["energy"] + rng.normal(0, 1)) / 20)
    silence = np.zeros(round(0.1 * sample_rate))
    speech = np.r_[silence, speech, silence]
    speech += 10 ** (background / 20) * rng.standard_normal(len(speech))
    limited: NDArray[np.float32] = (_PEAK * np.tanh(speech / _PEAK)).astype(np.float32)
    return limited


def loudness(samples: NDArray[np.float32], sample_rate: int, times: Array) -> Array:
    """How loud the 60 ms around each time (seconds) are, (times,), from 0 to 1; 1 is the loudest of them."""
    half = round(0.03 * sample_rate)
    energy = np.r_[0, np.cumsum(samples.astype(float) ** 2)]
    middle = np.round(np.asarray(times) * sample_rate).astype(int)
    low, high = (np.clip(middle + shift, 0, len(samples)) for shift in (-half, half))
    level = np.sqrt((energy[high] - energy[low]) / (2 * half))
    relative: Array = level / max(level.max(), 1e-9)
    return relative


def _pitch(voice: Voice, colour: dict[str, float], times: Array, rng: np.random.Generator) -> Array:
    """Fundamental frequency in Hz: accents on a line that falls or rises, with a tremor of 6 Hz."""
    elapsed = times / times[-1]
    accents = sum(
        rng.uniform(0.5, 1) * np.sin(2 * np.pi * (waves * elapsed + rng.random())) for waves in (1.0, 2.0, 3.3)
    )
    semitones = colour["pitch"] + 1.3 * np.exp(colour["pitch_range"]) * accents
    semitones = semitones + colour["slope"] * (elapsed - 0.5)
    semitones = semitones + 0.8 * colour["slope"] * np.clip(elapsed - 0.75, 0, 1) * 4
    semitones = semitones + max(colour["tremor"], 0) * np.sin(2 * np.pi * (6 * times + rng.random()))
    frequency: Array = np.clip(voice.pitch * 2 ** (semitones / 12), 55, 700)
    return frequency


def _pulses(pitch: Array, colour: dict[str, float], sample_rate: int, rng: np.random.Generator) -> Array:
    """One pulse in each cycle, shared between two samples; roughness makes their times and strengths irregular."""
    phase = np.cumsum(pitch / sample_rate)
    cycles = np.arange(1, int(phase[-1]))
    shake = 0.006 + max(colour["roughness"], 0)
    cycles = cycles + np.clip(shake * rng.standard_normal(len(cycles)), -0.3, 0.3)
    position = np.interp(cycles, phase, np.arange(len(phase))).clip(0, len(phase) - 2)
    strength = np.exp(3 * shake * rng.standard_normal(len(cycles)))
    whole = position.astype(int)
    train = np.zeros(len(phase))
    np.add.at(train, whole, strength * (1 - (position - whole)))
    np.add.at(train, whole + 1, strength * (position - whole))
    # the spectrum of a pulse falls by 12 dB an octave from about 200 Hz on; radiation at the lips raises it by 6 dB
    pole = np.exp(-2 * np.pi * 200 / sample_rate)
    pulses: Array = lfilter([1, -0.97], np.convolve([1, -pole], [1, -pole]), train)
    return pulses


def _tilted(source: Array, brightness: float, sample_rate: int) -> Array:
    """The source with all above about 1 kHz raised by `brightness` dB."""
    pole = np.exp(-2 * np.pi * 1000 / sample_rate)
    low = lfilter([1 - pole], [1, -pole], source)
    tilted: Array = low + 10 ** (brightness / 20) * (source - low)
    return tilted


def _resonances(
    grid: NDArray[np.floating[Any]], frequency: Array, bandwidth: Array | float, sample_rate: int
) -> NDArray[np.complex64]:
    """Frequency responses of resonators whose gain is 1 at 0 Hz, (resonators…, frequencies of the grid).

    All arguments are in Hz: `grid` (frequencies,), `frequency` and `bandwidth` (resonators…).
    """
    frequency = np.minimum(frequency, 0.46 * sample_rate)
    radius = np.exp(-np.pi * np.asarray(bandwidth) / sample_rate)
    first, second = -2 * radius * np.cos(2 * np.pi * frequency / sample_rate), radius**2 + 0 * frequency
    delay = np.exp(-2j * np.pi * grid / sample_rate).astype(np.complex64)
    first, second = first[..., None].astype(np.float32), second[..., None].astype(np.float32)
    responses: NDArray[np.complex64] = (1 + first + second) / (1 + delay * (first + delay * second))
    return responses


def _shaped(speech: Array, phonemes: Sequence[str], current: NDArray[np.intp], scale: float, sample_rate: int) -> Array:
    """The voiced part, shaped by five formants, plus the noisy part, shaped by a band around its own frequency.

    The filters change every `_STEP` seconds: overlapping windows are multiplied in the frequency domain.

    Args:
        speech: the voiced and the noisy part, (2, samples).
        phonemes: names of `phonemes.PHONEMES`.
        current: index of the phoneme of each sample, (samples,).
        scale: factor on the formants' frequencies.
        sample_rate: samples in a second.
    """
    step = round(_STEP * sample_rate)
    window = np.hanning(4 * step + 1)[:-1].astype(np.float32) / 2  # four overlapping windows sum to 1
    padded = np.pad(speech.astype(np.float32), ((0, 0), (2 * step, 4 * step)))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, 4 * step, axis=1)[:, ::step]
    spectra = np.fft.rfft(pieces * window, n=8 * step)
    frequencies = np.fft.rfftfreq(8 * step, 1 / sample_rate)
    fixed = scale * np.array([3500.0, 4500.0])
    now = current[np.minimum(np.arange(pieces.shape[1]) * step, len(current) - 1)]  # phoneme of each window

    formants = scale * uniform_filter1d(np.array([PHONEMES[name][3] for name in phonemes], dtype=float)[now], 5, axis=0)
    spectra[0] *= _resonances(frequencies, formants, np.array([70.0, 90.0, 130.0]), sample_rate).prod(axis=1)
    spectra[0] *= _resonances(frequencies, fixed, np.array([200.0, 300.0]), sample_rate).prod(axis=0)
    centres = np.array([PHONEMES[name][4] for name in phonemes], dtype=float)
    band = np.abs(_resonances(frequencies, centres, 1500.0, sample_rate))
    spectra[1] *= (band / np.sqrt((band**2).mean(axis=1, keepdims=True)))[now]

    blocks = np.fft.irfft(spectra.sum(axis=0), n=8 * step).reshape(len(now), 8, step)
    out = np.zeros((len(now) + 7, step))
    for block in range(8):
        out[block : block + len(now)] += blocks[:, block]
    shaped: Array = out.ravel()[2 * step : 2 * step + speech.shape[1]]
    return shaped
