"""Mean and standard deviation of channels, and feature sets that are normalised by speaker."""

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
DESCRIBES = "describes"  # a column of a split: whether a clip counts for the statistics of its speaker


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
        clips: `clip` and `actor` of all clips of each speaker, of all splits. Emotions are not read. Where it has the
            column `DESCRIBES`, only clips that are marked there count for the statistics.
        limit: standardised values beyond it are set to it, in standard deviations; None: they stay.

    Raises:
        EmofusionError: a clip has two speakers.
    """

    def __init__(self, features: RowSource, clips: pd.DataFrame, limit: float | None = None) -> None:
        self.features, self.limit = features, limit
        self._counts = set(clips.loc[clips[DESCRIBES], "clip"]) if DESCRIBES in clips else None
        # rows of clips that the split does not use keep the group -1, and `take` refuses them
        self._group = np.full(len(features), -1)
        self._mean: list[NDArray[np.float64]] = []
        self._deviation: list[NDArray[np.float64]] = []
        self._group_of: dict[tuple[str, int], int] = {}
        for number, (key, group) in enumerate(_rows_of_speakers(features, clips).groupby(["actor", "view"])):
            self._group[group["row"]] = number
            self._group_of[key] = number
            mean, deviation = self._statistics(group)
            self._mean.append(mean)
            self._deviation.append(deviation)

    def _statistics(self, rows: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is subtracted from each channel, and what it is then divided by, for all rows of one speaker and view.

        rows: `row`, `clip`, `actor` and `view`.
        """
        return channel_statistics(self.features, rows["row"].to_numpy())

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
        """The rows of `FeatureSet.take`, normalised, as float32.

        Raises `EmofusionError` for a row whose speaker is unknown.
        """
        groups = self._group[np.asarray(indices, dtype=int)]
        if (groups < 0).any():
            raise EmofusionError("a clip was requested whose speaker is not in the split.")
        return self._normalised(self.features.take(indices), groups)

    def of_speaker(self, values: NDArray[Any], actor: str) -> NDArray[Any]:
        """Unaltered rows of a speaker, `(rows, *shape)`, normalised as this speaker's rows in the feature set are.

        Raises `EmofusionError` for a speaker who has no clips in the feature set.
        """
        if (actor, 0) not in self._group_of:
            raise EmofusionError(f"the speaker {actor} has no clips that features could be normalised on.")
        return self._normalised(values, np.full(len(values), self._group_of[actor, 0]))

    def _normalised(self, values: NDArray[Any], groups: NDArray[np.intp]) -> NDArray[Any]:
        """groups: (rows,), the number of each row's speaker and view."""
        mean, deviation = (
            np.array([table[group] for group in groups]).reshape(len(values), -1, *[1] * (values.ndim - 2))
            for table in (self._mean, self._deviation)
        )
        normalised = (values - mean) / deviation
        if self.limit is not None:
            np.clip(normalised, -self.limit, self.limit, out=normalised)
        single: NDArray[Any] = normalised.astype(np.float32)
        return single


class SpeakerEnrolled(SpeakerNormalised):
    """A feature set from which a share of each speaker's mean over some enrolment clips is subtracted, by channel.

    An application can ask a new speaker for these clips. Unlike `SpeakerNormalised`, nothing is taken from the clips
    that are tested. Only the mean is used, because the deviation of a few clips of one emotion says little. The share
    draws the mean of few clips towards that of all speakers, as relevance factors do in the adaptation of speaker
    models (Reynolds, Quatieri and Dunn 2000). Altered views are centred on the same view of the enrolment clips.

    Args:
        features: the features to centre.
        split: `tables.SPLIT` with the column `enrolment`, all folds and splits.
        number: how many enrolment clips of each speaker are used, the first ones.
        weight: the share of the mean, up to 1.

    Raises:
        EmofusionError: a clip has two speakers; or a speaker lacks enrolment clips, or one of them has no features.
    """

    def __init__(self, features: RowSource, split: pd.DataFrame, number: int, weight: float = 1.0) -> None:
        if "enrolment" not in split:
            raise EmofusionError(f"the split has no enrolment clips; set protocol.enrolment.clips={number}")
        self._weight = weight
        self._enrolled = set(split.loc[split["enrolment"].between(1, number), "clip"])
        rows = _rows_of_speakers(features, split)
        counts = rows.assign(clip=rows["clip"].where(rows["clip"].isin(self._enrolled)))
        short = (
            counts.groupby(["actor", "view"])["clip"].nunique().groupby("actor").min().loc[lambda found: found < number]
        )
        if len(short):
            raise EmofusionError(
                f"training.enrolment={number}: of the enrolment clips of {short.index[0]}, {short.iloc[0]} have "
                "features"
                + (f", and {len(short) - 1} more speakers have too few" if len(short) > 1 else "")
                + ". Set training.enrolment of this modality lower, or leave the speaker out."
            )
        super().__init__(features, split)

    def _statistics(self, rows: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        enrolled = rows.loc[rows["clip"].isin(self._enrolled), "row"].to_numpy()
        mean, deviation = channel_statistics(self.features, enrolled)
        return self._weight * mean, np.ones_like(deviation)


def with_speaker_normalisation(features: RowSource, split: pd.DataFrame, training: Training) -> RowSource:
    """The features, normalised by speaker as `training` says: on all clips, on enrolment clips, or not at all.

    split: `tables.SPLIT`, which has all clips of each speaker. Raises `EmofusionError` as `SpeakerNormalised` and
    `SpeakerEnrolled` do.
    """
    if training.speaker_normalisation:
        return SpeakerNormalised(features, split, training.outlier_limit)
    if training.enrolment:
        return SpeakerEnrolled(features, split, training.enrolment, training.enrolment_weight)
    return features


def _rows_of_speakers(features: RowSource, clips: pd.DataFrame) -> pd.DataFrame:
    """The rows of features of known speakers, with the column `actor`. clips: see `SpeakerNormalised`."""
    speaker_of = clips[["clip", "actor"]].drop_duplicates()
    if speaker_of["clip"].duplicated().any():
        clip = speaker_of.loc[speaker_of["clip"].duplicated(), "clip"].iloc[0]
        raise EmofusionError(f"the clip {clip} has two speakers; correct the corpus's table of clips.")
    return features.rows.merge(speaker_of, on="clip")
