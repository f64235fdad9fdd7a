"""The styles of lines and annotations, for the charts and for the legend that the page draws in HTML."""

from typing import TypedDict

DARK, WARM, PALE, GREY = "#14284d", "#b8620e", "#c9d1de", "#6f6f6f"
STAR = "M0,-1.2L0.3,-0.4L1.15,-0.37L0.48,0.15L0.7,0.97L0,0.5L-0.7,0.97L-0.48,0.15L-1.15,-0.37L-0.3,-0.4Z"


class AnnotationStyle(TypedDict):
    """path: the shape as an SVG path around 0 with a radius of 1. fill: its colour. size: its area in Vega in px²."""

    path: str
    fill: str
    size: int


class LineStyle(TypedDict):
    """tint: the line's colour. dash: the lengths of strokes and gaps in px."""

    tint: str
    dash: list[int]


ANNOTATIONS: dict[str, AnnotationStyle] = {
    "configured": {"path": "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0Z", "fill": "black", "size": 70},
    "tuned": {"path": "M-1,-1H1V1H-1Z", "fill": "white", "size": 130},
    "oracle": {"path": STAR, "fill": "white", "size": 420},
    "paper": {"path": "M0,-1L1,0L0,1L-1,0Z", "fill": "white", "size": 420},
}


def line_styles(rules: list[str]) -> dict[str, LineStyle]:
    """Name of a line → its style. The names are `<rule>, test` and `<rule>, validation`."""
    tints = {"test": (DARK, WARM, "#2f7d5b"), "validation": (GREY,) * 3}
    # each line has its own dash, because colours cannot be told apart in black and white
    dashes = {"test": ([1, 0], [8, 4], [3, 2]), "validation": ([1, 3], [9, 3, 1, 3], [5, 2, 1, 2, 1, 2])}
    return {
        f"{rule}, {split}": {"tint": tints[split][i % 3], "dash": dashes[split][i % 3]}
        for split in ("test", "validation")
        for i, rule in enumerate(rules)
    }


# What all charts have in common.
CONFIG = {
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": "#e4e4e4"},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "labelLimit": 320, "symbolStrokeWidth": 2},
    "text": {"fontSize": 12},
}
