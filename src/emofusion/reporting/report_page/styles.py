"""How lines and marks look, for the charts and for the key that the page has in HTML."""

DARK, WARM, PALE, GREY = "#14284d", "#b8620e", "#c9d1de", "#6f6f6f"
STAR = "M0,-1.2L0.3,-0.4L1.15,-0.37L0.48,0.15L0.7,0.97L0,0.5L-0.7,0.97L-0.48,0.15L-1.15,-0.37L-0.3,-0.4Z"
# shapes as paths around 0 with a radius of 1, so that the key in HTML can draw them as well
MARKS = {
    "configured": {"path": "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0Z", "fill": "black", "size": 70},
    "chosen": {"path": "M-1,-1H1V1H-1Z", "fill": "white", "size": 130},
    "oracle": {"path": STAR, "fill": "white", "size": 420},
    "paper": {"path": "M0,-1L1,0L0,1L-1,0Z", "fill": "white", "size": 420},
}


def line_looks(rules: list[str]) -> dict[str, dict]:
    """The lines of a rule on test and on validation clips → `tint` and `dash`."""
    tints = {"test": (DARK, WARM, "#2f7d5b"), "validation": (GREY,) * 3}
    # no two alike, as tints are lost in black and white
    dashes = {"test": ([1, 0], [8, 4], [3, 2]), "validation": ([1, 3], [9, 3, 1, 3], [5, 2, 1, 2, 1, 2])}
    return {
        f"{rule}, {split}": {"tint": tints[split][i % 3], "dash": dashes[split][i % 3]}
        for split in ("test", "validation")
        for i, rule in enumerate(rules)
    }
