"""The part of a recording that its features are computed from: a window of fixed length."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emofusion.counted import count
from emofusion.features.common.acoustic_settings import AcousticSettings
from emofusion.features.common.arrays import Array
from emofusion.features.common.sound import waveform
from emofusion.features.common.sound.compiled import librosa

# Silence before the speech may last this many seconds; a recording of hours is therefore not read whole.
_LONGEST_SILENCE = 10.0


def load(path: str | Path, settings: AcousticSettings) -> Array:
    """The window of a recording: float32 `(samples,)`, `samples = round(sample_rate * duration)`.

    With `trim` (dB), silence is cut off at both ends first. What stays reaches from the first to the last frame of 1024
    samples whose power is less than `trim` below that of the loudest frame (librosa's `effects.trim`). A recording
    shorter than the window is then padded at its end: with zeros, or with itself again and again (`padding=repeat`).
    What is cut off at the end is counted. Raises `EmofusionError` as `waveform.load` does.
    """
    if settings.trim is None and settings.padding == "zeros":
        samples = waveform.read(path, settings.sample_rate, settings.seconds)
    else:
        samples = spoken(path, settings)
    _count_cut(samples, settings)
    return fitted(samples, settings.samples, settings.padding)


def versions(path: str | Path, settings: AcousticSettings, speeds: Sequence[float]) -> list[Array]:
    """What is spoken in a recording, and the same at each of the speeds: float32 `(samples,)`, at most the window.

    Nothing is padded. What is cut off at the end of the recording is counted.
    """
    samples = spoken(path, settings)
    _count_cut(samples, settings)
    return [one[: settings.samples] for one in waveform.at_speeds(samples, settings.sample_rate, speeds)]


def _count_cut(samples: Array, settings: AcousticSettings) -> None:
    """Count whether a recording `(samples,)` is longer than the window."""
    (beyond,) = settings.always_counted()
    count(beyond, len(samples) > settings.samples)


def spoken(path: str | Path, settings: AcousticSettings) -> Array:
    """A recording `(samples,)` without the silence that `trim` cuts off.

    At most the window's duration and ten seconds more are read. Zeros at the end are cut off too; nothing stays of
    silence throughout.
    """
    samples = waveform.load(path, settings.sample_rate, settings.seconds + _LONGEST_SILENCE)
    if settings.trim is not None:
        samples, _ = librosa.effects.trim(samples, top_db=settings.trim, frame_length=1024, hop_length=256)
    return np.trim_zeros(samples, "b")


def fitted(samples: Array, size: int, padding: str) -> Array:
    """A waveform `(samples,)`, cut or padded to `(size,)`."""
    if padding == "repeat" and len(samples):
        return np.resize(samples, size)
    return librosa.util.fix_length(samples, size=size)
