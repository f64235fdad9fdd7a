"""The accuracy of fusion at every weight setting of a grid, by split, gender and emotion, with intervals."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from emofusion.emotions import GENDERS, in_order
from emofusion.errors import EmofusionError
from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.systems import actors_of
from emofusion.evaluation.tally import Tally, distinct, tally
from emofusion.fusion.common.pools import POOLS, simplex
from emofusion.predictions.table import Aligned

SPLITS = ("validation", "test")
WEIGHT = "weight_"
# resampled accuracies held at once (8 MiB as float64), so that many distinct settings stay in bounded memory
BLOCK = 2**20


def sweep_weights(
    aligned: Aligned, pools: Sequence[str], steps: int, samples: int, seed: int, confidence: float = 0.95
) -> dict[str, pd.DataFrame]:
    """Fuse with each pool (a name in `fusion.pools.POOLS`) under each weight setting of `simplex(modalities, steps)`.

    samples, seed, confidence: of the bootstrap over actors (see `evaluation.bootstrap`), on test clips alone. A clip
    in the validation part of several folds counts once for each.

    Returns three tables, in the order of split, pool, setting, then subset:
        sweep (`tables.SWEEP`): a row for each split (validation and test, where present), gender and emotion (each, and
            `all`) with at least one clip; low and high are missing on validation clips.
        sweep_gaps (`tables.SWEEP_GAPS`): the accuracy of men minus that of women on test clips, by emotion; missing
            where a gender has no clip.
        sweep_confusion (`tables.SWEEP_CONFUSION`): counts of test clips, by each emotion that occurs and each class
            that a modality knows.

    The tables are not checked against their schemas here, as they may be long; `write_table` does.

    Raises `EmofusionError` for an unknown pool, wrong steps, an actor of two genders, or if there is no validation or
    test clip.
    """
    if unknown := [name for name in pools if name not in POOLS]:
        raise EmofusionError(f"{unknown[0]} is no rule with weights to sweep; there are: {', '.join(POOLS)}.")
    grid = simplex(len(aligned.modalities), steps)
    sweeps = []
    none = np.empty((0, 1))
    without = dict.fromkeys(("gap", "low", "high"), none)
    without |= dict.fromkeys(("male_clips", "female_clips"), none.astype(np.int64))
    gaps = _table(pools, aligned.modalities, grid[:0], [{"emotion": ""}], without)
    keys = [{"emotion": "", "predicted": ""}]
    confusion = _table(pools, aligned.modalities, grid[:0], keys, {"clips": none.astype(np.int64)})
    for split in SPLITS:
        chosen = (aligned.clips["split"] == split).to_numpy()
        if not chosen.any():
            continue
        clips = aligned.clips[chosen]
        actors, actor = actors_of(clips)
        occurring = in_order(clips["emotion"])
        # the classes first, as posteriors have them; an emotion that is no class comes after them
        places = [*aligned.classes, *(emotion for emotion in occurring if emotion not in aligned.classes)]
        truth = pd.Index(places).get_indexer(clips["emotion"])
        counts = tally(aligned.posteriors[:, chosen], pools, grid, actor, truth)
        emotions = {"all": None} | {emotion: places.index(emotion) for emotion in occurring}
        genders = actors["gender"].to_numpy()
        resampling = Resampling.of(genders, samples, seed, confidence) if split == "test" else None
        keys, values = _accuracies(counts, genders, emotions, resampling)
        keys = [{"split": split, **key} for key in keys]
        sweeps.append(_table(pools, aligned.modalities, grid, keys, values))
        if resampling:
            keys = [{"emotion": emotion} for emotion in emotions]
            gaps = _table(pools, aligned.modalities, grid, keys, _gaps(counts, emotions, resampling))
            keys = [{"emotion": emotion, "predicted": taken} for emotion in occurring for taken in aligned.classes]
            tables = counts.confusion[:, list(emotions.values())[1:]]
            tables = {"clips": tables.reshape(len(tables), len(keys)).astype(np.int64)}
            confusion = _table(pools, aligned.modalities, grid, keys, tables)
    if not sweeps:
        raise EmofusionError("there is no weight to sweep: no validation or test clip was scored by every modality.")
    return {
        "sweep": pd.concat(sweeps, ignore_index=True) if len(sweeps) > 1 else sweeps[0],
        "sweep_gaps": gaps,
        "sweep_confusion": confusion,
    }


def _accuracies(
    counts: Tally, genders: np.ndarray, emotions: dict[str, int | None], resampling: Resampling | None
) -> tuple[list[dict], dict[str, np.ndarray]]:
    """The subsets that have clips, and the sweep's columns of numbers, (settings, subsets) or (subsets,) each."""
    keys, columns = [], []
    for gender in ("all", *GENDERS):
        who = (gender == "all") | (genders == gender)
        for emotion, place in emotions.items():
            clips = _clips(counts, place) * who
            if not clips.any():
                continue
            rows = counts.by_actor(place) * who
            correct = rows.sum(axis=1, dtype=np.int64)
            low = high = np.full(len(rows), np.nan)
            if resampling:
                low, high = _ends(rows, lambda few, clips=clips: resampling.accuracy(few, clips), resampling)
            keys.append({"gender": gender, "emotion": emotion})
            columns.append((correct, clips.sum(), (clips > 0).sum(), correct / clips.sum(), low, high))
    return keys, _named(("correct", "clips", "actors", "accuracy", "low", "high"), columns)


def _gaps(counts: Tally, emotions: dict[str, int | None], resampling: Resampling) -> dict[str, np.ndarray]:
    """The columns gap, low and high, and the clips of each gender, (settings, emotions) or (emotions,) each."""
    columns = []
    for place in emotions.values():
        clips, rows = _clips(counts, place), counts.by_actor(place)
        sides = [
            rows[:, who].sum(axis=1) / clips[who].sum() if clips[who].any() else np.full(len(rows), np.nan)
            for who in (resampling.male, ~resampling.male)
        ]

        def ends(few: np.ndarray, clips: np.ndarray = clips) -> tuple[np.ndarray, np.ndarray]:
            return resampling.interval(resampling.gaps(few, clips), clips > 0)

        counted = (clips[resampling.male].sum(), clips[~resampling.male].sum())
        columns.append((sides[0] - sides[1], *_ends(rows, ends, resampling), *counted))
    return _named(("gap", "low", "high", "male_clips", "female_clips"), columns)


def _named(names: Sequence[str], columns: list[tuple]) -> dict[str, np.ndarray]:
    """What was found subset by subset, each quantity's values side by side."""
    return {name: np.stack(values, axis=-1) for name, values in zip(names, zip(*columns, strict=True), strict=True)}


def _clips(counts: Tally, emotion: int | None) -> np.ndarray:
    """Each actor's clips of the emotion, or of all, (A,)."""
    return counts.clips.sum(axis=1) if emotion is None else counts.clips[:, emotion]


def _ends(
    rows: np.ndarray, ends: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], resampling: Resampling
) -> list[np.ndarray]:
    """The low and the high ends (settings,) that `ends` finds for counts (settings, A), found once for equal rows."""
    places, inverse = distinct(rows)
    size = max(1, BLOCK // len(resampling.weights))
    parts = [ends(rows[places[start : start + size]]) for start in range(0, len(places), size)]
    return [np.concatenate(part)[inverse] for part in zip(*parts, strict=True)]


def _table(
    pools: Sequence[str], modalities: Sequence[str], grid: np.ndarray, keys: list[dict], values: dict[str, np.ndarray]
) -> pd.DataFrame:
    """A row for each pool, weight setting and subset: rule, the weights, the subset's keys, and the values."""
    settings, subsets = len(pools) * len(grid), len(keys)

    def repeated(names: Sequence[str], places: np.ndarray) -> pd.api.extensions.ExtensionArray:
        return pd.array(list(names), dtype="str").take(places)  # far faster than making each string anew

    columns = {"rule": repeated(pools, np.repeat(np.arange(len(pools)), len(grid) * subsets))}
    for modality, weights in zip(modalities, grid.T, strict=True):
        columns[WEIGHT + modality] = np.tile(np.repeat(weights, subsets), len(pools))
    for key in keys[0] if keys else ():
        columns[key] = repeated([subset[key] for subset in keys], np.tile(np.arange(subsets), settings))
    shape = (settings, subsets)
    columns |= {name: np.broadcast_to(value, shape).ravel() for name, value in values.items()}
    return pd.DataFrame(columns, copy=False)
