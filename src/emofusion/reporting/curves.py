"""Training curves: loss and accuracy by epoch, for each network of a modality."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from emofusion.reporting.facts import Footer
from emofusion.reporting.figures import in_percent, new_figure
from emofusion.reporting.wording import heading

# networks differ in lightness and marker, so that they can be told apart in black and white
_COLOURS = ("#1b3a6b", "#d9822b", "#2a9d6f", "#8a8a8a", "#7b3294")
_MARKERS = ("o", "s", "^", "D", "v")


def curves_figure(
    histories: dict[str, pd.DataFrame], modality: str, clips: Mapping[str, str], footer: Footer
) -> Figure:
    """Training curves of a modality's networks.

    The first row shows the loss of each network in its own panel (the paper's figures 3 and 5). The second row shows
    all networks together, with loss on the left and accuracy on the right (its figure 4). For a single network there is
    only the second row.

    Thick lines are means over folds and seeds, up to the last epoch that all runs reached. Thin lines are single folds.
    With several seeds, the mean over folds is computed for each seed, and bands show the range over the seeds.

    Args:
        histories: network → `tables.HISTORY`; without networks, the figure says that there are no curves.
        modality: the name of the modality.
        clips: split → its number of clips in words, where known.
        footer: what stands below the figure.
    """
    if not histories:
        figure, body = new_figure((6.5, 1), footer)
        body.text(0.5, 0.5, f"{heading(modality)}: fitted at once, so no training curves", ha="center", va="center")
        return figure
    alone = len(histories) == 1
    figure, body = new_figure((9 if alone else 4.5 * len(histories), 4 if alone else 7.5), footer)
    styles = dict(zip(histories, zip(cycle(_COLOURS), cycle(_MARKERS), strict=False), strict=False))
    lower: SubFigure = body
    if not alone:
        rows: Any = body.subfigures(2, 1)
        upper, lower = rows
        for axes, network in zip(upper.subplots(1, len(histories), sharey=True), histories, strict=True):
            _curves(axes, histories[network], "loss", styles[network][0])
            axes.set(title=f"{network}: loss")
        axes.set_ylim(0, None)  # after all curves are drawn, because it ends the automatic scaling of the shared axes
    for axes, quantity in zip(lower.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for network, history in histories.items():
            colour, marker = styles[network]
            _curves(axes, history, quantity, colour, thin=alone, network=network, marker=marker)
        axes.set(title=quantity, ylim=(0, None if quantity == "loss" else 1))
        if quantity == "accuracy":
            in_percent(axes.yaxis)
    folds = max(history["fold"].nunique() for history in histories.values())
    seeds = max(history["seed"].nunique() for history in histories.values())
    runs = f"{folds} fold{'s' if folds > 1 else ''}" + (f", {seeds} seeds with their range" if seeds > 1 else "")
    counted = "; ".join([runs, *(f"{split}: {n}" for split, n in clips.items())])
    body.suptitle(f"{heading(modality)}: training curves ({counted})")
    return figure


def _curves(
    axes: Axes,
    history: pd.DataFrame,
    quantity: str,
    colour: str,
    thin: bool = True,
    network: str = "",
    marker: str | None = None,
) -> None:
    """Draw the curves of training (dashed) and validation (solid) over epochs.

    quantity: `loss` or `accuracy`. thin: draw single folds of one seed as thin lines. network: its name for the legend.
    """
    for split, line in (("train", "--"), ("validation", "-")):
        if history[f"{split}_{quantity}"].isna().all():  # there were no validation clips
            continue
        runs = history.pivot_table(index="epoch", columns=["seed", "fold"], values=f"{split}_{quantity}")
        by_seed = runs.dropna().T.groupby(level="seed").mean().T
        if len(by_seed.columns) > 1:
            axes.fill_between(by_seed.index, by_seed.min(axis=1), by_seed.max(axis=1), color=colour, alpha=0.18, lw=0)
        elif thin and len(runs.columns) > 1:
            axes.plot(runs.index, runs, color=colour, linestyle=line, linewidth=0.6, alpha=0.5)
        mean = by_seed.mean(axis=1)
        axes.plot(
            mean.index,
            mean,
            label=f"{network}, {split}" if network else split,
            color=colour,
            linestyle=line,
            linewidth=2,
            marker=marker,
            markersize=5,
            markevery=0.1,
        )
    axes.set(xlabel="epoch", ylabel="cross-entropy (nats)" if quantity == "loss" else quantity)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize="small", handlelength=4)
