"""The page's tables of groups besides gender, such as age bands or languages."""

from dataclasses import replace

import pandas as pd

from emofusion.reporting.numbers import number, points, probability, share
from emofusion.reporting.report_page.cells import Context, Table, value, whole, words

WITHIN = (
    "A group of people, such as an age band, is compared over people, and one that varies within people, such as an "
    "intensity, within people. Tests are over actors."
)

TWO = 2
OF_PAIRS = (
    "Differences of more than two levels have no interval. The table of gaps between levels has one for each pair."
)

MOST_ROWS = 1500  # of a table on the page; with more, only the configured rule and the modalities are shown


def _shown(table: pd.DataFrame, context: Context) -> tuple[pd.DataFrame, str]:
    """The rows that the page shows of a table, and a remark where they are not all of them."""
    if len(table) <= MOST_ROWS:
        return table, ""
    remark = "The page shows the configured rule and the modalities; the file beside it has all rules."
    return table[table["rule"].isin(context.systems)], remark


def groups(table: pd.DataFrame, context: Context) -> Table:
    """The table of accuracies by level of each group."""
    table, remark = _shown(table, context)
    rows = [
        [
            words(row["group"]),
            words(row["level"]),
            context.rule(row["rule"]),
            context.emotion(row["emotion"]),
            whole(row["clips"]),
            whole(row["actors"]),
            value(row, "accuracy", share, ("low", "high")),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Group", "Level", "Rule", "Emotion", "Clips", "Actors", "Accuracy"]
    caption = f"Accuracy by group, with {context.level} intervals over actors"
    return Table("groups", caption, columns, rows, choose=True, note=remark)


def group_gaps(table: pd.DataFrame, context: Context) -> Table:
    """The table of the gaps between two levels."""
    table, remark = _shown(table, context)
    rows = [
        [
            words(row["group"]),
            words(row["first"]),
            words(row["second"]),
            context.rule(row["rule"]),
            context.emotion(row["emotion"]),
            *[
                replace(value(row, f"{side}_accuracy", share), beside=f"n={row[f'{side}_clips']:.0f}")
                for side in ("first", "second")
            ],
            value(row, "gap", points, ("low", "high")),
            value(row, "p", probability),
            value(row, "p_holm", probability),
            value(row, "minimum_detectable_gap", share),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Group", "First", "Second", "Rule", "Emotion", "Accuracy, first", "Accuracy, second", "Gap, points", "p"]
    columns += ["p (Holm)", "Gap found with 80% power, points"]
    caption = f"Gaps between levels: accuracy of the first minus the second, with {context.level} intervals over actors"
    return Table("group_gaps", caption, columns, rows, choose=True, note=f"{WITHIN} {remark}".strip())


def group_tests(table: pd.DataFrame, context: Context) -> Table:
    """The table of the tests of all levels of a group together."""
    rows = [
        [
            words(row["group"]),
            context.rule(row["rule"]),
            context.emotion(row["emotion"]),
            whole(row["levels"]),
            value(row, "spread", points),
            value(row, "p", probability),
            value(row, "p_holm", probability),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Group", "Rule", "Emotion", "Levels", "Largest minus smallest, points", "p", "p (Holm)"]
    return Table("group_tests", "All levels of a group together", columns, rows, choose=True, note=WITHIN)


def group_fairness(table: pd.DataFrame, context: Context) -> Table:
    """The table of fairness metrics for the levels of each group."""
    table, remark = _shown(table, context)
    rows = [
        [
            words(row["group"]),
            context.rule(row["rule"]),
            context.emotion(row["emotion"]),
            words(row["metric"]),
            whole(row["levels"]),
            value(row, "value", number, ("low", "high")),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Group", "Rule", "Emotion", "Measure", "Levels", "Value"]
    caption = f"Measures of fairness between the levels of a group, with {context.level} intervals over actors"
    note = OF_PAIRS if (table["levels"] > TWO).any() else ""
    return Table("group_fairness", caption, columns, rows, choose=True, note=f"{note} {remark}".strip())
