"""The page's tables, each row of them from a row of a CSV."""

from dataclasses import replace

import pandas as pd

from emofusion.reporting.report_page.annotated import figures_of, mark_name
from emofusion.reporting.report_page.cells import NONE, Cell, Context, Table, detectable, emotion, value, whole, words
from emofusion.reporting.report_page.grid import weight_columns
from emofusion.reporting.report_page.numbers import level, number, points, probability, share

GENDERS = {"all": "everyone", "male": "men", "female": "women"}
CALIBRATION = {
    "log_loss": ("Log loss, nats", number),
    "brier": ("Brier score", number),
    "calibration_error": ("Calibration error", share),
}


def build_tables(tables: dict[str, pd.DataFrame], published: dict, settings: dict) -> list[Table]:
    """Every table of the page for which there are rows, in their order on the page.

    published: `store.published_values`.
    """
    labels = tables["rules"].set_index("rule")["label"].to_dict()
    counts = tables["subsets"].set_index(["rule", "gender", "emotion"])["clips"].to_dict()
    context = Context(labels, published, settings["modalities"], counts, level(settings["confidence"]))
    builders = (rules, subsets, gender, narrowed, pairs, fairness, marks)
    return [
        build(tables[build.__name__], context)
        for build in builders
        if build.__name__ in tables and len(tables[build.__name__])
    ]


def rules(table: pd.DataFrame, context: Context) -> Table:
    """One row a rule or modality, best first."""
    shown = {
        "accuracy": ("Accuracy", share),
        "unweighted_average_recall": ("Unweighted average recall", share),
        "macro_f1": ("Macro F1", share),
        "gender_gap": ("Gender gap, points", points),
        "gender_gap_p": ("p of the gap", probability),
        **CALIBRATION,
    }
    shown = {name: how for name, how in shown.items() if name in table}
    rows = [
        [
            context.rule(row["rule"]),
            words(row["kind"]),
            words(row["fitted_on"]),
            whole(row["clips"]),
            whole(row["actors"]),
            *[value(row, name, how) for name, (_, how) in shown.items()],
        ]
        for _, row in table.sort_values("accuracy", ascending=False, kind="stable").iterrows()
    ]
    columns = ["Rule", "Kind", "Fitted on", "Clips", "Actors", *[title for title, _ in shown.values()]]
    return Table("rules", f"Every rule and modality, with {context.level} intervals", columns, rows)


def subsets(table: pd.DataFrame, context: Context) -> Table:
    """Accuracy by rule, gender and emotion beside the published values, and the calibration where it is known."""
    shown = {name: how for name, how in CALIBRATION.items() if name in table}
    rows = [
        [
            context.rule(row["rule"]),
            words(GENDERS.get(row["gender"], row["gender"])),
            emotion(row["emotion"]),
            whole(row["correct"]),
            whole(row["clips"]),
            whole(row["actors"]),
            value(row, "accuracy", share, ("low", "high")),
            context.printed(row["rule"], row["gender"], row["emotion"]),
            *[value(row, name, how) for name, (_, how) in shown.items()],
        ]
        for _, row in table.iterrows()
    ]
    columns = ["Rule", "Of", "Emotion", "Recognised", "Clips", "Actors", "Accuracy", "Published"]
    columns += [title for title, _ in shown.values()]
    caption = f"Accuracy by emotion and gender, with {context.level} intervals"
    return Table("subsets", caption, columns, rows, choose=True)


def gender(table: pd.DataFrame, context: Context) -> Table:
    """The gender gap by rule and emotion beside the published one."""
    rows = [
        [
            context.rule(row["rule"]),
            emotion(row["emotion"]),
            *[replace(value(row, name, share), beside=f"n={row[f'{name}_clips']:.0f}") for name in ("male", "female")],
            value(row, "gap", points, ("low", "high")),
            value(row, "p", probability),
            value(row, "p_holm", probability),
            detectable(row),
            context.printed(row["rule"], "gap", row["emotion"], points),
        ]
        for _, row in table.iterrows()
    ]
    columns = ["Rule", "Emotion", "Men", "Women", "Gap, points", "p", "p (Holm)", "Smallest gap to detect, points"]
    caption = f"Gender gap: men's accuracy minus women's, with {context.level} intervals over actors"
    note = f"Smallest gap to detect, none: {NONE}." if any(NONE in (cell.title for cell in row) for row in rows) else ""
    return Table("gender", caption, [*columns, "Published gap"], rows, choose=True, note=note)


def narrowed(table: pd.DataFrame, context: Context) -> Table:
    """Whether fusing made the gap smaller."""
    rows = [
        [
            context.rule(row["rule"]),
            context.rule(row["against"]),
            emotion(row["emotion"]),
            value(row, "gap_before", points),
            value(row, "gap_after", points),
            value(row, "change", points, ("low", "high")),
            words(row["verdict"]),
            context.clips(row, row["rule"], row["emotion"]),
        ]
        for _, row in table.iterrows()
    ]
    columns = ["Rule", "Against", "Emotion", "Gap before", "Gap after", "Change, points", "Verdict", "Clips"]
    caption = f"Did the fusion narrow the gender gap? Change of its size, with {context.level} intervals over actors"
    return Table("narrowed", caption, columns, rows, choose=True)


def pairs(table: pd.DataFrame, context: Context) -> Table:
    """Two rules or modalities against each other, on the same clips."""
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
        for _, row in table.iterrows()
    ]
    columns = [
        "First",
        "Second",
        "Difference, points",
        "Clips",
        "Clips only the first had",
        "Clips only the second had",
    ]
    caption = f"Pairs on the same clips: difference in accuracy, with {context.level} intervals over actors"
    if "compared" in table:
        caption += f"; Holm's correction is for {table['compared'].iloc[0]} pairs"
    return Table("pairs", caption, [*columns, *[titles[name] for name in tests]], rows, choose=True)


def fairness(table: pd.DataFrame, context: Context) -> Table:
    """Measures of fairness between men and women."""
    rows = [
        [
            context.rule(row["rule"]),
            emotion(row["emotion"]),
            words(row["metric"]),
            value(row, "value", number),
            context.clips(row, row["rule"], row["emotion"]),
        ]
        for _, row in table.iterrows()
    ]
    caption = "Measures of fairness between men and women"
    return Table("fairness", caption, ["Rule", "Emotion", "Measure", "Value", "Clips"], rows, choose=True)


def marks(table: pd.DataFrame, context: Context) -> Table:
    """The marked settings."""
    weights = weight_columns(context.modalities)
    rows = [
        [
            words(mark_name(row, weights)),
            words(row["rule"]),
            _figures(row, context),
            *[Cell(number(row[name]), sort="" if pd.isna(row[name]) else repr(row[name])) for name in weights],
            value(row, "accuracy", share),
            context.clips(row, figures_of(row)),
            words(row["note"]),
        ]
        for _, row in table.iterrows()
    ]
    titles = [f"Weight of {name}" for name in context.modalities]
    columns = ["Setting", "On the line of", "Figures of", *titles, "Accuracy", "Clips", "Note"]
    return Table("marks", "The marked settings", columns, rows)


def _figures(row: pd.Series, context: Context) -> Cell:
    """What a mark shows the figures of; the label of a pool is of its set weights, a mark may be of others."""
    own = figures_of(row)
    return words(f"{own} at these weights") if own == row["rule"] else context.rule(own)
