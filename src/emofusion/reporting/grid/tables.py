"""The tables of a grid: settings and cells in the order of the command, effects, interactions, tests and variances."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.evaluation.grid.measures import ACCURACY, MEASURES
from emofusion.evaluation.grid.settings import varying
from emofusion.evaluation.grid.summarise import Statistics
from emofusion.evaluation.variance import NAMES
from emofusion.reporting.grid.cells import BASIS, CellReport, Grid

# Two computations of the same accuracy differ by less than this.
ROUNDING = 1e-9
_DIFFERENCE = {
    "difference": "difference",
    "low": "difference_low",
    "high": "difference_high",
    "simultaneous_low": "simultaneous_low",
    "simultaneous_high": "simultaneous_high",
    "p": "p",
    "p_max_t": "p_max_t",
}


@dataclass(frozen=True)
class GridTables:
    """The tables of a grid as they are written, and what is the same for all cells.

    settings, cells, tests, effects, interactions, variance: see the functions of this module. order: the positions of
    the settings in `Statistics.settings`: the baseline first, then the order of the command. cell_order: the positions
    of the cells, in the order of `cells`. constant: column → value, for figures of modalities and columns of `BASIS`
    that do not vary. questions, repeats: the factors that vary, without and of the replicates.
    """

    settings: pd.DataFrame
    cells: pd.DataFrame
    tests: pd.DataFrame
    effects: pd.DataFrame
    interactions: pd.DataFrame
    variance: pd.DataFrame
    order: list[int]
    cell_order: list[int]
    constant: dict[str, object]
    questions: list[str]
    repeats: list[str]


def grid_tables(grid: Grid, found: Statistics, reports: Sequence[CellReport]) -> GridTables:
    """Make the tables.

    The baseline comes first, and the other settings follow in the order of the command. No row has its place by a
    figure of test clips: a table with the most accurate setting at its top would invite a choice on these clips.

    Args:
        grid: the grid.
        found: its statistics.
        reports: what each cell's report says, in the order of the cells.

    Raises:
        EmofusionError: a report shows another accuracy than the fused predictions have.
    """
    for cell, report, accuracy in zip(grid.cells, reports, found.cells[ACCURACY], strict=True):
        if abs(report.accuracy - accuracy) > ROUNDING:
            raise EmofusionError(
                f"the report of the cell {cell.name} shows an accuracy of {report.accuracy:.6f}, its fused predictions "
                f"have {accuracy:.6f}; delete {cell.folder.parent} and run the workflow again"
            )
    names = varying({cell.name: cell.factors for cell in grid.cells})
    repeats = [name for name in names if name in grid.replicates]
    questions = [name for name in names if name not in repeats]
    order = [found.baseline, *(number for number in range(len(found.settings)) if number != found.baseline)]
    beside, constant = _beside(reports, names)
    cells, cell_order = _cells(grid, found, beside, names, order)
    return GridTables(
        settings=_settings(found, beside, order, questions),
        cells=cells,
        tests=_of_settings(found.tests, found, order, questions),
        effects=found.effects,
        interactions=_interactions(found),
        variance=_variance(found, order, questions),
        order=order,
        cell_order=cell_order,
        constant=constant,
        questions=questions,
        repeats=repeats,
    )


def _beside(reports: Sequence[CellReport], factors: Sequence[str]) -> tuple[pd.DataFrame, dict[str, object]]:
    """The figures of modalities and the columns of `BASIS`, a row for each cell: those that vary, and the others."""
    table = pd.DataFrame([{**report.figures, **report.basis} for report in reports])
    fixed = [name for name in table if len(table[name].drop_duplicates()) == 1]
    varied = table.drop(columns=fixed)
    # a factor may have the name of such a column, as protocol
    varied = varied.rename(columns={name: f"{name}_of_report" for name in varied if name in factors})
    return varied, {str(name): table[name].iloc[0] for name in fixed}


def _settings(found: Statistics, beside: pd.DataFrame, order: list[int], questions: list[str]) -> pd.DataFrame:
    """A row for each setting, in their order.

    Columns: the levels; baseline; those of `means.setting_means`; the difference of the accuracy from the baseline with
    its interval over actors, its simultaneous interval, p and p_max_t (see `contrasts.contrast_table`; missing for the
    baseline, and for settings that were tested on other clips); then the means of what varies besides.
    """
    table = pd.DataFrame([setting.levels for setting in found.settings], columns=questions)
    table["baseline"] = np.arange(len(table)) == found.baseline
    table = pd.concat([table, found.means], axis=1)
    tests = found.tests[found.tests["measure"] == ACCURACY].set_index("setting")[list(_DIFFERENCE)]
    table = table.join(tests.rename(columns=_DIFFERENCE))
    groups = beside.groupby(found.cells["setting"].to_numpy())
    for name in beside:
        table[name] = groups[name].mean() if name not in BASIS_SHOWN else groups[name].agg(_one_or_several)
    return table.iloc[order].reset_index(drop=True)


BASIS_SHOWN = {*BASIS, *(f"{name}_of_report" for name in BASIS)}


def _one_or_several(values: pd.Series) -> str:
    return " / ".join(dict.fromkeys(map(str, values)))


def _cells(
    grid: Grid, found: Statistics, beside: pd.DataFrame, names: list[str], order: list[int]
) -> tuple[pd.DataFrame, list[int]]:
    """A row for each cell: levels, clips, actors, measures, what varies besides, the cell's name and its report's key.

    The cells of a setting stand together, in the order of the settings; among themselves, in that of the command.
    """
    table = pd.DataFrame([{name: cell.factors[name] for name in names} for cell in grid.cells], columns=names)
    table = pd.concat([table, found.cells[["clips", "actors", *MEASURES]], beside], axis=1)
    table["cell"] = [cell.name for cell in grid.cells]
    table["report"] = [cell.report for cell in grid.cells]
    rank = np.argsort(order)[found.cells["setting"].to_numpy()]
    positions = np.argsort(rank, kind="stable").tolist()
    return table.iloc[positions].reset_index(drop=True), positions


def _of_settings(table: pd.DataFrame, found: Statistics, order: list[int], questions: list[str]) -> pd.DataFrame:
    """A table with a setting's levels in the place of its position, sorted by measure, in the order of settings."""
    ranks = np.argsort(order)[table["setting"].to_numpy(dtype=int)]
    measures = table["measure"].map({name: n for n, name in enumerate(MEASURES)}).to_numpy(dtype=int)
    rows = table.iloc[np.lexsort((ranks, measures))].reset_index(drop=True)
    levels = pd.DataFrame([found.settings[number].levels for number in rows["setting"]], columns=questions)
    return pd.concat([levels, rows.drop(columns="setting")], axis=1)


def _interactions(found: Statistics) -> pd.DataFrame:
    """Means and contrasts of each two levels: `effects.means` with the columns of `effects.interactions`."""
    keys = ["measure", "factor", "level", "other_factor", "other_level"]
    return found.pair_means.merge(found.interactions, on=keys, how="left")


def _variance(found: Statistics, order: list[int], questions: list[str]) -> pd.DataFrame:
    """The variances of `means.setting_means`, and their roots: the standard deviations in fractions."""
    table = found.variance.rename(columns={name: f"{name}_variance" for name in NAMES})
    for name in NAMES:
        table[f"{name}_deviation"] = np.sqrt(table[f"{name}_variance"].to_numpy(dtype=float))
    return _of_settings(table, found, order, questions)
