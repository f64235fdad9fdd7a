"""The seven acoustic features of the paper's section 3.2 as librosa defines them, stacked as channels over frames.

One short-time Fourier transform serves all that are made from a spectrum. Librosa's defaults hold except where a
setting or a comment here says otherwise; its values, not always its code: see `descriptors`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from math import ceil, log2
from typing import Any

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.features.common.sound import descriptors, waveform, window
from emofusion.features.common.sound.compiled import librosa

SOURCE = "the sound of each clip (column `audio`)"
DTYPE = np.float32

_CONTRAST_LOWEST = 200.0  # Hz, librosa's default
_CONTRAST_BANDS = 6  # librosa's default; fewer below 12.8 kHz, where the highest would lie above Nyquist
_MFCC_RANGE = 80.0  # dB below the loudest, librosa's default


def row_shape(settings: dict) -> tuple[int, int]:
    """`(channels, frames)`, with `frames = 1 + samples // hop`."""
    samples = waveform.samples_of(settings["sample_rate"], settings["duration"])
    return len(channel_names(settings)), 1 + samples // settings["hop"]


def channel_names(settings: dict) -> list[str]:
    """The name of each channel in order: `mfcc_1` …, `pitch`, `mel_1` …, as the setting `features` orders them."""
    names = []
    for feature in _chosen(settings):
        channels = _FEATURES[feature].channels(settings)
        names += [feature] if channels == 1 else [f"{feature}_{number}" for number in range(1, channels + 1)]
    return names


def rows_of(clip: Any, settings: dict) -> int:
    """One row a clip."""
    return 1


def prepare(clips: pd.DataFrame, settings: dict) -> Callable[[Any], np.ndarray]:
    """The function that turns a clip into float32 `(1, channels, frames)`.

    Raises `EmofusionError` for settings that librosa cannot work with, and for clips without sound.
    """
    waveform.require_recordings(clips, "acoustic features")
    compute(np.zeros(waveform.samples_of(settings["sample_rate"], settings["duration"]), np.float32), settings)
    return partial(_of_clip, settings=settings)


def compute(samples: np.ndarray, settings: dict) -> np.ndarray:
    """The features of a waveform `(samples,)`: float32 `(channels, frames)`.

    Hz for pitch and centroid, dB for mel (to full scale, so that loudness stays) and contrast. Raises `EmofusionError`
    where the settings do not fit together.
    """
    sound = _Sound(samples, settings)
    try:
        parts = [np.atleast_2d(_FEATURES[feature].compute(sound)) for feature in _chosen(settings)]
        return np.concatenate(parts).astype(DTYPE)
    except (librosa.util.exceptions.ParameterError, ValueError, IndexError) as error:
        raise EmofusionError(
            f"the acoustic settings do not fit together: {error} (sample_rate={settings['sample_rate']}, "
            f"n_fft={settings['n_fft']}, hop={settings['hop']}, pitch_range={settings['pitch_range']})."
        ) from error


def _of_clip(clip: Any, settings: dict) -> np.ndarray:
    return compute(window.load(clip.audio, settings), settings)[np.newaxis]


def _chosen(settings: dict) -> list[str]:
    unknown = set(settings["features"]) - set(_FEATURES)
    if unknown or not settings["features"]:
        raise EmofusionError(
            f"the setting `features` names {', '.join(sorted(unknown)) or 'nothing'}; "
            f"choose out of {', '.join(_FEATURES)}."
        )
    return [feature for feature in settings["features"] if feature != "pitch" or settings["pitch"]]


@dataclass
class _Sound:
    """A waveform and the spectra made from it, each computed once and only if a feature asks for it."""

    samples: np.ndarray
    settings: dict

    @property
    def rate(self) -> int:
        return self.settings["sample_rate"]

    @property
    def framing(self) -> dict:
        return {"frame_length": self.settings["n_fft"], "hop_length": self.settings["hop"]}

    @cached_property
    def frames(self) -> np.ndarray:
        return descriptors.frames_of(self.samples, self.settings["n_fft"], self.settings["hop"])

    @cached_property
    def magnitude(self) -> np.ndarray:
        return descriptors.magnitude(self.frames)

    @cached_property
    def power(self) -> np.ndarray:
        return self.magnitude**2

    @cached_property
    def mel_decibels(self) -> np.ndarray:
        filters = descriptors.mel_filters(self.rate, self.settings["n_fft"], self.settings["mel"])
        return np.maximum(descriptors.decibels(filters @ self.power.T), self.settings["floor"])


@dataclass(frozen=True)
class _Feature:
    channels: Callable[[dict], int]
    compute: Callable[[_Sound], np.ndarray]


def _mfcc(sound: _Sound) -> np.ndarray:
    decibels = sound.mel_decibels
    return librosa.feature.mfcc(S=np.maximum(decibels, decibels.max() - _MFCC_RANGE), n_mfcc=sound.settings["mfcc"])


def _pitch(sound: _Sound) -> np.ndarray:
    low, high = sound.settings["pitch_range"]
    match sound.settings["pitch"]:
        case "yin":
            return descriptors.yin(sound.frames, sound.rate, low, high)
        case "pyin":
            options = {"fmin": low, "fmax": high, "sr": sound.rate, **sound.framing}
            return librosa.pyin(sound.samples, fill_na=0.0, **options)[0]
    raise EmofusionError(f"the setting `pitch` is {sound.settings['pitch']}; choose yin, pyin or null.")


def _zero_crossing_rate(sound: _Sound) -> np.ndarray:
    return descriptors.zero_crossing_rate(sound.samples, sound.settings["n_fft"], sound.settings["hop"])


def _contrast_bands(settings: dict) -> int:
    return max(1, min(_CONTRAST_BANDS, ceil(log2(settings["sample_rate"] / 2 / _CONTRAST_LOWEST))))


def _contrast(sound: _Sound) -> np.ndarray:
    return descriptors.contrast(sound.magnitude, sound.rate, _CONTRAST_LOWEST, _contrast_bands(sound.settings))


_FEATURES = {
    "mfcc": _Feature(lambda settings: settings["mfcc"], _mfcc),
    "pitch": _Feature(lambda settings: 1, _pitch),
    "mel": _Feature(lambda settings: settings["mel"], lambda sound: sound.mel_decibels),
    "centroid": _Feature(lambda settings: 1, lambda sound: descriptors.centroid(sound.magnitude, sound.rate)),
    "flatness": _Feature(lambda settings: 1, lambda sound: descriptors.flatness(sound.power)),
    "zero_crossing_rate": _Feature(lambda settings: 1, _zero_crossing_rate),
    "contrast": _Feature(lambda settings: _contrast_bands(settings) + 1, _contrast),
}
