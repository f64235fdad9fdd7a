"""The part of a recording that its features are computed from: a window of fixed length."""

from pathlib import Path

import numpy as np

from emofusion.errors import EmofusionError
from emofusion.features.common.sound import waveform
from emofusion.features.common.sound.compiled import librosa

# Silence before the speech is looked past for this long, so that a recording of hours is not read whole.
_LONGEST_SILENCE = 10.0

PADDINGS = ("zeros", "repeat")


def load(path: str | Path, settings: dict) -> np.ndarray:
    """The window of a recording: float32 `(samples,)`, `samples = round(sample_rate * duration)`.

    With `trim` (dB) silence is cut off at both ends first: what stays reaches from the first to the last frame of 1024
    samples whose power is less than `trim` below that of the loudest (librosa's `effects.trim`). What is shorter than
    the window is padded at the end with zeros, or with itself, over and over (`padding: repeat`). Raises
    `EmofusionError` as `waveform.load` does, and for an unknown padding.
    """
    if settings["padding"] not in PADDINGS:
        raise EmofusionError(f"the setting `padding` is {settings['padding']}; choose out of {', '.join(PADDINGS)}.")
    if settings["trim"] is None and settings["padding"] == "zeros":
        return waveform.load(path, settings["sample_rate"], settings["duration"])
    return fitted(
        spoken(path, settings), waveform.samples_of(settings["sample_rate"], settings["duration"]), settings["padding"]
    )


def spoken(path: str | Path, settings: dict) -> np.ndarray:
    """A recording `(samples,)` of up to ten seconds more than the window, without the silence that `trim` cuts off.

    Zeros at its end are cut off with it; silence throughout gives nothing.
    """
    samples = waveform.load(path, settings["sample_rate"], settings["duration"] + _LONGEST_SILENCE)
    if settings["trim"] is not None:
        samples, _ = librosa.effects.trim(samples, top_db=settings["trim"], frame_length=1024, hop_length=256)
    return np.trim_zeros(samples, "b")


def fitted(samples: np.ndarray, size: int, padding: str) -> np.ndarray:
    """A waveform `(samples,)`, cut or padded to `(size,)`."""
    if padding == "repeat" and len(samples):
        return np.resize(samples, size)
    return librosa.util.fix_length(samples, size=size)
