"""Batches of rows of a feature set, in an order that depends on the seed and the epoch alone."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from emofusion.features.common.feature_set import FeatureSet


def fold_name(fold: int, seed: int) -> str:
    """What the files of one fold's model of one seed are called."""
    return f"{fold}-{seed}"


def labelled_rows(features: FeatureSet, clips: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The rows of the given clips as recorded (view 0): `clip`, `frame`, `row` in the feature set, and `label`, the
    number of the clip's class.

    Clips of an emotion that is not among the classes have no label, and no row here.
    """
    rows = features.rows.merge(clips.loc[clips["emotion"].isin(classes), ["clip", "emotion"]], on="clip")
    rows = rows[rows["view"] == 0].reset_index(drop=True)
    return rows.assign(label=rows["emotion"].map({emotion: n for n, emotion in enumerate(classes)}).astype("int64"))


def views_of(features: FeatureSet, rows: pd.DataFrame) -> np.ndarray:
    """The rows of every view of the given rows, (rows, views); the first column is the rows themselves."""
    every = rows[["clip", "frame"]].merge(features.rows, on=["clip", "frame"], how="left")
    return every.sort_values("view", kind="stable")["row"].to_numpy().reshape(-1, len(rows)).T


class Rows(Dataset):
    """Whole batches: indexed with pairs (positions, views), gives features (batch, *shape) and labels (batch,)."""

    def __init__(self, features: FeatureSet, rows: np.ndarray, labels: np.ndarray) -> None:
        self.features, self.rows = features, rows
        self.labels = torch.from_numpy(np.array(labels))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, drawn: tuple[np.ndarray, np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(self.features.take(self.rows[drawn])), self.labels[drawn[0]]


class EpochBatches(Sampler[tuple[np.ndarray, np.ndarray]]):
    """Batches of positions and of the view to take of each; in order and of view 0 without a seed.

    With one, shuffled and drawn anew each epoch from (seed, epoch), so that a resumed epoch is the same. Lightning
    calls `set_epoch`. A last batch of one is left out of a shuffled epoch: batch normalisation needs two.
    """

    def __init__(self, length: int, batch_size: int, seed: int | None = None, views: int = 1) -> None:
        self.length, self.batch_size, self.seed, self.views = length, batch_size, seed, views
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    @property
    def _stop(self) -> int:
        alone = self.seed is not None and self.length % self.batch_size == 1 and self.length > 1
        return self.length - 1 if alone else self.length

    def __len__(self) -> int:
        return -(-self._stop // self.batch_size)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        order, views = np.arange(self.length), np.zeros(self.length, int)
        if self.seed is not None:
            random = np.random.default_rng([self.seed, self.epoch])
            order, views = random.permutation(self.length), random.integers(self.views, size=self.length)
        for start in range(0, self._stop, self.batch_size):
            part = slice(start, min(start + self.batch_size, self._stop))
            yield order[part], views[part]


def batches(features: FeatureSet, rows: pd.DataFrame, batch_size: int, seed: int | None = None) -> DataLoader:
    """A loader over the rows; with a seed shuffled, and with a view of each drawn at random."""
    drawn = rows[["row"]].to_numpy() if seed is None else views_of(features, rows)
    sampler = EpochBatches(len(rows), batch_size, seed, drawn.shape[1])
    # a loader draws a number whenever it is begun: from a generator of its own, or dropout would depend on how often
    loaded = Rows(features, drawn, rows["label"].to_numpy())
    return DataLoader(loaded, sampler=sampler, batch_size=None, generator=torch.Generator())
