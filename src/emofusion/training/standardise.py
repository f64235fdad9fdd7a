"""Mean and deviation of channels, and feature sets standardised on each speaker's own clips."""

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from emofusion.errors import EmofusionError
from emofusion.features.common.feature_set import FeatureSet

_CHUNK = 256


def channel_statistics(features: FeatureSet, rows: np.ndarray, chunk: int = _CHUNK) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation `(channels,)` of each channel, the first axis of a row, over the given rows.

    Read in chunks of rows, summed in double precision (scikit-learn's scaler); a constant channel has deviation 1.
    """
    scaler = StandardScaler()
    for start in range(0, len(rows), chunk):
        part = features.take(rows[start : start + chunk]).astype(np.float64)
        scaler.partial_fit(np.moveaxis(part, 1, -1).reshape(-1, part.shape[1]))
    return scaler.mean_, scaler.scale_


class EachSpeaker:
    """A feature set whose channels have mean 0 and deviation 1 over all clips of each speaker.

    Of views to train on likewise, of each by itself: a voice at another speed is as good as another speaker's.

    `clips` has `clip` and `actor`: all clips of a speaker, whatever their part in a fold and their emotion, which is
    not looked at. This is transductive: a test speaker is known by unlabelled clips of their own, the tested one among
    them. Used like a `FeatureSet`, of which it reads. Raises `EmofusionError` if a clip is said to be of two speakers.
    """

    def __init__(self, features: FeatureSet, clips: pd.DataFrame) -> None:
        self.features = features
        speaker_of = clips[["clip", "actor"]].drop_duplicates()
        if speaker_of["clip"].duplicated().any():
            clip = speaker_of.loc[speaker_of["clip"].duplicated(), "clip"].iloc[0]
            raise EmofusionError(f"the clip {clip} is said to be of two speakers: see the corpus's table of clips.")
        rows = features.rows.merge(speaker_of, on="clip")
        # rows of clips that the split does not use keep speaker -1: nobody may ask for them
        self._speaker = np.full(len(features), -1)
        self._mean, self._deviation = [], []
        for number, (_, own) in enumerate(rows.groupby(["actor", "view"])):
            self._speaker[own["row"]] = number
            mean, deviation = channel_statistics(features, own["row"].to_numpy())
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

    def stamp(self) -> list[list]:
        return self.features.stamp()

    def take(self, indices: np.ndarray) -> np.ndarray:
        """As `FeatureSet.take`, standardised, float32; `EmofusionError` for a row of a speaker who was not given."""
        speakers = self._speaker[np.asarray(indices, dtype=int)]
        if (speakers < 0).any():
            raise EmofusionError("asked for a clip whose speaker is not in the split.")
        values = self.features.take(indices)
        mean, deviation = (
            np.array([table[speaker] for speaker in speakers]).reshape(len(values), -1, *[1] * (values.ndim - 2))
            for table in (self._mean, self._deviation)
        )
        return ((values - mean) / deviation).astype(np.float32)


def as_trained_on(features: FeatureSet, split: pd.DataFrame, training: dict) -> FeatureSet | EachSpeaker:
    """The feature set as `training.standardise` has it: itself, or standardised on each speaker's own clips."""
    return EachSpeaker(features, split) if training["standardise"] == "each_speaker" else features
