"""Contours: means of the acoustic features in equal parts of a recording.

The parts stretch with the recording, so that what is said at the same place is compared, whatever the speed.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.features.acoustic_contours import AcousticContours
from emofusion.features.common.arrays import Array
from emofusion.features.common.sound import channels, waveform, window


def prepare(clips: pd.DataFrame, settings: AcousticContours) -> Callable[[Any], Array]:
    """The function that turns a clip into float32 `(1 + speeds, values)`; see `AcousticContours.prepare`.

    It takes at most `duration` seconds of sound and never pads.
    """
    waveform.require_recordings(clips, "acoustic features")
    channels.compute(np.zeros(settings.samples, np.float32), settings)  # librosa's own checks, before any clip is read
    return partial(_of_clip, settings=settings)


def compute(features: Array, pieces: int) -> Array:
    """The contours of features `(channels, frames)`: float32 `(pieces * channels,)`, part by part.

    There are at least as many frames as parts. Part i begins at frame ⌊i · frames / pieces⌋.
    """
    edges = np.arange(pieces + 1) * features.shape[1] // pieces
    means = [features[:, start:stop].mean(axis=1) for start, stop in pairwise(edges)]
    return np.concatenate(means).astype(np.float32)


def _of_clip(clip: Any, settings: AcousticContours) -> Array:
    rows = []
    for samples in window.versions(clip.audio, settings, settings.speeds):
        features = channels.compute(samples, settings) if len(samples) else np.empty((0, 0))
        if features.shape[1] < settings.pieces:
            raise EmofusionError(
                f"{clip.audio} has {len(samples) / settings.sample_rate:.3f} s of sound, too few for "
                f"{settings.pieces} parts. Replace the file, or leave the clip out."
            )
        rows.append(compute(features, settings.pieces))
    return np.stack(rows)
