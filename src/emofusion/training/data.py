"""Batches of rows of a feature set, in an order that depends on the seed and the epoch alone."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from emofusion.features import FeatureSet


def labelled_rows(features: FeatureSet, clips: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The rows of the given clips: `row` in the feature set, `clip`, and `label`, the number of the clip's class.

    Clips of an emotion that is not among the classes have no label, and no row here.
    """
    rows = features.rows.merge(clips.loc[clips["emotion"].isin(classes), ["clip", "emotion"]], on="clip")
    return rows.assign(label=rows["emotion"].map({emotion: n for n, emotion in enumerate(classes)}).astype("int64"))


class Rows(Dataset):
    """Whole batches: indexed with a list of positions, gives features (batch, *shape) and labels (batch,)."""

    def __init__(self, features: FeatureSet, rows: pd.DataFrame) -> None:
        self.features = features
        self.rows = rows["row"].to_numpy()
        self.labels = torch.from_numpy(rows["label"].to_numpy(copy=True))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, positions: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(self.features.take(self.rows[positions])), self.labels[positions]


class EpochBatches(Sampler[list[int]]):
    """Batches of positions; shuffled anew each epoch from (seed, epoch), so that a resumed epoch has the same order.

    Lightning calls `set_epoch`. A last batch of one is left out of a shuffled epoch: batch normalisation needs two.
    """

    def __init__(self, length: int, batch_size: int, seed: int | None = None) -> None:
        self.length, self.batch_size, self.seed = length, batch_size, seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    @property
    def _stop(self) -> int:
        alone = self.seed is not None and self.length % self.batch_size == 1 and self.length > 1
        return self.length - 1 if alone else self.length

    def __len__(self) -> int:
        return -(-self._stop // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        order = np.arange(self.length)
        if self.seed is not None:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(self.length)
        for start in range(0, self._stop, self.batch_size):
            yield order[start : min(start + self.batch_size, self._stop)].tolist()


def batches(features: FeatureSet, rows: pd.DataFrame, batch_size: int, seed: int | None = None) -> DataLoader:
    """A loader over the rows, shuffled if there is a seed."""
    sampler = EpochBatches(len(rows), batch_size, seed)
    # a loader draws a number whenever it is begun: from a generator of its own, or dropout would depend on how often
    return DataLoader(Rows(features, rows), sampler=sampler, batch_size=None, generator=torch.Generator())
