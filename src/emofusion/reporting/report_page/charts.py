"""The page's charts as Vega-Lite specifications without data. `page.js` adds the named data for each setting.

Series differ in lightness, dash and shape, so that the charts are readable in black and white. Every share is shown
with its count. In all functions, `level` is the level of the intervals, such as `95%`.
"""

from typing import Any

import altair as alt

from emofusion.reporting.report_page.chart_parts import PERCENT, beside, by_emotion, of_share, spec, tips, whiskers
from emofusion.reporting.report_page.styles import DARK, PALE, STAR, WARM, AnnotationStyle, LineStyle


def curve_chart(
    modality: str,
    styles: dict[str, LineStyle],
    annotations: dict[str, AnnotationStyle],
    span: list[float],
    several: bool,
) -> dict[str, Any]:
    """Accuracy against the weight of a modality. Data: `curve`, `annotations`, `here`.

    The chart has no legend, because the page draws one in HTML.

    Args:
        modality: the name of the modality.
        styles: see `styles.line_styles`.
        annotations: annotation → its style, see `styles.ANNOTATIONS`.
        span: both ends of the scale of accuracy.
        several: whether there are more than two modalities. Lines and band then show the range over the other weights.
    """
    x = alt.X("weight:Q", title=f"weight of {modality}", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5))
    title = "accuracy, range over the other weights" if several else "accuracy"
    y = alt.Y("accuracy:Q", title=title, axis=alt.Axis(format=PERCENT), scale=alt.Scale(domain=span, zero=False))
    lines = list(styles)
    tint = alt.Scale(domain=lines, range=[style["tint"] for style in styles.values()])
    dash = alt.Scale(domain=lines, range=[style["dash"] for style in styles.values()])
    stroke = alt.StrokeDash("line:N", scale=dash, legend=None)
    curve = alt.Chart(alt.NamedData("curve")).encode(x=x, color=alt.Color("line:N", scale=tint, legend=None))
    drawn = [alt.Y("low:Q", title=title), alt.Y("high:Q", title=title)] if several else [y]
    shape = alt.Scale(domain=list(annotations), range=[style["path"] for style in annotations.values()])
    fill = alt.Scale(domain=list(annotations), range=[style["fill"] for style in annotations.values()])
    here = alt.Chart(alt.NamedData("here")).encode(x=x)
    layers = [
        curve.mark_area(opacity=0.16).encode(y=alt.Y("low:Q", title=title), y2="high:Q"),
        *[
            curve.mark_line(strokeWidth=2).encode(y=end, strokeDash=stroke, tooltip=tips("line", "weight", "text"))
            for end in drawn
        ],
        here.mark_rule(color="black", strokeWidth=1.5),
        here.mark_point(fill="black", stroke="black", size=90, shape="triangle-down", opacity=1).encode(y=alt.value(0)),
        here.mark_point(fill="black", stroke="white", size=60, shape="circle", opacity=1).encode(y=y),
        alt.Chart(alt.NamedData("annotations"))
        .mark_point(stroke="black", strokeWidth=1.6, opacity=1)
        .encode(
            x=x,
            y=y,
            size=alt.Size("size:Q", scale=None),
            shape=alt.Shape("annotation:N", scale=shape, legend=None),
            fill=alt.Fill("annotation:N", scale=fill, legend=None),
            tooltip=tips("name", "text"),
        ),
    ]
    return spec(layers, 300, f"Accuracy against the weight of {modality}")


def emotion_chart(emotions: list[str], level: str) -> dict[str, Any]:
    """Accuracy by emotion as bars with intervals and published values. Data: `emotions`."""
    base = alt.Chart(alt.NamedData("emotions")).encode(y=by_emotion(emotions))
    bars = base.mark_bar(color=PALE, stroke=DARK, height=16).encode(
        x=of_share("accuracy"), tooltip=tips("emotion", "text", "between", "printed", level=level)
    )
    ticks = base.mark_tick(color=WARM, thickness=4, height=24, opacity=1).encode(x=alt.X("published:Q"))
    return spec([bars, whiskers(base), ticks, beside(base)], 34 * len(emotions), "Accuracy by emotion")


def people_chart(emotions: list[str], level: str) -> dict[str, Any]:
    """Accuracy of men and of women by emotion, with intervals and published values. Data: `people`."""
    offset = alt.YOffset("gender:N", scale=alt.Scale(domain=["men", "women"], paddingOuter=0.1))
    base = alt.Chart(alt.NamedData("people")).encode(y=by_emotion(emotions), yOffset=offset)
    domain = alt.Scale(domain=["men", "women"], range=["square", "circle"])
    legend = alt.Legend(orient="top", title=None)
    dots = base.mark_point(size=75, stroke=DARK, strokeWidth=1.6, opacity=1).encode(
        x=of_share("accuracy"),
        shape=alt.Shape("gender:N", scale=domain, legend=legend),
        fill=alt.Fill("gender:N", scale=alt.Scale(domain=["men", "women"], range=[DARK, "white"]), legend=legend),
        tooltip=tips("emotion", "gender", "text", "between", "printed", level=level),
    )
    ticks = base.mark_tick(color=WARM, thickness=4, height=17, opacity=1).encode(x=alt.X("published:Q"))
    return spec([whiskers(base), ticks, dots, beside(base)], 44 * len(emotions), "Accuracy of men and of women")


def gap_chart(emotions: list[str], reach: float, level: str) -> dict[str, Any]:
    """Accuracy for men minus accuracy for women by emotion, with intervals and published gaps. Data: `gaps`.

    reach: the end of the scale in points. It is the same for all settings, so that it does not move with the slider.
    """
    base = alt.Chart(alt.NamedData("gaps")).encode(y=by_emotion(emotions))
    x = alt.X(
        "gap:Q",
        title="← women better · points · men better →",
        axis=alt.Axis(tickCount=5, labelExpr="(datum.value > 0 ? '+' : datum.value < 0 ? '−' : '') + abs(datum.value)"),
        scale=alt.Scale(domain=[-reach, reach], nice=False),
    )
    words = base.encode(x=alt.value("width"), text="text:N")
    low: dict[str, Any] = {"yOffset": 7}
    layers = [
        alt.Chart(alt.NamedData("gaps")).mark_rule(color="black").encode(x=alt.XDatum(0)),
        base.mark_rule(stroke="black", strokeWidth=1.6, **low).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_tick(color=WARM, thickness=4, height=20, opacity=1, **low).encode(x=alt.X("published:Q")),
        base.mark_point(fill=DARK, stroke="white", size=190, strokeWidth=1, opacity=1, shape="diamond", **low).encode(
            x=x, tooltip=tips("emotion", "text", "between", "printed", level=level)
        ),
        # a white outline, because the text may be on the line at 0
        words.mark_text(align="right", dy=-8, stroke="white", strokeWidth=4),
        words.mark_text(align="right", dy=-8),
    ]
    return spec(layers, 38 * len(emotions), "Gender gap by emotion")


def confusion_chart(emotions: list[str]) -> dict[str, Any]:
    """Clips by emotion and predicted emotion; shades are shares of a row. Data: `confusion`."""
    order = alt.EncodingSortField("order", op="min")
    base = alt.Chart(alt.NamedData("confusion")).encode(
        x=alt.X("predicted:N", sort=emotions, title="predicted emotion", axis=alt.Axis(labelAngle=-45)),
        y=alt.Y("shown:N", sort=order, title=None, axis=alt.Axis(labelLimit=140)),
    )
    boxes = base.mark_rect(stroke="#bbbbbb", strokeWidth=0.5).encode(
        color=alt.Color(
            "share:Q", scale=alt.Scale(domain=[0, 1], range=["#ffffff", "#111111"], interpolate="rgb"), legend=None
        ),
        tooltip=tips("emotion", "predicted", "text"),
    )
    ink = alt.condition("datum.share > 0.45", alt.value("white"), alt.value("black"))
    return spec(
        [boxes, base.mark_text(fontSize=13).encode(text="clips:Q", color=ink)], 36 * len(emotions), "Confusion matrix"
    )


def rules_chart(kinds: list[str], rows: int, span: list[float], level: str) -> dict[str, Any]:
    """Rules and modalities by accuracy, with intervals. Data: `rules`."""
    shapes = {"modality": "square", "rule": "circle", "baseline": "diamond", "oracle": STAR, "reference": "cross"}
    fills = {"modality": PALE, "rule": DARK, "baseline": "white", "oracle": "white", "reference": "white"}
    order = alt.EncodingSortField("order", op="min")
    base = alt.Chart(alt.NamedData("rules")).encode(y=alt.Y("label:N", sort=order, axis=None))
    legend = alt.Legend(orient="bottom", title=None, columns=4)
    low: dict[str, Any] = {"yOffset": 9}
    x = alt.X(
        "accuracy:Q",
        title="accuracy",
        axis=alt.Axis(format=PERCENT, tickCount=6),
        scale=alt.Scale(domain=span, zero=False),
    )
    layers = [
        base.mark_rule(color="#e4e4e4", **low).encode(x=alt.value(0), x2=alt.value("width")),
        base.mark_rule(stroke="black", strokeWidth=1.6, **low).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(size=110, stroke="black", strokeWidth=1.4, opacity=1, **low).encode(
            x=x,
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=[shapes[k] for k in kinds]), legend=legend),
            fill=alt.Fill("kind:N", scale=alt.Scale(domain=kinds, range=[fills[k] for k in kinds]), legend=legend),
            tooltip=tips("label", "text", "between", level=level),
        ),
        base.mark_text(align="left", dy=-8, limit=alt.ExprRef("width - 110")).encode(x=alt.value(0), text="label:N"),
        base.mark_text(align="right", dy=-8).encode(x=alt.value("width"), text="text:N"),
    ]
    return spec(layers, 40 * rows, "Accuracy of every rule and modality")


def robustness_chart(modalities: list[str], span: list[float], level: str) -> dict[str, Any]:
    """The configured rule's accuracy against the share of clips that lack a modality. Data: `robustness`.

    span: both ends of the scale of accuracy.
    """
    dashes = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4]]
    tints = [DARK, WARM, "#555555", "#888888", "#000000"]
    number = len(modalities)
    tint = alt.Scale(domain=modalities, range=[tints[n % len(tints)] for n in range(number)])
    stroke = alt.Scale(domain=modalities, range=[dashes[n % len(dashes)] for n in range(number)])
    legend = alt.Legend(orient="top", title="removed", symbolStrokeWidth=2, symbolOpacity=1)
    base = alt.Chart(alt.NamedData("robustness")).encode(
        x=alt.X("share:Q", title="share of its clips that is removed", axis=alt.Axis(format=PERCENT, tickCount=10)),
        color=alt.Color("lacking:N", scale=tint, legend=legend),
    )
    y = alt.Y("accuracy:Q", title="accuracy", axis=alt.Axis(format=PERCENT), scale=alt.Scale(domain=span, zero=False))
    dash = alt.StrokeDash("lacking:N", scale=stroke, legend=legend)
    tip = tips("lacking", "text", "between", level=level)
    layers = [
        base.mark_area(opacity=0.14).encode(y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_line(strokeWidth=2).encode(y=y, strokeDash=dash),
        base.mark_point(size=45, filled=True, opacity=1).encode(y=y, tooltip=tip),
    ]
    return spec(layers, 280, "Accuracy against the share of clips that lack a modality")
