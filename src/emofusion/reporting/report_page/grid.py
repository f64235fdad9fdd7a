"""The weights that the page contains: all combinations of the sweep, or some of them where there are very many."""

from itertools import pairwise

import pandas as pd

from emofusion.evaluation.sweep import WEIGHT

# The largest number of settings on the page. With steps of 0.01, two modalities have 101 settings. Three have 5,151,
# which would make a page of tens of megabytes.
MOST = 1500


def weight_columns(modalities: list[str]) -> list[str]:
    """The names of the columns with the weights of the modalities."""
    return [WEIGHT + name for name in modalities]


def choose_grid(
    sweep: pd.DataFrame, annotations: pd.DataFrame, weights: list[str], most: int = MOST
) -> tuple[pd.DataFrame, float]:
    """The settings that the page contains, one row each in the sweep's order, and the step between their weights.

    If the sweep has more than `most` settings, the page contains a coarser grid: the finest with at most `most`
    settings. All annotated settings are added to it. They do not count for the step, because one step up or down must
    always lead to another setting.

    Args:
        sweep: `tables.SWEEP`.
        annotations: see `reporting.annotations.annotation_table`.
        weights: the columns of the weights.
        most: the largest number of settings, without the annotated ones.
    """
    grid = sweep[weights].drop_duplicates().reset_index(drop=True)
    if len(grid) <= most:
        return grid, _step(grid)
    smallest = grid.where(grid > 1e-9).min().min()
    steps = round(1 / smallest)
    for coarse in (steps // factor for factor in range(2, steps + 1) if steps % factor == 0):
        scaled = grid * coarse
        held = ((scaled - scaled.round()).abs() < 1e-6).all(axis=1)
        if held.sum() <= most:
            break
    step = _step(grid[held])
    annotated = annotations[weights].dropna() if len(annotations) else grid[:0]
    always = set(annotated.round(9).itertuples(index=False, name=None))
    held = [a or key in always for a, key in zip(held, grid.round(9).itertuples(index=False, name=None), strict=True)]
    return grid[held].reset_index(drop=True), step


def _step(grid: pd.DataFrame) -> float:
    """The smallest step between two weights of the grid."""
    weights = sorted(set(grid.to_numpy().round(9).ravel().tolist()))
    return min((round(b - a, 9) for a, b in pairwise(weights)), default=1)


def positions(table: pd.DataFrame, grid: pd.DataFrame) -> pd.Series:
    """The position of each row's setting in the grid; -1 where it is not there. Rounding errors are ignored."""
    number = {key: at for at, key in enumerate(grid.round(9).itertuples(index=False, name=None))}
    keys = table[list(grid)].round(9).itertuples(index=False, name=None)
    return pd.Series([number.get(key, -1) for key in keys], index=table.index, dtype="int64")


def placed(table: pd.DataFrame, grid: pd.DataFrame) -> pd.DataFrame:
    """The rows whose setting is on the grid, with its position as the column `at`."""
    located = table.assign(at=positions(table, grid))
    return located[located["at"] >= 0]
