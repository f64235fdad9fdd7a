"""The figures of a grid: effects, and interactions. See also `curve_figure`.

They follow `reporting.figures`: readable in black and white, with the number of clips and the warnings at the foot.
"""

from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from emofusion.evaluation.grid.measures import ACCURACY
from emofusion.reporting.figures import exact_percent, in_percent
from emofusion.reporting.numbers import level

# A factor with more levels that are numbers is a line; of other levels, the first ones of the command are shown.
MOST_ROWS = 12
MOST_LINES = 6
MOST_PANELS = 3
MOST_PAIRS = 6
LINES: list[tuple[str, Any, str]] = [
    ("black", "-", "o"),
    ("#1b3a6b", "--", "s"),
    ("#d9822b", "-.", "D"),
    ("#6f6f6f", ":", "^"),
]
LINES += [("#2f7d5b", (0, (6, 1, 1, 1)), "v"), ("#8a4b9c", (0, (3, 3)), "P")]


@dataclass(frozen=True)
class Foot:
    """What stands below every figure of a grid: its name, its test clips and protocol in words, and warnings."""

    grid: str
    clips: str
    protocol: str
    warnings: tuple[str, ...] = ()


def footed(size: tuple[float, float], foot: Foot) -> tuple[Figure, SubFigure]:
    """A figure, and its upper area to draw in; the foot is below. size: of the area, in inches."""
    width, height = size
    lines = [f"{foot.grid}: test clips: {foot.clips}; protocol: {foot.protocol}", *foot.warnings]
    text = "\n".join(fill(line, int(width * 13)) for line in lines)
    strip = 0.15 * (text.count("\n") + 1) + 0.15
    figure = Figure(figsize=(width, height + strip), layout="constrained")
    areas: Any = figure.subfigures(2, 1, height_ratios=[height, strip])
    bold = "bold" if foot.warnings else "normal"
    areas[1].text(0.01, 0.5, text, ha="left", va="center", fontsize=8, fontweight=bold)
    return figure, areas[0]


def effects_figure(effects: pd.DataFrame, confidence: float, foot: Foot) -> Figure:
    """The main effect of each level on the accuracy, as a dot with its interval and its simultaneous interval.

    Args:
        effects: see `evaluation.grid.effects.main_effects`.
        confidence: of the intervals.
        foot: of the figure.
    """
    shown = effects[effects["measure"] == ACCURACY]
    if shown.empty:
        return empty_figure("Main effects: no two settings differ in one factor alone", foot)
    factors = {str(name): rows for name, rows in shown.groupby("factor", sort=False)}
    long = {name: rows for name, rows in factors.items() if len(rows) > MOST_ROWS and is_numeric(rows["level"])}
    short = {name: rows for name, rows in factors.items() if name not in long}
    heights = [0.32 * sum(min(len(rows), MOST_ROWS) + 1 for rows in short.values()) + 0.6] if short else []
    heights += [2.6] * len(long)
    figure, body = footed((8.5, sum(heights) + 1), foot)
    panels = list(np.atleast_1d(body.subplots(len(heights), 1, height_ratios=heights)))
    if short:
        _dots(panels[0], short)
    for axes, (name, rows) in zip(panels[bool(short) :], long.items(), strict=True):
        _effect_line(axes, name, rows)
    body.suptitle(f"Main effects on accuracy, with {level(confidence)} intervals over actors")
    handles, labels = panels[0].get_legend_handles_labels()
    body.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    return figure


def _dots(axes: Axes, factors: dict[str, pd.DataFrame]) -> None:
    """A row for each level, below the name of its factor and the level that it is compared with."""
    labels, at = [], 0.0
    for name, rows in factors.items():
        rest = len(rows) - MOST_ROWS
        more = f"; the first {MOST_ROWS} of the command, {rest} more are in effects.csv" if rest > 0 else ""
        labels.append((at, f"{name} (against {rows['reference'].iloc[0]}{more})", "bold"))
        for row in rows[:MOST_ROWS].to_dict("records"):
            at -= 1
            labels.append((at, f"{row['level']} ({row['pairs']} {'pair' if row['pairs'] == 1 else 'pairs'})", "normal"))
            first = not axes.get_legend_handles_labels()[0]
            wide, narrow = ([100 * row[f"{kind}{end}"] for end in ("low", "high")] for kind in ("simultaneous_", ""))
            axes.plot(wide, [at] * 2, color="#9a9a9a", lw=1.4, label="all rows together" if first else None)
            axes.plot(narrow, [at] * 2, color="black", lw=3.2, label="this row alone" if first else None)
            axes.plot([100 * row["difference"]], [at], "o", color="white", mec="black", ms=7)
        at -= 1
    axes.axvline(0, color="#6f6f6f", lw=1, zorder=0)
    axes.set(ylim=(at + 0.5, 0.7), xlabel="difference of accuracy in percentage points")
    axes.set_yticks([place for place, _, _ in labels], [text for _, text, _ in labels])
    for tick, (_, _, weight) in zip(axes.get_yticklabels(), labels, strict=True):
        tick.set_fontweight(weight)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e3e3e3")
    axes.set_axisbelow(True)


def _effect_line(axes: Axes, name: str, rows: pd.DataFrame) -> None:
    """The effects of a factor whose levels are numbers, against its level."""
    table = rows.assign(x=rows["level"].astype(float)).sort_values("x")
    axes.fill_between(
        table["x"], 100 * table["simultaneous_low"], 100 * table["simultaneous_high"], color="#e0e0e0", lw=0,
        label="all rows together",
    )  # fmt: skip
    axes.fill_between(
        table["x"], 100 * table["low"], 100 * table["high"], color="#b5b5b5", lw=0, label="this row alone"
    )
    axes.plot(table["x"], 100 * table["difference"], color="black", lw=1.6)
    axes.plot([float(rows["reference"].iloc[0])], [0], "D", color="white", mec="black", ms=7, zorder=3)
    axes.axhline(0, color="#6f6f6f", lw=1)
    axes.set(xlabel=f"{name} (diamond: the baseline's, {rows['reference'].iloc[0]})", ylabel="points")


def interactions_figure(table: pd.DataFrame, foot: Foot) -> Figure:
    """The mean accuracy by two factors, for the first pairs of factors in the order of the command.

    Lines that are not parallel show an interaction. The typical contrast is the root of the mean squared contrast.
    Which pairs are drawn does not depend on it.

    Args:
        table: see `tables._interactions`.
        foot: of the figure.
    """
    shown = table[table["measure"] == ACCURACY]
    pairs = {pair: rows for pair, rows in shown.groupby(["factor", "other_factor"], sort=False)}
    if not pairs:
        return empty_figure("Interactions: fewer than two factors vary", foot)
    chosen = list(pairs)[:MOST_PAIRS]
    columns = min(len(chosen), MOST_PANELS)
    lines = -(-len(chosen) // columns)
    figure, body = footed((max(6.5, 4.6 * columns), 4.6 * lines), foot)
    grid = body.subplots(lines, columns, squeeze=False).ravel()
    for axes in grid[len(chosen) :]:
        axes.remove()
    for axes, pair in zip(grid, chosen, strict=False):
        first, second = pair
        means = pairs[pair].pivot_table(index="level", columns="other_level", values="mean", sort=False)
        if len(means.columns) > len(means):
            means, (first, second) = means.T, (second, first)
        if len(means.columns) > MOST_LINES:
            _heat(axes, means, first, second)
        else:
            _lines(axes, means, first, second)
        size = float(np.sqrt((pairs[pair]["difference"] ** 2).mean()))
        axes.set_title("" if np.isnan(size) else f"typical contrast {100 * size:.1f} points", fontsize=9)
    rest = len(pairs) - len(chosen)
    left = f", the first {len(chosen)} pairs of the command; {rest} more are in interactions.csv" if rest else ""
    body.suptitle(f"Mean accuracy by two factors{left}")
    return figure


def _lines(axes: Axes, means: pd.DataFrame, first: str, second: str) -> None:
    """A line for each level of the second factor (columns) against the levels of the first (rows)."""
    numeric = is_numeric(means.index)
    x = means.index.astype(float) if numeric else np.arange(len(means))
    order = np.argsort(x)
    for (colour, line, marker), other in zip(LINES, means, strict=False):
        many = len(means) > MOST_ROWS
        y = means[other].to_numpy()[order]
        axes.plot(x[order], y, color=colour, linestyle=line, marker="" if many else marker, label=str(other))
    if not numeric:
        axes.set_xticks(x, [str(level) for level in means.index], **_turned(list(means.index)))
    in_percent(axes.yaxis)
    axes.set(xlabel=first, ylabel="accuracy")
    axes.margins(x=0.12 if len(means) < MOST_ROWS else 0.03)
    axes.legend(title=second, fontsize=8, title_fontsize=8, frameon=False)


def _turned(names: list[Any]) -> dict[str, Any]:
    """Labels that are too long for a horizontal line are turned."""
    if max(len(str(name)) for name in names) * len(names) <= 32:
        return {}
    return {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}


def _heat(axes: Axes, means: pd.DataFrame, first: str, second: str) -> None:
    """A map of shades, for two factors with many levels."""
    image = axes.imshow(means.to_numpy(dtype=float), cmap="Greys", aspect="auto")
    for axis, names in ((axes.yaxis, means.index), (axes.xaxis, means.columns)):
        places = np.unique(np.linspace(0, len(names) - 1, min(len(names), MOST_ROWS)).round().astype(int))
        axis.set_ticks(places.tolist(), [str(names[place]) for place in places])
    axes.tick_params(axis="x", rotation=60)
    axes.set(xlabel=second, ylabel=first)
    axes.figure.colorbar(image, ax=axes, format=exact_percent)


def empty_figure(text: str, foot: Foot) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure, body = footed((6.5, 1), foot)
    body.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def is_numeric(levels: pd.Series | pd.Index) -> bool:
    """Whether all levels are numbers."""
    return bool(pd.to_numeric(pd.Series(levels), errors="coerce").notna().all())
