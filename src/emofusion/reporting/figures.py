"""The report's figures: the confusion matrix, and functions that all figures share. See also `curves` and `sweeps`.

Each function returns a Matplotlib `Figure` and does not change Matplotlib's global state. Figures are readable in black
and white. Each figure states its number of clips, its protocol and the report's warnings.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from PIL import Image

from emofusion.reporting.facts import Footer
from emofusion.reporting.wording import heading

# Fonts for labels in other scripts. The first one that is installed and has a letter is taken.
FURTHER_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei"),
    *("WenQuanYi Zen Hei", "PingFang SC", "Microsoft YaHei", "SimHei", "Arial Unicode MS", "Unifont"),
)


def confusion_figure(counts: pd.DataFrame, system: str, footer: Footer) -> Figure:
    """A confusion matrix. Shades show shares of a row, and cells show numbers of clips.

    Args:
        counts: the number of clips by true emotion (rows) and predicted emotion (columns), from
            `evaluation.accuracy.confusion`. An emotion without a clip gets no row.
        system: a modality, or `fusion`.
        footer: what stands below the figure.
    """
    counts = counts[counts.sum(axis=1) > 0]
    clips = counts.sum(axis=1)
    figure, body = new_figure((2.6 + 0.62 * len(counts.columns), 2 + 0.55 * len(counts)), footer, clips.sum())
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
    body.colorbar(image, ax=axes, label="share of the row", format=exact_percent)
    return figure


def exact_percent(share: float, place: object = None) -> str:
    """The label of a tick in percent, with all decimals that it needs: ticks may be 2.5 points apart.

    place: the tick's position, which Matplotlib passes too.
    """
    return f"{round(100 * share, 6):g}%".replace("-", "−")


def in_percent(axis: Axis) -> None:
    """Label the ticks of an axis of shares (0–1) in percent."""
    axis.set_major_formatter(exact_percent)


def save(figure: Figure, path: Path) -> None:
    """Write the figure as PNG with 64 colours, in a quarter of the room. The same figure gives the same bytes."""
    # not `savefig`: it draws twice, and packs a picture that would be unpacked again
    figure.set_dpi(110)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    few = drawn.quantize(64, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(path, format="png", optimize=True)


def style() -> AbstractContextManager[None]:
    """A context manager. Within it, figures do not depend on the user's Matplotlib settings."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    own: dict[Any, Any] = {
        "font.size": 10,
        "font.family": ["DejaVu Sans", *(name for name in FURTHER_FONTS if name in installed)],
        "text.parse_math": False,  # a dollar sign in a label is no formula
    }
    return mpl.rc_context({**{k: v for k, v in mpl.rcParamsDefault.items() if k != "backend"}, **own})


def new_figure(size: tuple[float, float], footer: Footer, clips: int | None = None) -> tuple[Figure, SubFigure]:
    """A figure, and its upper area to draw in.

    Below this area, the figure shows the number of clips and the footer.

    Args:
        size: width and height of the area in inches.
        footer: what stands below the figure.
        clips: the number of test clips, if it is to be shown.
    """
    width, height = size
    counted = "" if clips is None else f"{clips} test clips, "
    lines = [f"{footer.experiment}: {counted}protocol {footer.protocol}", *footer.warnings]
    text = "\n".join(fill(line, int(width * 13)) for line in lines)
    strip = 0.15 * (text.count("\n") + 1) + 0.15
    figure = Figure(figsize=(width, height + strip), layout="constrained")
    areas: Any = figure.subfigures(2, 1, height_ratios=[height, strip])
    body, foot = areas
    bold = "bold" if footer.warnings else "normal"
    foot.text(0.01, 0.5, text, ha="left", va="center", fontsize=8, fontweight=bold)
    return figure, body
