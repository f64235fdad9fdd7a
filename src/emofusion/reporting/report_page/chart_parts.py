"""What the page's charts have in common: axes, whiskers, text beside bars, tooltips."""

import altair as alt

_SHARES = [0, 0.25, 0.5, 0.75, 1]
# room on the right for "100.00% (192/192)"
_BESIDE = alt.Scale(domain=[0, 1.62], nice=False)


def by_emotion(emotions: list[str]) -> alt.Y:
    """A row an emotion."""
    return alt.Y(
        "emotion:N",
        scale=alt.Scale(domain=emotions),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelPadding=6),
    )


def of_share(field: str) -> alt.X:
    """A share, on a scale with room for text beside it."""
    return alt.X(f"{field}:Q", title=None, scale=_BESIDE, axis=alt.Axis(format=".0%", values=_SHARES, domain=False))


def whiskers(base: alt.Chart) -> alt.Chart:
    """Intervals."""
    return base.mark_rule(stroke="black", strokeWidth=1.6).encode(x=alt.X("low:Q"), x2="high:Q")


def beside(base: alt.Chart) -> alt.Chart:
    """The numbers on the right."""
    return base.mark_text(align="right").encode(x=alt.value("width"), text="text:N")


def tips(*fields: str, level: str = "") -> list[alt.Tooltip]:
    """What a chart says on a mark that is pointed at."""
    titles = {"text": "value (clips)", "between": f"{level} interval", "printed": "published"}
    return [alt.Tooltip(f"{field}:N", title=titles.get(field, field)) for field in fields]


def spec(layers: list[alt.Chart], height: int, description: str) -> dict:
    """The layers as Vega-Lite, as wide as there is room."""
    chart = alt.layer(*layers).properties(width="container", height=height, description=description)
    # the address of a schema would be the only one on the page, and its settings are given to all charts at once
    return {name: part for name, part in chart.to_dict().items() if name not in ("$schema", "config")}
