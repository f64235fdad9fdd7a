"""Batches of rows of a feature set, in an order that depends only on the seed and the epoch."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler

from emofusion.errors import EmofusionError

# The positions of rows, and the view to take of each row.
Draw = tuple[NDArray[Any], NDArray[Any]]
Batch = tuple[torch.Tensor, torch.Tensor]


class RowSource(Protocol):
    """The features that a model reads: a `FeatureSet`, several joined, or one that is normalised during reading."""

    @property
    def rows(self) -> pd.DataFrame:
        """`clip`, `row`, `frame` and `view` of each row."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row."""

    def __len__(self) -> int: ...

    def take(self, indices: Sequence[int] | NDArray[Any]) -> NDArray[Any]:
        """The rows of these numbers, `(len(indices), *shape)`."""

    def stamp(self) -> list[list[Any]]:
        """A value that changes when the content of the features changes."""


def fold_name(fold: int, seed: int) -> str:
    """The name of the files of the model of one fold and one seed."""
    return f"{fold}-{seed}"


def with_features(split: pd.DataFrame, features: RowSource) -> pd.DataFrame:
    """The rows of a split (`tables.SPLIT`) whose clips have features.

    Raises `EmofusionError` where a fold then has no clip to train with, or none to test.
    """
    present = split[split["clip"].isin(features.rows["clip"])].reset_index(drop=True)
    for fold, rows in split.groupby("fold"):
        left = set(present.loc[present["fold"] == fold, "split"])
        for part in ("train", "test"):
            if part in set(rows["split"]) and part not in left:
                example = rows.loc[rows["split"] == part, "clip"].iloc[0]
                raise EmofusionError(f"none of the {part} clips of fold {fold} has features, such as {example}")
    return present


def scored(split: pd.DataFrame) -> pd.DataFrame:
    """The rows of a split (`tables.SPLIT`) whose clips a model scores: those of validation and test."""
    return split[split["split"].isin(["validation", "test"])]


def labelled_rows(features: RowSource, clips: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The rows of unaltered clips (view 0), with their classes.

    Args:
        features: the features of at least these clips.
        clips: `clip` and `emotion`; clips of an emotion that is not among the classes are left out.
        classes: the classes in order.

    Returns:
        A table with `clip`, `frame`, `row` (its number in `features`) and `label`, the position among the classes.
    """
    rows = features.rows.merge(clips.loc[clips["emotion"].isin(classes), ["clip", "emotion"]], on="clip")
    rows = rows[rows["view"] == 0].reset_index(drop=True)
    label_of = {emotion: label for label, emotion in enumerate(classes)}
    return rows.assign(label=rows["emotion"].map(label_of).astype("int64"))


def views_of(features: RowSource, rows: pd.DataFrame) -> NDArray[Any]:
    """The row numbers of all views of some rows, (rows, views). The first column has the rows themselves."""
    views = rows[["clip", "frame"]].merge(features.rows, on=["clip", "frame"], how="left")
    numbers: NDArray[Any] = views.sort_values("view", kind="stable")["row"].to_numpy().reshape(-1, len(rows)).T
    return numbers


class ChunkDataset(Dataset[Batch]):
    """A dataset of whole chunks. Its index is a `Draw`; an item has features (rows, *shape) and labels (rows,).

    Args:
        features: the features to read.
        row_numbers: (rows, views).
        labels: (rows,).
    """

    def __init__(self, features: RowSource, row_numbers: NDArray[Any], labels: NDArray[Any]) -> None:
        self.features, self.row_numbers = features, row_numbers
        self.labels = torch.from_numpy(np.array(labels))

    def __len__(self) -> int:
        return len(self.row_numbers)

    def __getitem__(self, draw: Draw) -> Batch:
        return torch.from_numpy(self.features.take(self.row_numbers[draw])), self.labels[draw[0]]


class EpochBatches(Sampler[Draw]):
    """Draws the rows of batches: their positions, and the view to take of each row.

    Without a seed, positions are in order and the view is 0. With a seed, both are drawn from (seed, epoch), so that a
    resumed epoch is the same. Lightning calls `set_epoch`. A shuffled epoch leaves out a last batch of one row, because
    batch normalisation needs two.

    Args:
        length: the number of rows.
        batch_size: rows in a batch.
        seed: an integer, or None.
        views: the number of views of each row.
        at_once: how many batches one draw has, one after the other. The last draw may have fewer.
    """

    def __init__(self, length: int, batch_size: int, seed: int | None = None, views: int = 1, at_once: int = 1) -> None:
        self.length, self.batch_size, self.seed, self.views, self.at_once = length, batch_size, seed, views, at_once
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    @property
    def _stop(self) -> int:
        last_is_one = self.seed is not None and self.length % self.batch_size == 1 and self.length > 1
        return self.length - 1 if last_is_one else self.length

    @property
    def batches(self) -> int:
        """The number of batches in an epoch."""
        return -(-self._stop // self.batch_size)

    def __len__(self) -> int:
        return -(-self.batches // self.at_once)

    def __iter__(self) -> Iterator[Draw]:
        order, views = np.arange(self.length), np.zeros(self.length, int)
        if self.seed is not None:
            random = np.random.default_rng([self.seed, self.epoch])
            order, views = random.permutation(self.length), random.integers(self.views, size=self.length)
        rows = self.batch_size * self.at_once
        for start in range(0, self._stop, rows):
            chunk = slice(start, min(start + rows, self._stop))
            yield order[chunk], views[chunk]


def batches(
    features: RowSource, rows: pd.DataFrame, batch_size: int, seed: int | None = None, memory: int = 0
) -> DataLoader[Batch]:
    """A loader of chunks: whole batches, one after the other. Small rows are read many batches at a time.

    Args:
        features: the features to read.
        rows: a table from `labelled_rows`.
        batch_size: rows in a batch.
        seed: rows are shuffled and views are drawn at random; None: rows are in order, with view 0.
        memory: bytes that the features of a chunk may take in single precision. A chunk has at least one batch.
    """
    row_numbers = rows[["row"]].to_numpy() if seed is None else views_of(features, rows)
    at_once = max(1, memory // (batch_size * prod(features.shape) * 4))
    sampler = EpochBatches(len(rows), batch_size, seed, row_numbers.shape[1], at_once)
    dataset = ChunkDataset(features, row_numbers, rows["label"].to_numpy())
    # A loader draws a random number at the start of each iteration. It has its own generator: with torch's global
    # generator, dropout would depend on the number of earlier iterations.
    return DataLoader(dataset, sampler=sampler, batch_size=None, generator=torch.Generator())
