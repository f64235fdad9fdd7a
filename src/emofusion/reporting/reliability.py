"""The figure of reliability: accuracy against confidence, a panel for each modality and the fusion."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emofusion.reporting.facts import Footer
from emofusion.reporting.figures import in_percent, new_figure
from emofusion.reporting.wording import heading

SIZES = (20, 260)  # of the dots, in points²


def reliability_figure(bins: pd.DataFrame, systems: dict[str, str], error: dict[str, float], footer: Footer) -> Figure:
    """Draw reliability diagrams. On the diagonal, confidence equals accuracy.

    Args:
        bins: the table `reliability` of the evaluation, with the column `system`.
        systems: system → `fusion` or the modality, in the order of the panels.
        error: system → its expected calibration error, where it was measured.
        footer: what stands below the figure.
    """
    shown = {name: bins[bins["system"] == name] for name in systems}
    clips = max(int(rows["clips"].sum()) for rows in shown.values())
    figure, body = new_figure((3.4 * len(systems) + 0.4, 4.35), footer, clips)
    most = max(rows["clips"].max() for rows in shown.values())
    panels = np.atleast_1d(body.subplots(1, len(systems), sharex=True, sharey=True))
    for axes, (name, rows) in zip(panels, shown.items(), strict=True):
        axes.plot([0, 1], [0, 1], color="#8a8a8a", linestyle="--", linewidth=1)
        axes.vlines(rows["confidence"], rows["low"], rows["high"], color="black", linewidth=1.3)
        size = SIZES[0] + (SIZES[1] - SIZES[0]) * rows["clips"] / most
        axes.scatter(rows["confidence"], rows["accuracy"], s=size, color="#1b3a6b", edgecolor="white", zorder=3)
        measured = f"\nexpected calibration error {error[name]:.3f}" if name in error else ""
        axes.set_title(f"{heading(systems[name])} (n={rows['clips'].sum()}){measured}", fontsize=10)
        axes.set(xlabel="confidence (largest posterior)", xlim=(-0.06, 1.06), ylim=(-0.06, 1.06))
        for axis in (axes.xaxis, axes.yaxis):
            in_percent(axis)
    panels[0].set_ylabel("accuracy")
    body.suptitle("Reliability: larger dots have more clips")
    return figure
