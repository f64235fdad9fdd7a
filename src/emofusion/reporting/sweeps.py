"""The figure of the sweep: accuracy on test clips against the weight of a modality."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emofusion.evaluation.sweep import WEIGHT
from emofusion.reporting.facts import Facts
from emofusion.reporting.figures import in_percent, new_figure
from emofusion.reporting.known import swept_pool
from emofusion.reporting.wording import ORACLE, percent, weights_in_words

# gender → colour and line; they differ in both, so that they can be told apart in black and white
_GENDERS = {"all": ("#000000", "-"), "male": ("#1b3a6b", "--"), "female": ("#d9822b", "-.")}


def sweep_figure(swept: pd.DataFrame, achieved: float, annotations: pd.DataFrame, facts: Facts) -> Figure:
    """The accuracy on test clips against the weight of a modality.

    Marks show the configured weights and, as an oracle, the best weights on the test clips. With one or two modalities,
    there are lines for everyone, men and women, and a band for the interval of everyone. With more modalities, there is
    a panel for each of them, with the range of the accuracy over the other weights. A rule that finds its own weights
    is a horizontal line in the sweep of its pool.

    Args:
        swept: `tables.SWEEP`.
        achieved: the configured rule's accuracy on all test clips (0–1).
        annotations: `annotations.annotation_table`, which decides among equally accurate weights.
        facts: the facts about the report.
    """
    settings = facts.settings
    pool = swept_pool(settings.rule)
    overall = swept[(swept["emotion"] == "all") & (swept["rule"] == pool)]
    test = overall[overall["split"] == "test"]
    everyone = test[test["gender"] == "all"].reset_index(drop=True)
    modalities = [column.removeprefix(WEIGHT) for column in swept if column.startswith(WEIGHT)]
    clips = int(everyone["clips"].iloc[0])
    panels = modalities[:1] if len(modalities) <= 2 else modalities
    figure, body = new_figure((8 if len(panels) == 1 else 4.6 * len(panels), 6), facts.footer(), clips)
    grid = np.atleast_1d(body.subplots(1, len(panels), sharey=True))
    oracle = annotations[(annotations["annotation"] == "oracle") & (annotations["rule"] == pool)].iloc[0]
    for axes, modality in zip(grid, panels, strict=True):
        if len(panels) == 1:
            _gender_lines(axes, overall, modality)
        else:
            _range_over_others(axes, everyone, modality)
        configured = f"configured ({weights_in_words(settings.rule, settings.weights)}): {percent(achieved)}"
        if settings.rule == pool:
            x = settings.weights[modality]
            axes.axvline(x, color="#8a8a8a", linewidth=1)
            axes.plot([x], [achieved], "D", color="black", markersize=7, label=configured)
        else:
            axes.axhline(achieved, color="#8a8a8a", linewidth=1.5, linestyle=(0, (6, 2)), label=configured)
        best = f"{ORACLE}: {_setting(oracle, modalities)}: {percent(oracle['accuracy'])}"
        hollow = {"markersize": 14, "markerfacecolor": "white", "markeredgecolor": "black", "linestyle": "none"}
        axes.plot([oracle[WEIGHT + modality]], [oracle["accuracy"]], marker="*", label=best, **hollow)
        axes.set(xlabel=f"weight of {modality}", xlim=(-0.02, 1.02))
        in_percent(axes.yaxis)
    grid[0].set_ylabel("accuracy")
    handles, labels = grid[0].get_legend_handles_labels()
    body.legend(handles, labels, loc="outside lower center", handlelength=4, frameon=False)
    body.suptitle(f"Accuracy against weight, {pool} rule, {clips} test clips")
    return figure


def _gender_lines(axes: Axes, overall: pd.DataFrame, modality: str) -> None:
    """Draw accuracy against a modality's weight for everyone, men and women, and for everyone on validation clips."""
    for (split, gender), part in overall.groupby(["split", "gender"], sort=False):
        if split == "validation" and gender != "all":
            continue
        colour, line = _GENDERS[gender] if split == "test" else ("#8a8a8a", ":")
        label = f"{split}, {gender} (n={part['clips'].iloc[0]})"
        if split == "test" and gender == "all":
            axes.fill_between(part[WEIGHT + modality], part["low"], part["high"], color="#dddddd", lw=0)
            label += ", with its interval over actors"
        axes.plot(part[WEIGHT + modality], part["accuracy"], color=colour, linestyle=line, linewidth=1.8, label=label)


def _range_over_others(axes: Axes, everyone: pd.DataFrame, modality: str) -> None:
    """Draw the range and the median of the accuracy over all settings with the same weight of a modality."""
    span = everyone.groupby(WEIGHT + modality)["accuracy"].agg(["min", "median", "max"])
    count = everyone["clips"].iloc[0]
    axes.fill_between(span.index, span["min"], span["max"], color="#cccccc", label="test, range over the other weights")
    axes.plot(span.index, span["median"], color="black", label=f"test, median over the other weights (n={count})")


def _setting(row: pd.Series, modalities: list[str]) -> str:
    """The weights of a row of the sweep in words."""
    return " + ".join(f"{row[WEIGHT + modality]:g} {modality}" for modality in modalities)
