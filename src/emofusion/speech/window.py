"""The part of a recording that its features are computed from: a window of fixed length."""

from pathlib import Path

import numpy as np

from emofusion.messages import EmofusionError
from emofusion.speech import waveform
from emofusion.speech.compiled import librosa

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
    rate, duration, trim = settings["sample_rate"], settings["duration"], settings["trim"]
    if settings["padding"] not in PADDINGS:
        raise EmofusionError(f"the setting `padding` is {settings['padding']}; choose out of {', '.join(PADDINGS)}.")
    if trim is None and settings["padding"] == "zeros":
        return waveform.load(path, rate, duration)
    whole = waveform.load(path, rate, duration + _LONGEST_SILENCE)
    return fitted(whole, waveform.samples_of(rate, duration), trim, settings["padding"])


def fitted(samples: np.ndarray, size: int, trim: float | None, padding: str) -> np.ndarray:
    """A waveform `(samples,)`, trimmed where there is a `trim` (dB), cut or padded to `(size,)`.

    Zeros at its end are no part of it. Silence throughout stays as it is.
    """
    if trim is not None:
        samples, _ = librosa.effects.trim(samples, top_db=trim, frame_length=1024, hop_length=256)
    samples = np.trim_zeros(samples, "b")[:size]
    if padding == "repeat" and len(samples):
        return np.resize(samples, size)
    return librosa.util.fix_length(samples, size=size)
