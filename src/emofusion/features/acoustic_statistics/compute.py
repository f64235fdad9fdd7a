"""Statistics over time of the acoustic features.

They describe each channel's level, spread and distribution, and those of its slope. Such functionals of low-level
descriptors are used since Schuller, Steidl and Batliner, "The INTERSPEECH 2009 emotion challenge". They do not
depend on when something was said, and contain no padding. A speaker's own mean and deviation of each value therefore
say how that speaker usually speaks.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.features.acoustic_statistics import SLOPE_FRAMES, AcousticStatistics
from emofusion.features.common.arrays import Array
from emofusion.features.common.sound import channels, waveform, window

_PERCENTILES = (1, 10, 25, 50, 75, 90, 99)


def prepare(clips: pd.DataFrame, settings: AcousticStatistics) -> Callable[[Any], Array]:
    """The function that turns a clip into float32 `(1 + speeds, values)`; see `AcousticStatistics.prepare`.

    It takes at most `duration` seconds of sound and never pads.
    """
    waveform.require_recordings(clips, "acoustic features")
    channels.compute(np.zeros(settings.samples, np.float32), settings)  # librosa's own checks, before any clip is read
    return partial(_of_clip, settings=settings)


def compute(features: Array) -> Array:
    """The statistics of features `(channels, frames)`: float32 `(len(STATISTICS) * channels + 1,)`.

    `quartile_range` is from the 25th to the 75th percentile, `range` from the 1st to the 99th. A slope is the change
    over `SLOPE_FRAMES` frames, divided by their number; `slope_size` is the mean of its absolute value. They stand in
    the order of `STATISTICS`; the last value is the number of frames.
    """
    percentiles = np.percentile(features, _PERCENTILES, axis=1)
    slope = (features[:, SLOPE_FRAMES:] - features[:, :-SLOPE_FRAMES]) / SLOPE_FRAMES
    statistics = [
        *(features.mean(axis=1), features.std(axis=1), *percentiles),
        *(percentiles[4] - percentiles[2], percentiles[6] - percentiles[0]),
        *(slope.std(axis=1), np.abs(slope).mean(axis=1), *np.percentile(slope, [5, 95], axis=1)),
    ]
    return np.concatenate([*statistics, [features.shape[1]]]).astype(np.float32)


def _of_clip(clip: Any, settings: AcousticStatistics) -> Array:
    versions = window.versions(clip.audio, settings, settings.speeds)
    shortest = min(map(len, versions))
    if shortest < (SLOPE_FRAMES + 1) * settings.hop:
        raise EmofusionError(
            f"{clip.audio} has {shortest / settings.sample_rate:.3f} s of sound, too few for statistics. "
            "Replace the file or leave the clip out."
        )
    return np.stack([compute(channels.compute(samples, settings)) for samples in versions])
