"""The figure of accuracies against factors whose levels are numbers, such as a learning curve over training actors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emofusion.evaluation.grid.measures import ACCURACY
from emofusion.reporting.figures import in_percent
from emofusion.reporting.grid.figures import LINES, MOST_PANELS, Foot, footed
from emofusion.reporting.numbers import level
from emofusion.reporting.wording import FUSION

LEAST_LEVELS = 3
_OF_MODALITY = f"_{ACCURACY}"


def level_factors(table: pd.DataFrame, questions: list[str]) -> list[str]:
    """The factors that can be drawn: three or more of their levels are numbers. Weights and rules have other figures.

    Args:
        table: see `tables._settings`.
        questions: the factors that vary.
    """
    return [
        name
        for name in questions
        if not name.startswith("fusion.") and _numbers(table[name]).dropna().nunique() >= LEAST_LEVELS
    ]


def level_figure(
    table: pd.DataFrame,
    questions: list[str],
    confidence: float,
    foot: Foot,
    constant: Mapping[str, object] | None = None,
) -> Figure:
    """The accuracy of the fusion and of each modality against the levels of the first factors of `level_factors`.

    Of the other factors, the levels are those of the baseline. A level that is no number, such as null, is a dotted
    line.

    Args:
        table: see `tables._settings`.
        questions: the factors that vary.
        confidence: of the intervals.
        foot: of the figure.
        constant: column → value of what is the same in all settings, such as the accuracy of a modality.
    """
    table = _complete(table, constant)
    every = level_factors(table, questions)
    factors = every[:MOST_PANELS]
    figure, body = footed((4.4 * len(factors) + 2, 4.6), foot)
    panels = body.subplots(1, len(factors), sharey=True, squeeze=False)[0]
    baseline = table[table["baseline"]].iloc[0]
    for axes, factor in zip(panels, factors, strict=True):
        others = [name for name in questions if name != factor]
        same = (table[others] == baseline[others]).all(axis=1) if others else pd.Series(True, table.index)
        _draw(axes, factor, table[same])
    panels[0].set_ylabel("accuracy")
    handles, labels = panels[0].get_legend_handles_labels()
    body.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 4), frameon=False, handlelength=4)
    more = f"; not drawn: {', '.join(every[MOST_PANELS:])}" if every[MOST_PANELS:] else ""
    body.suptitle(f"Accuracy by level, with {level(confidence)} intervals{of_fusion(table)}{more}")
    return figure


def only_modality(table: pd.DataFrame, constant: Mapping[str, object] | None = None) -> str | None:
    """The only modality of all settings; None where there are several. Arguments: see `level_figure`."""
    table = _complete(table, constant)
    columns = _of_modalities(table)
    if len(columns) != 1 or not np.allclose(table[columns[0]].astype(float), table[ACCURACY]):
        return None
    return columns[0].removesuffix(_OF_MODALITY)


def of_fusion(table: pd.DataFrame, constant: Mapping[str, object] | None = None) -> str:
    """Whose intervals are drawn, where there are several systems. Arguments: see `level_figure`."""
    return "" if only_modality(table, constant) else f" of the {FUSION}"


def _complete(table: pd.DataFrame, constant: Mapping[str, object] | None) -> pd.DataFrame:
    """The table with the accuracies of modalities that are the same in all settings. Arguments: see `level_figure`."""
    return table.assign(**{n: value for n, value in (constant or {}).items() if n.endswith(_OF_MODALITY)})


def _of_modalities(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table if str(name).endswith(_OF_MODALITY)]


def _draw(axes: Axes, factor: str, rows: pd.DataFrame) -> None:
    rows = rows.assign(x=_numbers(rows[factor])).sort_values("x")
    line, words = rows[rows["x"].notna()], rows[rows["x"].isna()]
    systems: dict[str, str] = {ACCURACY: only_modality(rows) or FUSION}
    of_modalities = _of_modalities(rows)
    # the fusion of a single modality is this modality
    systems |= {c: c.removesuffix(_OF_MODALITY) for c in of_modalities if not np.allclose(rows[c], rows[ACCURACY])}
    for (column, name), (colour, dash, marker) in zip(systems.items(), LINES, strict=False):
        axes.plot(line["x"], line[column], color=colour, linestyle=dash, marker=marker, label=name)
        for value in words[column]:
            axes.axhline(value, color=colour, lw=1, linestyle=":")
    axes.fill_between(line["x"], line[f"{ACCURACY}_low"], line[f"{ACCURACY}_high"], color="#d5d5d5", lw=0, zorder=0)
    dotted = f" (dotted: {', '.join(words[factor])})" if len(words) else ""
    axes.set(xlabel=f"{factor}{dotted}")
    axes.set_xticks(line["x"].tolist())
    in_percent(axes.yaxis)
    axes.grid(color="#e3e3e3")
    axes.set_axisbelow(True)


def _numbers(levels: "pd.Series[Any]") -> "pd.Series[Any]":
    return pd.to_numeric(levels, errors="coerce")
