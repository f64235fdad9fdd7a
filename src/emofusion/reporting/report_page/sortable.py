"""The tables of the page. Each row shows a row of a CSV file."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from emofusion.reporting.details import systems_of
from emofusion.reporting.facts import Facts
from emofusion.reporting.known import is_over_emotions, is_share, metric_label, metric_names
from emofusion.reporting.numbers import level, number, points, probability, share
from emofusion.reporting.report_page.annotations import annotation_name, rule_shown
from emofusion.reporting.report_page.cells import (
    Cell,
    Context,
    Table,
    value,
    whole,
    words,
)
from emofusion.reporting.report_page.comparisons import gender, narrowed, pairs
from emofusion.reporting.report_page.detail_tables import actors, beside, classes, folds, reliability, variance
from emofusion.reporting.report_page.grid import weight_columns
from emofusion.reporting.report_page.groups import group_fairness, group_gaps, group_tests, groups

GENDERS = {"all": "everyone", "male": "men", "female": "women"}
# name of a column → its heading, and the function that turns its numbers into text
Shown = dict[str, tuple[str, Callable[[float], str]]]


def build_tables(tables: dict[str, pd.DataFrame], published: dict[str, Any], facts: Facts) -> list[Table]:
    """The tables of the page that have rows, in the page's order.

    Args:
        tables: see `report_page.page`.
        published: see `store.published_values`.
        facts: the facts about the report.
    """
    settings = facts.settings
    labels = tables["rules"].set_index("rule")["label"].to_dict()
    counts = tables["subsets"].set_index(["rule", "gender", "emotion"])["clips"].to_dict()
    shown_level, metrics = level(settings.confidence), metric_names(settings.metrics)
    context = Context(
        *(labels, published, settings.modalities, counts, shown_level, metrics, settings.classes),
        systems_of(settings),
    )
    of_gender, of_groups = (rules, gender, narrowed, fairness), (group_gaps, group_tests, group_fairness)
    builders = (
        rules,
        beside,
        subsets,
        gender,
        narrowed,
        pairs,
        fairness,
        classes,
        actors,
        folds,
        variance,
        reliability,
        groups,
        *of_groups,
        presence,
        robustness,
        annotations,
    )
    shown = []
    for build in builders:
        if build.__name__ in tables and len(tables[build.__name__]):
            table = build(tables[build.__name__], context)
            named = settings.groups if build in of_groups else ["gender"] if build in of_gender else []
            shown.append(replace(table, note=" ".join(filter(None, (table.note, facts.trained_on(named))))))
    return shown


def rules(table: pd.DataFrame, context: Context) -> Table:
    """The table of rules and modalities, in the order of their rows."""
    over_emotions, others = _metrics(context.metrics)
    known: Shown = {
        "accuracy": ("Accuracy", share),
        **over_emotions,
        "gender_gap": ("Gender gap, points", points),
        "gender_gap_p": ("p of the gap", probability),
        "difference": ("Against the configured rule, points", points),
        "sign_flip_p": ("p", probability),
        "sign_flip_p_max_t": ("p, max-T", probability),
        **others,
    }
    shown = {name: how for name, how in known.items() if name in table}
    rows = [
        [
            context.rule(row["rule"]),
            words(row["kind"]),
            words(row["fitted_on"]),
            whole(row["clips"]),
            whole(row["actors"]),
            *[value(row, name, how) for name, (_, how) in shown.items()],
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Rule", "Kind", "Fitted on", "Clips", "Actors", *[title for title, _ in shown.values()]]
    return Table("rules", f"Every rule and modality, with {context.level} intervals", columns, rows)


def subsets(table: pd.DataFrame, context: Context) -> Table:
    """The table of accuracies by rule, gender and emotion, with published values and metrics for single emotions."""
    shown = {name: how for name, how in _metrics(context.metrics)[1].items() if name in table}
    rows = [
        [
            context.rule(row["rule"]),
            words(GENDERS.get(row["gender"], row["gender"])),
            context.emotion(row["emotion"]),
            whole(row["correct"]),
            whole(row["clips"]),
            whole(row["actors"]),
            value(row, "accuracy", share, ("low", "high")),
            context.printed(row["rule"], row["gender"], row["emotion"]),
            *[value(row, name, how) for name, (_, how) in shown.items()],
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Rule", "Of", "Emotion", "Recognised", "Clips", "Actors", "Accuracy", "Published"]
    columns += [title for title, _ in shown.values()]
    caption = f"Accuracy by emotion and gender, with {context.level} intervals"
    return Table("subsets", caption, columns, rows, choose=True)


def fairness(table: pd.DataFrame, context: Context) -> Table:
    """The table of fairness metrics for men and women."""
    rows = [
        [
            context.rule(row["rule"]),
            context.emotion(row["emotion"]),
            words(row["metric"]),
            value(row, "value", number, ("low", "high")),
            context.clips(row, row["rule"], row["emotion"]),
        ]
        for row in table.to_dict("records")
    ]
    caption = f"Measures of fairness between men and women, with {context.level} intervals over actors"
    return Table("fairness", caption, ["Rule", "Emotion", "Measure", "Value", "Clips"], rows, choose=True)


def presence(table: pd.DataFrame, context: Context) -> Table:
    """The table of accuracies by the modalities that clips have."""
    rows = [
        [
            words(row["present"]),
            context.rule(row["rule"]),
            whole(row["correct"]),
            whole(row["clips"]),
            whole(row["actors"]),
            value(row, "accuracy", share, ("low", "high")),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Clips that have", "Rule", "Recognised", "Clips", "Actors", "Accuracy"]
    caption = f"Accuracy by the modalities that clips have, with {context.level} intervals"
    return Table("presence", caption, columns, rows)


def robustness(table: pd.DataFrame, context: Context) -> Table:
    """The table of accuracies when a share of a modality's clips is removed."""
    rows = [
        [
            words(row["lacking"]),
            value(row, "share", share),
            whole(row["removed"]),
            whole(row["correct"]),
            whole(row["clips"]),
            whole(row["actors"]),
            value(row, "accuracy", share, ("low", "high")),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Removed", "Share", "Clips removed", "Recognised", "Clips", "Actors", "Accuracy"]
    caption = f"The configured rule where test clips lack a modality, with {context.level} intervals"
    note = "The rule was fitted on clips that have it. Which clips lack it is drawn at random."
    return Table("robustness", caption, columns, rows, note=note)


def annotations(table: pd.DataFrame, context: Context) -> Table:
    """The table of the annotated weights."""
    weights = weight_columns(context.modalities)
    rows = [
        [
            words(annotation_name(row, weights)),
            words(row["rule"]),
            _figures(row, context),
            *[Cell(number(row[name]), sort="" if pd.isna(row[name]) else repr(row[name])) for name in weights],
            value(row, "accuracy", share),
            context.clips(row, rule_shown(row)),
            words(row["note"]),
        ]
        for _, row in table.iterrows()
    ]
    titles = [f"Weight of {name}" for name in context.modalities]
    columns = ["Setting", "On the line of", "Figures of", *titles, "Accuracy", "Clips", "Note"]
    return Table("annotations", "The marked settings", columns, rows)


def _figures(row: pd.Series, context: Context) -> Cell:
    """A cell with the rule that an annotation's accuracy belongs to.

    A pool's label names the configured weights. An annotation may have other weights, so the cell names only the pool.
    """
    rule = rule_shown(row)
    return words(f"{rule} at these weights") if rule == row["rule"] else context.rule(rule)


def _metrics(names: list[str]) -> tuple[Shown, Shown]:
    """The metrics that need several emotions, and the other metrics."""
    shown: Shown = {name: (metric_label(name), share if is_share(name) else number) for name in names}
    over_emotions = {name: how for name, how in shown.items() if is_over_emotions(name)}
    return over_emotions, {name: how for name, how in shown.items() if name not in over_emotions}
