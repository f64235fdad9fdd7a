"""Statistics over time of the acoustic features of `speech.acoustic`: one fixed-length row a clip.

Of each channel the level, the spread, the distribution and the same of its slope, as functionals of low-level
descriptors have been used since Schuller et al. 2009 (the INTERSPEECH emotion challenge). They do not depend on when
something was said and hold no padding, so that a speaker's own mean and deviation of each say how they usually speak.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.features.acoustic import compute as acoustic
from emofusion.features.common.sound import waveform, window

SOURCE = acoustic.SOURCE
DTYPE = np.float32

_PERCENTILES = (1, 10, 25, 50, 75, 90, 99)
_STEP = 4  # frames: slopes are over so many, 64 ms at the default hop
OF_CHANNEL = (
    *("mean", "deviation", *(f"percentile_{percentile}" for percentile in _PERCENTILES), "quartile_range", "range"),
    *("slope_deviation", "slope_size", "slope_percentile_5", "slope_percentile_95"),
)


def row_shape(settings: dict) -> tuple[int]:
    """`(len(OF_CHANNEL) * channels + 1,)`: statistic by statistic, and last the length in frames."""
    return (len(OF_CHANNEL) * len(acoustic.channel_names(settings)) + 1,)


def rows_of(clip: Any, settings: dict) -> int:
    """One row a clip, and one for each of the `speeds`."""
    return 1 + len(settings["speeds"])


def prepare(clips: pd.DataFrame, settings: dict) -> Callable[[Any], np.ndarray]:
    """The function that turns a clip into float32 `(rows, statistics)`, of at most `duration` seconds, never
    padded: the recording, and as if played at each of the `speeds`.

    Raises `EmofusionError` as `acoustic.prepare` does, and, from the function, for a clip of less than six frames.
    """
    acoustic.prepare(clips, settings)
    return partial(_of_clip, settings=settings)


def compute(features: np.ndarray) -> np.ndarray:
    """The statistics `(len(OF_CHANNEL) * channels + 1,)` of features `(channels, frames)`, as `OF_CHANNEL` orders them.

    `quartile_range` and `range` are from the 25th to the 75th percentile and from the 1st to the 99th. A slope is the
    change over four frames, a frame; `slope_size` is the mean of its absolute value.
    """
    percentiles = np.percentile(features, _PERCENTILES, axis=1)
    slope = (features[:, _STEP:] - features[:, :-_STEP]) / _STEP
    statistics = [
        *(features.mean(axis=1), features.std(axis=1), *percentiles),
        *(percentiles[4] - percentiles[2], percentiles[6] - percentiles[0]),
        *(slope.std(axis=1), np.abs(slope).mean(axis=1), *np.percentile(slope, [5, 95], axis=1)),
    ]
    return np.concatenate([*statistics, [features.shape[1]]]).astype(DTYPE)


def _of_clip(clip: Any, settings: dict) -> np.ndarray:
    size = waveform.samples_of(settings["sample_rate"], settings["duration"])
    spoken = window.spoken(clip.audio, settings)
    versions = [samples[:size] for samples in waveform.at_speeds(spoken, settings["sample_rate"], settings["speeds"])]
    shortest = min(map(len, versions))
    if shortest < (_STEP + 1) * settings["hop"]:
        raise EmofusionError(
            f"{clip.audio} has {shortest / settings['sample_rate']:.3f} s of sound, too few for statistics. "
            "Replace the file or leave the clip out."
        )
    return np.stack([compute(acoustic.compute(samples, settings)) for samples in versions])
