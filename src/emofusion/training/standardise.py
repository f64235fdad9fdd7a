"""Mean and standard deviation of channels, and feature sets that are standardised on each speaker's own clips."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from emofusion.errors import EmofusionError
from emofusion.settings.training import Training
from emofusion.training.data import RowSource

_CHUNK = 256


def channel_statistics(
    features: RowSource, row_numbers: NDArray[Any], chunk: int = _CHUNK
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each channel, `(channels,)` each. Channels are the first axis of a row.

    Sums are in double precision (scikit-learn's scaler). A constant channel has the standard deviation 1.

    Args:
        features: the features to read.
        row_numbers: (rows,), the numbers of the rows.
        chunk: how many rows are read at a time.
    """
    scaler = StandardScaler()
    for start in range(0, len(row_numbers), chunk):
        values = features.take(row_numbers[start : start + chunk]).astype(np.float64)
        scaler.partial_fit(np.moveaxis(values, 1, -1).reshape(-1, values.shape[1]))
    return scaler.mean_, scaler.scale_


class SpeakerNormalised:
    """A feature set whose channels have mean 0 and standard deviation 1 over all clips of each speaker.

    Altered views of clips are standardised in the same way, each view separately, because a voice at another speed is
    like the voice of another speaker. The normalisation is transductive: the statistics of a test speaker come from
    this speaker's unlabelled clips, including the tested clip.

    It has the interface of a `FeatureSet`, and reads from one.

    Args:
        features: the features to standardise.
        clips: `clip` and `actor` of all clips of each speaker, of all splits. Emotions are not read.

    Raises:
        EmofusionError: a clip has two speakers.
    """

    def __init__(self, features: RowSource, clips: pd.DataFrame) -> None:
        self.features = features
        speaker_of = clips[["clip", "actor"]].drop_duplicates()
        if speaker_of["clip"].duplicated().any():
            clip = speaker_of.loc[speaker_of["clip"].duplicated(), "clip"].iloc[0]
            raise EmofusionError(f"the clip {clip} has two speakers; correct the corpus's table of clips.")
        rows = features.rows.merge(speaker_of, on="clip")
        # rows of clips that the split does not use keep the group -1, and `take` refuses them
        self._group = np.full(len(features), -1)
        self._mean: list[NDArray[np.float64]] = []
        self._deviation: list[NDArray[np.float64]] = []
        for number, (_, group) in enumerate(rows.groupby(["actor", "view"])):
            self._group[group["row"]] = number
            mean, deviation = channel_statistics(features, group["row"].to_numpy())
            self._mean.append(mean)
            self._deviation.append(deviation)

    @property
    def rows(self) -> pd.DataFrame:
        return self.features.rows

    @property
    def shape(self) -> tuple[int, ...]:
        return self.features.shape

    def __len__(self) -> int:
        return len(self.features)

    def stamp(self) -> list[list[Any]]:
        return self.features.stamp()

    def take(self, indices: Sequence[int] | NDArray[Any]) -> NDArray[Any]:
        """The rows of `FeatureSet.take`, standardised, as float32.

        Raises `EmofusionError` for a row whose speaker is unknown.
        """
        groups = self._group[np.asarray(indices, dtype=int)]
        if (groups < 0).any():
            raise EmofusionError("a clip was requested whose speaker is not in the split.")
        values = self.features.take(indices)
        mean, deviation = (
            np.array([table[group] for group in groups]).reshape(len(values), -1, *[1] * (values.ndim - 2))
            for table in (self._mean, self._deviation)
        )
        standardised: NDArray[Any] = ((values - mean) / deviation).astype(np.float32)
        return standardised


def with_speaker_normalisation(features: RowSource, split: pd.DataFrame, training: Training) -> RowSource:
    """The features, standardised on each speaker's clips if `training.speaker_normalisation` is true.

    split: `tables.SPLIT`, which has all clips of each speaker. Raises `EmofusionError` where a clip has two speakers.
    """
    return SpeakerNormalised(features, split) if training.speaker_normalisation else features
