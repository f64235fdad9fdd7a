"""The report's pictures: confusion matrices, training curves, and accuracy against weight.

Every figure is an explicit Matplotlib `Figure` (no global state), readable in black and white, and carries its number
of clips, its protocol and the report's warnings.
"""

from itertools import cycle
from pathlib import Path
from textwrap import fill

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from emofusion.evaluation.sweep import WEIGHT
from emofusion.fusion.common.pools import POOLS
from emofusion.reporting.wording import ORACLE, heading, percent, warnings, weights_in_words

# told apart by lightness and by line style or marker, not by hue alone
_COLOURS = ("#1b3a6b", "#d9822b", "#2a9d6f", "#8a8a8a", "#7b3294")
_MARKERS = ("o", "s", "^", "D", "v")
_GENDERS = {"all": ("#000000", "-"), "male": ("#1b3a6b", "--"), "female": ("#d9822b", "-.")}


def confusion_figure(counts: pd.DataFrame, system: str, settings: dict) -> Figure:
    """A confusion matrix: shades are shares of a row, cells hold clips, rows say how many clips were tested.

    counts: `evaluation.accuracy.confusion`; emotions without a clip are left out of the rows.
    """
    counts = counts[counts.sum(axis=1) > 0]
    clips = counts.sum(axis=1)
    figure, body = _figure((2.6 + 0.62 * len(counts.columns), 2 + 0.55 * len(counts)), settings, clips.sum())
    axes = body.add_subplot()
    shares = counts.div(clips, axis=0)
    image = axes.imshow(shares, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares.to_numpy()):
        shown = f"{counts.iloc[row, column]}"
        axes.text(column, row, shown, ha="center", va="center", color="white" if share > 0.5 else "black")
    axes.set_xticks(range(len(counts.columns)), counts.columns, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(counts)), [f"{emotion} (n={clips[emotion]})" for emotion in counts.index])
    axes.set(
        xlabel="predicted emotion", ylabel="emotion", title=f"{heading(system)}: confusion on {clips.sum()} test clips"
    )
    body.colorbar(image, ax=axes, label="share of the row", format="{x:.0%}")
    return figure


def curves_figure(histories: dict[str, pd.DataFrame], modality: str, clips: dict[str, str], settings: dict) -> Figure:
    """Training curves of a modality's networks. Above, the loss of each network apart (the paper's figures 3 and 5);
    below, the networks together, loss left and accuracy right (its figure 4). One network has the second row only.

    histories: network → `tables.HISTORY`; thick lines are means over folds and seeds as far as all of them ran, thin
    lines single folds, bands the range over seeds, if there are several, of their means over the folds. clips: the
    split's name → how many clips it has, in words, as far as known.
    """
    alone = len(histories) == 1
    figure, body = _figure((9 if alone else 4.5 * len(histories), 4 if alone else 7.5), settings)
    looks = dict(zip(histories, zip(cycle(_COLOURS), cycle(_MARKERS), strict=False), strict=False))
    lower = body
    if not alone:
        upper, lower = body.subfigures(2, 1)
        for axes, network in zip(upper.subplots(1, len(histories), sharey=True), histories, strict=True):
            _curves(axes, histories[network], "loss", looks[network][0])
            axes.set(title=f"{network}: loss")
        axes.set_ylim(0, None)  # once all are drawn: it ends the scaling of the axes that share it
    for axes, quantity in zip(lower.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for network, history in histories.items():
            colour, marker = looks[network]
            _curves(axes, history, quantity, colour, thin=alone, network=network, marker=marker)
        axes.set(title=quantity, ylim=(0, None if quantity == "loss" else 1))
        if quantity == "accuracy":
            axes.yaxis.set_major_formatter("{x:.0%}")
    folds = max(history["fold"].nunique() for history in histories.values())
    seeds = max(history["seed"].nunique() for history in histories.values())
    runs = f"{folds} fold{'s' if folds > 1 else ''}" + (f", {seeds} seeds with their range" if seeds > 1 else "")
    counted = "; ".join([runs, *(f"{split}: {n}" for split, n in clips.items())])
    body.suptitle(f"{heading(modality)}: training curves ({counted})")
    return figure


def sweep_figure(swept: pd.DataFrame, achieved: float, settings: dict) -> Figure:
    """Accuracy on test against weight, with the configured setting marked, and the best on test as an oracle.

    swept: `tables.SWEEP`. achieved: the configured setting's accuracy on all test clips (0–1). With two modalities,
    or one, a line for all, men and women, and a band for the interval of all; with more, a panel for each modality: the
    range that the accuracy has over the other weights. A rule that finds its own weights is a level line over those of
    its pool.
    """
    rule = settings["fusion"]["rule"]
    pool = next((name for name in POOLS if rule.startswith(name)), "linear")
    overall = swept[(swept["emotion"] == "all") & (swept["rule"] == pool)]
    test = overall[overall["split"] == "test"]
    everyone = test[test["gender"] == "all"].reset_index(drop=True)
    modalities = [column.removeprefix(WEIGHT) for column in swept if column.startswith(WEIGHT)]
    clips = int(everyone["clips"].iloc[0])
    panels = modalities[:1] if len(modalities) <= 2 else modalities
    figure, body = _figure((8 if len(panels) == 1 else 4.6 * len(panels), 6), settings, clips)
    grid = np.atleast_1d(body.subplots(1, len(panels), sharey=True))
    oracle = everyone.loc[everyone["accuracy"].idxmax()]
    for axes, modality in zip(grid, panels, strict=True):
        if len(panels) == 1:
            _gender_lines(axes, overall, modality)
        else:
            _range_over_others(axes, everyone, modality)
        configured = f"configured ({weights_in_words(settings['fusion'])}): {percent(achieved)}"
        if rule == pool:
            x = settings["fusion"]["weights"][modality]
            axes.axvline(x, color="#8a8a8a", linewidth=1)
            axes.plot([x], [achieved], "D", color="black", markersize=7, label=configured)
        else:
            axes.axhline(achieved, color="#8a8a8a", linewidth=1.5, linestyle=(0, (6, 2)), label=configured)
        best = f"{ORACLE}: {_setting(oracle, modalities)}: {percent(oracle['accuracy'])}"
        hollow = {"markersize": 14, "markerfacecolor": "white", "markeredgecolor": "black", "linestyle": "none"}
        axes.plot([oracle[WEIGHT + modality]], [oracle["accuracy"]], marker="*", label=best, **hollow)
        axes.set(xlabel=f"weight of {modality}", xlim=(-0.02, 1.02))
        axes.yaxis.set_major_formatter("{x:.0%}")
    grid[0].set_ylabel("accuracy")
    handles, labels = grid[0].get_legend_handles_labels()
    body.legend(handles, labels, loc="outside lower center", handlelength=4, frameon=False)
    body.suptitle(f"Accuracy against weight, {pool} rule, {clips} test clips")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write the figure as PNG; the same figure gives the same bytes."""
    # matplotlib would write its version
    figure.savefig(path, format="png", dpi=110, metadata={"Software": None})


def style():
    """A context in which figures do not depend on the user's matplotlib settings."""
    return mpl.rc_context({**{k: v for k, v in mpl.rcParamsDefault.items() if k != "backend"}, "font.size": 10})


def _figure(size: tuple[float, float], settings: dict, clips: int | None = None) -> tuple[Figure, SubFigure]:
    """A figure and the part of it to draw in (of that size in inches); under it stand the protocol and the warnings."""
    width, height = size
    counted = "" if clips is None else f"{clips} test clips, "
    lines = [f"{settings['experiment']}: {counted}protocol {settings['protocol']['name']}", *warnings(settings)]
    text = "\n".join(fill(line, int(width * 13)) for line in lines)
    strip = 0.15 * (text.count("\n") + 1) + 0.15
    figure = Figure(figsize=(width, height + strip), layout="constrained")
    body, foot = figure.subfigures(2, 1, height_ratios=[height, strip])
    bold = "bold" if warnings(settings) else "normal"
    foot.text(0.01, 0.5, text, ha="left", va="center", fontsize=8, fontweight=bold)
    return figure, body


def _curves(axes, history: pd.DataFrame, quantity: str, colour: str, thin=True, network="", marker=None) -> None:
    """Train (dashed) and validation (solid) over epochs; seeds as a band, or folds of one seed as thin lines."""
    for split, line in (("train", "--"), ("validation", "-")):
        if history[f"{split}_{quantity}"].isna().all():  # nobody validated
            continue
        runs = history.pivot_table(index="epoch", columns=["seed", "fold"], values=f"{split}_{quantity}")
        by_seed = runs.dropna().T.groupby(level="seed").mean().T
        if len(by_seed.columns) > 1:
            axes.fill_between(by_seed.index, by_seed.min(axis=1), by_seed.max(axis=1), color=colour, alpha=0.18, lw=0)
        elif thin and len(runs.columns) > 1:
            axes.plot(runs.index, runs, color=colour, linestyle=line, linewidth=0.6, alpha=0.5)
        mean = by_seed.mean(axis=1)
        look = {"color": colour, "linestyle": line, "linewidth": 2, "marker": marker, "markersize": 5, "markevery": 0.1}
        axes.plot(mean.index, mean, label=f"{network}, {split}" if network else split, **look)
    axes.set(xlabel="epoch", ylabel="cross-entropy (nats)" if quantity == "loss" else quantity)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize="small", handlelength=4)


def _gender_lines(axes, overall: pd.DataFrame, modality: str) -> None:
    for (split, gender), part in overall.groupby(["split", "gender"], sort=False):
        if split == "validation" and gender != "all":
            continue
        colour, line = _GENDERS[gender] if split == "test" else ("#8a8a8a", ":")
        label = f"{split}, {gender} (n={part['clips'].iloc[0]})"
        if split == "test" and gender == "all":
            axes.fill_between(part[WEIGHT + modality], part["low"], part["high"], color="#dddddd", lw=0)
            label += ", with its interval over actors"
        axes.plot(part[WEIGHT + modality], part["accuracy"], color=colour, linestyle=line, linewidth=1.8, label=label)


def _range_over_others(axes, everyone: pd.DataFrame, modality: str) -> None:
    span = everyone.groupby(WEIGHT + modality)["accuracy"].agg(["min", "median", "max"])
    count = everyone["clips"].iloc[0]
    axes.fill_between(span.index, span["min"], span["max"], color="#cccccc", label="test, range over the other weights")
    axes.plot(span.index, span["median"], color="black", label=f"test, median over the other weights (n={count})")


def _setting(row: pd.Series, modalities: list[str]) -> str:
    return " + ".join(f"{row[WEIGHT + modality]:g} {modality}" for modality in modalities)
