"""The figure of the weight curves of a grid."""

from collections import Counter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emofusion.reporting.figures import in_percent
from emofusion.reporting.grid.cells import GridCell
from emofusion.reporting.grid.curves import Curve
from emofusion.reporting.grid.figures import LINES, MOST_LINES, Foot, empty_figure, footed


def curves_figure(
    cells: list[GridCell],
    curves: list[Curve],
    chosen: list[int | None],
    accuracies: list[float],
    names: list[str],
    foot: Foot,
) -> Figure:
    """The accuracy on test clips against the weight of the first modality, a line for each distinct curve.

    Few curves have a line style of their own. Of many curves, those with the same level of one factor have the same
    style: the first factor of the command that has few levels. Dots are the configured weights of the cells. With more
    than two modalities, a line is the median over the other weights, and there is a panel for each modality.

    Args:
        cells: the cells of the grid.
        curves, chosen: see `curves.weight_curves`.
        accuracies: of the cells (0–1).
        names: the factors that vary.
        foot: of the figure.
    """
    if not curves:
        return empty_figure("Weight curves: every cell has one modality", foot)
    modalities = Counter(curve.modalities for curve in curves).most_common(1)[0][0]
    shown = [number for number, curve in enumerate(curves) if curve.modalities == modalities]
    members = {number: [cell for cell, own in zip(cells, chosen, strict=True) if own == number] for number in shown}
    labels, title = _labels(curves, members, names)
    styles = dict(zip(dict.fromkeys(labels.values()), LINES, strict=False))
    panels = modalities[:1] if len(modalities) == 2 else modalities
    figure, body = footed((8.5 if len(panels) == 1 else 4.4 * len(panels), 5), foot)
    grid = np.atleast_1d(body.subplots(1, len(panels), sharey=True))
    for axes, modality in zip(grid, panels, strict=True):
        at = modalities.index(modality)
        for number in shown:
            x, y = _line(curves[number], at)
            colour, dash, _ = styles[labels[number]]
            known = labels[number] in axes.get_legend_handles_labels()[1]
            thin = {"lw": 1.8} if len(shown) <= MOST_LINES else {"lw": 0.8, "alpha": 0.7}
            axes.plot(x, y, color=colour, linestyle=dash, label=None if known else labels[number], **thin)
        _configured(axes, cells, accuracies, modality)
        axes.set(xlabel=f"weight of {modality}", xlim=(-0.02, 1.02))
        in_percent(axes.yaxis)
    grid[0].set_ylabel("accuracy" if len(panels) == 1 else "accuracy, median over the other weights")
    handles, texts = grid[0].get_legend_handles_labels()
    columns = 1 if max(map(len, texts)) > 40 else 3
    body.legend(handles, texts, title=title, loc="outside lower center", ncols=columns, frameon=False, handlelength=4)
    others = len(curves) - len(shown)
    more = f"; {others} with other modalities are not drawn" if others else ""
    counted = "one curve" if len(shown) == 1 else f"{len(shown)} distinct curves"
    body.suptitle(f"Accuracy against weight on test clips, {counted} of {len(cells)} cells{more}")
    return figure


def _line(curve: Curve, at: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights of a modality, and the accuracy at each: the median over the weights of the others."""
    share = curve.correct / curve.clips
    x = np.unique(curve.weights[:, at])
    return x, np.array([np.median(share[curve.weights[:, at] == weight]) for weight in x])


def _configured(axes: Axes, cells: list[GridCell], accuracies: list[float], modality: str) -> None:
    """A dot for the configured weight and the accuracy of each cell whose rule is swept."""
    points = [
        (cell.weights[modality], accuracy)
        for cell, accuracy in zip(cells, accuracies, strict=True)
        if cell.rule == cell.pool and modality in cell.weights
    ]
    if points:
        x, y = zip(*points, strict=True)
        size = 6 if len(points) <= 100 else 3
        axes.plot(x, y, "o", color="white", mec="black", ms=size, label="configured weights", zorder=3)


def _labels(
    curves: list[Curve], members: dict[int, list[GridCell]], names: list[str]
) -> tuple[dict[int, str], str | None]:
    """The label of each curve, and the title of the labels. At most `MOST_LINES` labels are different."""
    levels = {
        number: {name: {cell.factors[name] for cell in cells} for name in names} for number, cells in members.items()
    }
    same = [name for name in names if all(len(one[name]) == 1 for one in levels.values())]
    different = [name for name in same if len({min(one[name]) for one in levels.values()}) > 1]
    if len(members) <= MOST_LINES:
        shown = {}
        for number, cells in members.items():
            words = ", ".join(f"{name}={min(levels[number][name])}" for name in different) or curves[number].pool
            shown[number] = f"{words} ({len(cells)} {'cell' if len(cells) == 1 else 'cells'})"
        return shown, None
    few = [name for name in different if len({min(one[name]) for one in levels.values()}) <= MOST_LINES]
    if not few:
        return dict.fromkeys(members, "a cell, or cells with the same models"), None
    return {number: min(one[few[0]]) for number, one in levels.items()}, few[0]
