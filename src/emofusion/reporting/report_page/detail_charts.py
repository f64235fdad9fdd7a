"""The charts of actors, classes and reliability, which show the configured rule and the modalities as they are set.

As in `charts`, they are Vega-Lite specifications without data. `details.chart_data` makes the data.
"""

from typing import Any

import altair as alt

from emofusion.reporting.report_page.chart_parts import PERCENT, beside, by_emotion, of_share, spec, tips, whiskers
from emofusion.reporting.report_page.styles import DARK, PALE

_SHAPES = ("circle", "square", "triangle-up", "cross", "diamond", "triangle-down")
_FILLS = (DARK, "white", PALE, "white", "white", "white")


def actors_chart(systems: list[str], rows: int) -> dict[str, Any]:
    """The accuracy of each actor by system, best first. Data: `actors`.

    systems: the labels of the systems, the configured rule first. rows: the number of actors.
    """
    order = alt.EncodingSortField("order", op="min")
    y = alt.Y("actor:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=6))
    base = alt.Chart(alt.NamedData("actors")).encode(y=y)
    legend = alt.Legend(orient="top", title=None, columns=2)
    shape = alt.Scale(domain=systems, range=[_SHAPES[n % len(_SHAPES)] for n in range(len(systems))])
    fill = alt.Scale(domain=systems, range=[_FILLS[n % len(_FILLS)] for n in range(len(systems))])
    dots = base.mark_point(size=70, stroke=DARK, strokeWidth=1.4, opacity=1).encode(
        x=of_share("accuracy"),
        shape=alt.Shape("system:N", scale=shape, legend=legend),
        fill=alt.Fill("system:N", scale=fill, legend=legend),
        tooltip=tips("actor", "system", "text"),
    )
    return spec([dots, beside(base)], 21 * rows, "Accuracy of each actor")


def classes_chart(emotions: list[str], level: str) -> dict[str, Any]:
    """Precision and recall of each class, with intervals. Data: `classes`. level: of the intervals, such as `95%`."""
    figures = ["precision", "recall"]
    offset = alt.YOffset("figure:N", scale=alt.Scale(domain=figures, paddingOuter=0.1))
    base = alt.Chart(alt.NamedData("classes")).encode(y=by_emotion(emotions), yOffset=offset)
    legend = alt.Legend(orient="top", title=None)
    shape = alt.Scale(domain=figures, range=["diamond", "circle"])
    dots = base.mark_point(size=75, stroke=DARK, strokeWidth=1.6, opacity=1).encode(
        x=of_share("value"),
        shape=alt.Shape("figure:N", scale=shape, legend=legend),
        fill=alt.Fill("figure:N", scale=alt.Scale(domain=figures, range=[DARK, "white"]), legend=legend),
        tooltip=tips("emotion", "figure", "text", "between", level=level),
    )
    return spec([whiskers(base), dots, beside(base)], 44 * len(emotions), "Precision and recall of each class")


def reliability_chart(system: str, level: str) -> dict[str, Any]:
    """Accuracy against confidence in bins, with intervals; the diagonal is perfect calibration. Data: `reliability`.

    system: in words. level: of the intervals. The size of a bin is its share of the clips in the fullest one.
    """
    axis = alt.Axis(format=PERCENT, values=[0, 0.25, 0.5, 0.75, 1])
    share = alt.Scale(domain=[0, 1], nice=False)
    base = alt.Chart(alt.NamedData("reliability")).encode(
        x=alt.X("confidence:Q", title="confidence (mean of the bin)", scale=share, axis=axis)
    )
    line = alt.Chart(alt.NamedData("diagonal")).mark_line(color="#8a8a8a", strokeDash=[5, 4])
    y = alt.Y("accuracy:Q", title="accuracy", scale=share, axis=axis)
    layers = [
        line.encode(x=alt.X("confidence:Q"), y=alt.Y("accuracy:Q")),
        base.mark_rule(stroke="black", strokeWidth=1.4).encode(y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_point(fill=DARK, stroke="white", strokeWidth=1, opacity=1).encode(
            y=y,
            size=alt.Size("size:Q", scale=alt.Scale(domain=[0, 1], range=[25, 420]), legend=None),
            tooltip=tips("bin", "text", "between", level=level),
        ),
    ]
    return spec(layers, 300, f"Reliability of {system}")
