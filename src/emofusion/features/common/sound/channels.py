"""The acoustic features of the paper's section 3.2 as librosa defines them, stacked as channels over frames.

One short-time Fourier transform serves all features that are made from a spectrum. The values are those of librosa's
own calls with its default arguments, except where a setting or a comment here says otherwise; the code is partly ours,
for speed: see `descriptors`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from emofusion.errors import EmofusionError
from emofusion.features.common.acoustic_settings import AcousticSettings
from emofusion.features.common.arrays import Array
from emofusion.features.common.sound import descriptors
from emofusion.features.common.sound.compiled import librosa

_MFCC_RANGE = 80.0  # dB below the loudest value, librosa's default


def compute(samples: Array, settings: AcousticSettings) -> Array:
    """The features of a waveform `(samples,)`: float32 `(channels, frames)`, channels as `settings.channel_names`.

    Pitch and centroid are in Hz; mel is in dB relative to full scale, so that loudness stays; contrast is in dB. Raises
    `EmofusionError` where librosa cannot work with the settings.
    """
    sound = _Sound(samples, settings)
    try:
        channels = [np.atleast_2d(_COMPUTE[feature](sound)) for feature in settings.chosen_features]
        return np.concatenate(channels).astype(np.float32)
    except (librosa.util.exceptions.ParameterError, ValueError, IndexError) as error:
        raise EmofusionError(
            f"the acoustic settings do not fit together: {error} (sample_rate={settings.sample_rate}, "
            f"n_fft={settings.n_fft}, hop={settings.hop}, pitch_range={settings.pitch_range})."
        ) from error


@dataclass
class _Sound:
    """A waveform and the spectra made from it, each computed once and only if a feature asks for it."""

    samples: Array
    settings: AcousticSettings

    @property
    def rate(self) -> int:
        return self.settings.sample_rate

    @cached_property
    def frames(self) -> Array:
        return descriptors.frames_of(self.samples, self.settings.n_fft, self.settings.hop)

    @cached_property
    def magnitude(self) -> Array:
        return descriptors.magnitude(self.frames)

    @cached_property
    def power(self) -> Array:
        return cast(Array, self.magnitude**2)

    @cached_property
    def mel_decibels(self) -> Array:
        filters = descriptors.mel_filters(self.rate, self.settings.n_fft, self.settings.mel)
        return cast(Array, np.maximum(descriptors.decibels(filters @ self.power.T), self.settings.floor))


def _mfcc(sound: _Sound) -> Array:
    decibels = sound.mel_decibels
    bounded = np.maximum(decibels, decibels.max() - _MFCC_RANGE)
    return librosa.feature.mfcc(S=bounded, n_mfcc=sound.settings.mfcc)


def _pitch(sound: _Sound) -> Array:
    settings, (low, high) = sound.settings, sound.settings.pitch_range
    if settings.pitch == "yin":
        return descriptors.yin(sound.frames, sound.rate, low, high)
    frequencies, _, _ = librosa.pyin(
        sound.samples,
        fmin=low,
        fmax=high,
        sr=sound.rate,
        frame_length=settings.n_fft,
        hop_length=settings.hop,
        fill_na=0.0,
    )
    return frequencies


def _zero_crossing_rate(sound: _Sound) -> Array:
    return descriptors.zero_crossing_rate(sound.samples, sound.settings.n_fft, sound.settings.hop)


_COMPUTE: dict[str, Callable[[_Sound], Array]] = {
    "mfcc": _mfcc,
    "pitch": _pitch,
    "mel": lambda sound: sound.mel_decibels,
    "centroid": lambda sound: descriptors.centroid(sound.magnitude, sound.rate),
    "flatness": lambda sound: descriptors.flatness(sound.power),
    "zero_crossing_rate": _zero_crossing_rate,
    "contrast": lambda sound: descriptors.contrast(sound.magnitude, sound.rate),
}
