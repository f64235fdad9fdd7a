"""The acoustic features of a clip's window."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from emofusion.features.common.acoustic_settings import AcousticSettings
from emofusion.features.common.sound import channels, waveform, window


def prepare(clips: pd.DataFrame, settings: AcousticSettings) -> Callable[[Any], np.ndarray[Any, Any]]:
    """The function that turns a clip into float32 `(1, channels, frames)`; see `Acoustic.prepare`."""
    waveform.require_recordings(clips, "acoustic features")
    channels.compute(np.zeros(settings.samples, np.float32), settings)  # librosa's own checks, before any clip is read
    return partial(_of_clip, settings=settings)


def _of_clip(clip: Any, settings: AcousticSettings) -> np.ndarray[Any, Any]:
    return channels.compute(window.load(clip.audio, settings), settings)[np.newaxis]
