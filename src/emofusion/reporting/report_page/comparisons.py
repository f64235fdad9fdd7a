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
    columns = ["Rule", "Emotion", "Men", "Women", "Gap, points", "p", "p (Holm)", "Gap found with 80% power, points"]
    caption = f"Gender gap: accuracy for men minus accuracy for women, with {context.level} intervals over actors"
    note = (
        "Gap found with 80% power: the gap that a test over these actors finds in four of five studies, estimated, "
        "with its interval. Smaller gaps may be found or missed."
    )
    if any(NONE in (cell.title for cell in row) for row in rows):
        note += f" None: {NONE}."
    return Table("gender", caption, [*columns, "Published gap"], rows, choose=True, note=note)


def narrowed(table: pd.DataFrame, context: Context) -> Table:
    """The table that says whether fusion made the gender gap of a single modality smaller."""
    titles = {"p": "p", "p_max_t": "p, max-T"}
    tests = [name for name in titles if name in table]
    rows = [
        [
            context.rule(row["rule"]),
            context.rule(row["against"]),
            context.emotion(row["emotion"]),
            value(row, "gap_before", points),
            value(row, "gap_after", points),
            value(row, "change", points, ("low", "high")),
            *[value(row, name, probability) for name in tests],
            words(row["verdict"]),
            context.clips(row, row["rule"], row["emotion"]),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Rule", "Against", "Emotion", "Gap before", "Gap after", "Change, points"]
    columns += [*[titles[name] for name in tests], "Verdict", "Clips"]
    caption = f"Did the fusion narrow the gender gap? Change of its size, with {context.level} intervals over actors"
    note = (
        "The verdict follows p, max-T, which is adjusted for all rules and modalities, and for all emotions in the "
        "rows of single emotions. Oracles are chosen on the test clips, so they are not tested."
    )
    return Table("narrowed", caption, columns, rows, choose=True, note=note if tests else "")


def pairs(table: pd.DataFrame, context: Context) -> Table:
    """The table of pairs of rules or modalities, compared on the same clips."""
    titles = {"mcnemar_p": "p, McNemar (clips)", "mcnemar_p_holm": "p, McNemar (Holm)"}
    titles |= {"sign_flip_p": "p, sign flips (actors)", "sign_flip_p_max_t": "p, sign flips (max-T)"}
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
        caption += f"; adjusted for {table['compared'].max()} pairs"
    note = (
        "McNemar's test asks about other clips of these very actors; the sign-flip test asks about other actors. "
        "Oracles are chosen on the test clips, so they are not tested. The table of rules has the tests against the "
        "configured rule alone, adjusted for far fewer comparisons."
    )
    return Table("pairs", caption, [*columns, *[titles[name] for name in tests]], rows, choose=True, note=note)
