"""The weight settings that the page holds: the sweep's, or a coarser choice of them where there are very many."""

from itertools import pairwise

import pandas as pd

from emofusion.evaluation.sweep import WEIGHT

# of 101 weights there are 101 settings for two modalities, 5,151 for three, and the page would be tens of megabytes
MOST = 1500


def weight_columns(modalities: list[str]) -> list[str]:
    """The columns of their weights."""
    return [WEIGHT + name for name in modalities]


def choose_grid(
    sweep: pd.DataFrame, marks: pd.DataFrame, weights: list[str], most: int = MOST
) -> tuple[pd.DataFrame, float]:
    """The settings to hold, a row each, in the sweep's order, and the step between their weights.

    Of more than `most` settings those on the finest coarser grid that is small enough; marked ones are always held.
    They do not count for the step: from any setting, a step either way must lead to another.
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
    marked = set(marks[weights].dropna().round(9).itertuples(index=False, name=None)) if len(marks) else set()
    held = [a or key in marked for a, key in zip(held, grid.round(9).itertuples(index=False, name=None), strict=True)]
    return grid[held].reset_index(drop=True), step


def _step(grid: pd.DataFrame) -> float:
    """The smallest step between two weights of the grid."""
    weights = sorted(set(grid.to_numpy().round(9).ravel().tolist()))
    return min((round(b - a, 9) for a, b in pairwise(weights)), default=1)


def positions(table: pd.DataFrame, grid: pd.DataFrame) -> pd.Series:
    """Each row's number in the grid, -1 where it is not there; weights that differ by rounding are the same."""
    number = {key: at for at, key in enumerate(grid.round(9).itertuples(index=False, name=None))}
    keys = table[list(grid)].round(9).itertuples(index=False, name=None)
    return pd.Series([number.get(key, -1) for key in keys], index=table.index, dtype="int64")


def placed(table: pd.DataFrame, grid: pd.DataFrame) -> pd.DataFrame:
    """The rows whose setting is on the grid, with its number as `at`."""
    found = table.assign(at=positions(table, grid))
    return found[found["at"] >= 0]
