"""The accuracy of a fusion rule at every weight setting of a grid, by split, gender and emotion."""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from emofusion.fusion.rules import rule_named
from emofusion.messages import EmofusionError
from emofusion.predictions import Aligned, subsets
from emofusion.tables import SWEEP, check

SPLITS = ("validation", "test")
WEIGHT = "weight_"
MAX_SETTINGS = 200_000
# fused posteriors held at once (64 MiB as float64), so that many clips and weights stay in bounded memory
CHUNK = 2**23


def simplex(modalities: int, steps: int) -> np.ndarray:
    """All weight settings that are multiples of 1/steps, are 0 or more and sum to 1: (settings, modalities).

    Sorted by the first modality's weight, rising, then the second's, and so on. Raises `EmofusionError` if `steps`
    is no positive whole number or if it gives more than 200,000 settings.
    """
    if not isinstance(steps, int) or steps < 1:
        raise EmofusionError(f"fusion.steps={steps} must be a whole number of 1 or more.")
    bars = modalities - 1
    if (settings := comb(steps + bars, bars)) > MAX_SETTINGS:
        raise EmofusionError(
            f"fusion.steps={steps} gives {settings:,} settings of {modalities} weights; choose fewer steps, so that "
            f"there are at most {MAX_SETTINGS:,}."
        )
    # stars and bars: each choice of places for the bars is one way to share `steps` out
    places = np.array(list(combinations(range(steps + bars), bars)), dtype=int).reshape(settings, bars)
    edges = np.pad(places, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, steps + bars)))
    return (np.diff(edges, axis=1) - 1) / steps


def sweep_weights(aligned: Aligned, rule: str, steps: int) -> pd.DataFrame:
    """The table `tables.SWEEP` of the rule over the grid `simplex(modalities, steps)`.

    One row for each setting, split (validation and test, where present), gender and emotion (each, and `all`) with
    at least one clip. A clip scored in the validation part of several folds counts once for each.
    """
    grid = simplex(len(aligned.modalities), steps)
    fuse = rule_named(rule)
    parts = []
    for split in SPLITS:
        chosen = (aligned.clips["split"] == split).to_numpy()
        if not chosen.any():
            continue
        keys, membership = subsets(aligned.clips[chosen])
        truth = pd.Index(aligned.classes).get_indexer(aligned.clips.loc[chosen, "emotion"])
        members = aligned.posteriors[:, chosen]
        size = max(1, CHUNK // members[0].size)
        correct = np.concatenate(
            [
                (fuse(members, grid[start : start + size]).argmax(axis=-1) == truth) @ membership
                for start in range(0, len(grid), size)
            ]
        )
        part = keys.loc[np.tile(np.arange(len(keys)), len(grid))].reset_index(drop=True)
        part.insert(0, "split", split)
        for modality, weights in reversed(list(zip(aligned.modalities, grid.T, strict=True))):
            part.insert(0, WEIGHT + modality, np.repeat(weights, len(keys)))
        part["correct"] = correct.ravel().astype("int64")
        part["clips"] = np.tile(membership.sum(axis=0), len(grid)).astype("int64")
        parts.append(part)
    if not parts:
        raise EmofusionError("there is no weight to sweep: no validation or test clip was scored by every modality.")
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "rule", rule)
    table["accuracy"] = table["correct"] / table["clips"]
    return check(table, SWEEP, "the sweep")
