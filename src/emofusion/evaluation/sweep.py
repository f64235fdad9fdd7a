"""The accuracy of fusion for every combination of weights on a grid, by split, gender and emotion, with intervals."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from emofusion.emotions import GENDERS, in_order
from emofusion.errors import EmofusionError
from emofusion.evaluation.actors import Actors, share_of
from emofusion.evaluation.systems import actors_of
from emofusion.evaluation.tally import distinct, tally
from emofusion.predictions.missing import USE_OTHERS, completed
from emofusion.predictions.pools import POOLS, simplex
from emofusion.predictions.table import Aligned, align
from emofusion.settings.experiment import Evaluation
from emofusion.tables import SWEEPS, write_table

SPLITS = ("validation", "test")
WEIGHT = "weight_"
# The number of actors' values in memory at once: 8 MiB as float64. Many settings do not need more memory.
BLOCK = 2**20


def sweep_weights(
    aligned: Aligned, pools: Sequence[str], steps: int, evaluation: Evaluation
) -> dict[str, pd.DataFrame]:
    """Fuse with each pool and each combination of weights in `simplex(modalities, steps)`, and count recognised clips.

    Intervals over actors (see `evaluation.actors`) are for test clips only. A validation clip of several folds counts
    once for each fold. Everything runs on one thread, so that sums do not depend on the
    machine's number of cores.

    Args:
        aligned: the posteriors of all modalities on the same clips.
        pools: names in `pools.POOLS`.
        steps: weights are multiples of 1/steps.
        evaluation: the confidence level.

    Returns:
        Three tables, sorted by split, pool, weights and subset. `write_table` checks them against their schemas.
        sweep (`tables.SWEEP`): a row for each split (validation and test, if present), gender and emotion (and `all`)
            with at least one clip; low and high are missing for validation clips.
        sweep_gaps (`tables.SWEEP_GAPS`): the accuracy of men minus that of women on test clips, by emotion; missing
            where a gender has no clip.
        sweep_confusion (`tables.SWEEP_CONFUSION`): the number of test clips, for each emotion that occurs and each
            class of a modality.

    Raises:
        EmofusionError: a pool is unknown; there are too many combinations of weights; an actor has two genders; or
            there is neither a validation nor a test clip.
    """
    if unknown := [name for name in pools if name not in POOLS]:
        raise EmofusionError(f"{unknown[0]} is no rule with weights to sweep; there are: {', '.join(POOLS)}.")
    grid, tables = simplex(len(aligned.modalities), steps), _without_test_clips(pools, aligned.modalities)
    sweeps = []
    with threadpool_limits(1):
        for split in SPLITS:
            if (chosen := (aligned.clips["split"] == split).to_numpy()).any():
                part = _Part(split, aligned, chosen, pools, grid)
                over = None
                if split == "test":
                    over = Actors(part.genders, evaluation.confidence)
                    tables = {"sweep_gaps": part.gaps(over), "sweep_confusion": part.confusion()}
                sweeps.append(part.accuracies(over))
    if not sweeps:
        raise EmofusionError("there is no weight to sweep: no validation or test clip was scored by every modality.")
    return {"sweep": pd.concat(sweeps, ignore_index=True) if len(sweeps) > 1 else sweeps[0], **tables}


def write_sweep(modalities: dict[str, pd.DataFrame], steps: int, evaluation: Evaluation, out: Path) -> None:
    """Sweep the weights of all pools, and write each table of `sweep_weights` as a file into `out`.

    Args:
        modalities: modality → its predictions, as `tables.read_table` returns them (`tables.PREDICTIONS`).
        steps: weights are multiples of 1/steps.
        evaluation: the confidence level.
        out: the folder to write.
    """
    aligned = align(completed(modalities, USE_OTHERS), are_checked=True)
    for name, table in sweep_weights(aligned, list(POOLS), steps, evaluation).items():
        write_table(table, out / f"{name}.parquet", SWEEPS[name])


def _without_test_clips(pools: Sequence[str], modalities: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The tables of gaps and confusions without rows, for predictions without test clips."""
    grid, fractions = np.empty((0, len(modalities))), np.empty((0, 1))
    counts = fractions.astype(np.int64)
    gaps = dict.fromkeys(("gap", "low", "high"), fractions) | dict.fromkeys(("male_clips", "female_clips"), counts)
    return {
        "sweep_gaps": _table(pools, modalities, grid, [{"emotion": ""}], gaps),
        "sweep_confusion": _table(pools, modalities, grid, [{"emotion": "", "predicted": ""}], {"clips": counts}),
    }


class _Part:
    """The clips of one split: it fuses them with every setting, counts, and makes the tables."""

    def __init__(
        self, split: str, aligned: Aligned, chosen: NDArray[Any], pools: Sequence[str], grid: NDArray[Any]
    ) -> None:
        clips = aligned.clips[chosen]
        actors, actor = actors_of(clips)
        occurring = in_order(clips["emotion"], aligned.order)
        # the classes in the order of the posteriors, then the emotions that are not a class
        order = [*aligned.classes, *(emotion for emotion in occurring if emotion not in aligned.classes)]
        truth = pd.Index(order).get_indexer(clips["emotion"])
        self.split, self.pools, self.grid = split, pools, grid
        self.modalities, self.classes = aligned.modalities, aligned.classes
        self.genders: NDArray[Any] = actors["gender"].to_numpy()
        present = aligned.present[:, chosen]
        self.tally = tally(aligned.posteriors[:, chosen], pools, grid, actor, truth, aligned.known, present)
        self.positions = {emotion: order.index(emotion) for emotion in occurring}
        self.emotions: dict[str, int | None] = {"all": None, **self.positions}

    def accuracies(self, over: Actors | None) -> pd.DataFrame:
        """The table `sweep` of the split, for all subsets that have clips. Without actors it has no intervals."""
        keys, columns = [], []
        for gender in ("all", *GENDERS):
            actors = (gender == "all") | (self.genders == gender)
            for emotion, position in self.emotions.items():
                clips = self._clips(position) * actors
                if not clips.any():
                    continue
                rows = self.tally.by_actor(position) * actors
                correct = rows.sum(axis=1, dtype=np.int64)
                low = high = np.full(len(rows), np.nan)
                if over:
                    low, high = _of_distinct(rows, partial(over.accuracy, clips=clips))
                keys.append({"split": self.split, "gender": gender, "emotion": emotion})
                columns.append((correct, clips.sum(), (clips > 0).sum(), correct / clips.sum(), low, high))
        return self._table(keys, _named(("correct", "clips", "actors", "accuracy", "low", "high"), columns))

    def gaps(self, over: Actors) -> pd.DataFrame:
        """The table `sweep_gaps`."""
        genders = [self.genders == gender for gender in ("male", "female")]

        def gap(rows: NDArray[Any], clips: NDArray[Any]) -> tuple[NDArray[Any], ...]:
            men, women = (share_of(rows * of, clips * of) for of in genders)
            return men[0] - women[0], *over.gap(men, women)

        columns = []
        for position in self.emotions.values():
            clips, rows = self._clips(position), self.tally.by_actor(position)
            columns.append((*_of_distinct(rows, partial(gap, clips=clips)), *(clips[of].sum() for of in genders)))
        keys = [{"emotion": emotion} for emotion in self.emotions]
        return self._table(keys, _named(("gap", "low", "high", "male_clips", "female_clips"), columns))

    def confusion(self) -> pd.DataFrame:
        """The table `sweep_confusion`."""
        keys = [{"emotion": emotion, "predicted": taken} for emotion in self.positions for taken in self.classes]
        counts = self.tally.confusion[:, list(self.positions.values())]
        return self._table(keys, {"clips": counts.reshape(len(counts), len(keys)).astype(np.int64)})

    def _clips(self, emotion: int | None) -> NDArray[Any]:
        """Each actor's number of clips of an emotion, (A,). emotion: its position; None for all emotions."""
        clips: NDArray[Any] = self.tally.clips.sum(axis=1) if emotion is None else self.tally.clips[:, emotion]
        return clips

    def _table(self, keys: list[dict[str, str]], values: dict[str, NDArray[Any]]) -> pd.DataFrame:
        return _table(self.pools, self.modalities, self.grid, keys, values)


def _named(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> dict[str, NDArray[Any]]:
    """Name → the quantity for all subsets, (settings, subsets) or (subsets,).

    columns: for each subset, the quantities in the order of the names.
    """
    return {name: np.stack(values, axis=-1) for name, values in zip(names, zip(*columns, strict=True), strict=True)}


def _of_distinct(
    rows: NDArray[Any], computed: Callable[[NDArray[Any]], tuple[NDArray[Any], ...]]
) -> tuple[NDArray[Any], ...]:
    """What is computed for each setting, (settings,) each, such as an interval's ends. Equal rows are computed once.

    rows: (settings, A), recognised clips of each actor. computed: what to compute for some rows.
    """
    indices, inverse = distinct(rows)
    size = max(1, BLOCK // rows.shape[1])
    found = [computed(rows[indices[start : start + size]]) for start in range(0, len(indices), size)]
    return tuple(np.concatenate(values)[inverse] for values in zip(*found, strict=True))


def _table(
    pools: Sequence[str],
    modalities: Sequence[str],
    grid: NDArray[Any],
    keys: list[dict[str, str]],
    values: dict[str, NDArray[Any]],
) -> pd.DataFrame:
    """A table with a row for each pool, combination of weights, and subset.

    Its columns are rule, the weights, the subset's keys, and the values.
    """
    settings, subsets = len(pools) * len(grid), len(keys)

    def repeated(names: Sequence[str], positions: NDArray[Any]) -> pd.api.extensions.ExtensionArray:
        return pd.array(list(names), dtype="str").take(positions)  # much faster than creating every string

    columns: dict[str, Any] = {"rule": repeated(pools, np.repeat(np.arange(len(pools)), len(grid) * subsets))}
    for modality, weights in zip(modalities, grid.T, strict=True):
        columns[WEIGHT + modality] = np.tile(np.repeat(weights, subsets), len(pools))
    for key in keys[0] if keys else ():
        columns[key] = repeated([subset[key] for subset in keys], np.tile(np.arange(subsets), settings))
    shape = (settings, subsets)
    columns |= {name: np.broadcast_to(value, shape).ravel() for name, value in values.items()}
    return pd.DataFrame(columns, copy=False)
