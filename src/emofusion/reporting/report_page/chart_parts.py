"""Parts that the page's charts share: axes, whiskers, text beside bars, tooltips."""

from typing import Any

import altair as alt

# a share on an axis, with the decimals that it needs and no more
PERCENT = ".4~%"
_SHARES = [0, 0.25, 0.5, 0.75, 1]
# room on the right for "100.00% (192/192)"
_BESIDE = alt.Scale(domain=[0, 1.62], nice=False)


def by_emotion(emotions: list[str]) -> alt.Y:
    """A vertical axis with one row for each emotion."""
    return alt.Y(
        "emotion:N",
        scale=alt.Scale(domain=emotions),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelPadding=6),
    )


def of_share(field: str) -> alt.X:
    """A horizontal axis for a share (0–1), with space for text on the right."""
    return alt.X(f"{field}:Q", title=None, scale=_BESIDE, axis=alt.Axis(format=PERCENT, values=_SHARES, domain=False))


def whiskers(base: alt.Chart) -> alt.Chart:
    """Lines from `low` to `high`, the ends of intervals."""
    lines: alt.Chart = base.mark_rule(stroke="black", strokeWidth=1.6).encode(x=alt.X("low:Q"), x2="high:Q")
    return lines


def beside(base: alt.Chart) -> alt.Chart:
    """The text of each row, at the right edge."""
    text: alt.Chart = base.mark_text(align="right").encode(x=alt.value("width"), text="text:N")
    return text


def tips(*fields: str, level: str = "") -> list[alt.Tooltip]:
    """The fields that a tooltip shows, with their titles."""
    titles = {"text": "value (clips)", "between": f"{level} interval", "printed": "published"}
    return [alt.Tooltip(f"{field}:N", title=titles.get(field, field)) for field in fields]


def spec(layers: list[alt.Chart], height: int, description: str) -> dict[str, Any]:
    """The layers as one Vega-Lite specification that is as wide as its container; height in px."""
    chart = alt.layer(*layers).properties(width="container", height=height, description=description)
    # without the schema's address, so that the page has no address, and without settings that all charts share
    return {name: value for name, value in chart.to_dict().items() if name not in ("$schema", "config")}
