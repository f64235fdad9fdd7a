"""The page's tables that compare: men with women, fusion with a modality, and one rule with another."""

from dataclasses import replace

import pandas as pd

from emofusion.reporting.numbers import points, probability, share
from emofusion.reporting.report_page.cells import (
    NONE,
    Context,
    Table,
    minimum_detectable_gap,
    value,
    whole,
    words,
)


def gender(table: pd.DataFrame, context: Context) -> Table:
    """The table of the gender gap by rule and emotion, with the published gap."""
    rows = [
        [
            context.rule(row["rule"]),
            context.emotion(row["emotion"]),
            *[replace(value(row, name, share), beside=f"n={row[f'{name}_clips']:.0f}") for name in ("male", "female")],
            value(row, "gap", points, ("low", "high")),
            value(row, "p", probability),
            value(row, "p_holm", probability),
            minimum_detectable_gap(row),
            context.printed(row["rule"], "gap", row["emotion"], points),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Rule", "Emotion", "Men", "Women", "Gap, points", "p", "p (Holm)", "Smallest gap to detect, points"]
    caption = f"Gender gap: accuracy for men minus accuracy for women, with {context.level} intervals over actors"
    note = f"Smallest gap to detect, none: {NONE}." if any(NONE in (cell.title for cell in row) for row in rows) else ""
    return Table("gender", caption, [*columns, "Published gap"], rows, choose=True, note=note)


def narrowed(table: pd.DataFrame, context: Context) -> Table:
    """The table that says whether fusion made the gender gap of a single modality smaller."""
    rows = [
        [
            context.rule(row["rule"]),
            context.rule(row["against"]),
            context.emotion(row["emotion"]),
            value(row, "gap_before", points),
            value(row, "gap_after", points),
            value(row, "change", points, ("low", "high")),
            words(row["verdict"]),
            context.clips(row, row["rule"], row["emotion"]),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Rule", "Against", "Emotion", "Gap before", "Gap after", "Change, points", "Verdict", "Clips"]
    caption = f"Did the fusion narrow the gender gap? Change of its size, with {context.level} intervals over actors"
    return Table("narrowed", caption, columns, rows, choose=True)


def pairs(table: pd.DataFrame, context: Context) -> Table:
    """The table of pairs of rules or modalities, compared on the same clips."""
    titles = {"mcnemar_p": "p, McNemar (clips)", "mcnemar_p_holm": "p, McNemar (Holm)"}
    titles |= {"sign_flip_p": "p, sign flips (actors)", "sign_flip_p_holm": "p, sign flips (Holm)"}
    tests = [name for name in titles if name in table]
    rows = [
        [
            context.rule(row["first"]),
            context.rule(row["second"]),
            value(row, "difference", points, ("low", "high")),
            context.clips(row, row["first"]),
            whole(row["only_first"]),
            whole(row["only_second"]),
            *[value(row, name, probability) for name in tests],
        ]
        for row in table.to_dict("records")
    ]
    columns = [
        "First",
        "Second",
        "Difference, points",
        "Clips",
        "Clips only the first recognised",
        "Clips only the second recognised",
    ]
    caption = f"Pairs on the same clips: difference in accuracy, with {context.level} intervals over actors"
    if "compared" in table:
        caption += f"; Holm's correction is for {table['compared'].iloc[0]} pairs"
    return Table("pairs", caption, [*columns, *[titles[name] for name in tests]], rows, choose=True)
