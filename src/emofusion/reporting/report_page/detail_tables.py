"""The page's tables of actors, classes, folds, reliability, and of the figures of others."""

from dataclasses import replace
from typing import Any

import pandas as pd

from emofusion.reporting.beside import about, note_of
from emofusion.reporting.numbers import bare_share, points, share
from emofusion.reporting.report_page.cells import Cell, Context, Table, value, whole, words
from emofusion.reporting.report_page.details import by_accuracy


def actors(table: pd.DataFrame, context: Context) -> Table:
    """The table of actors: a row for each, those first whom the configured rule recognises best."""
    systems = [name for name in context.systems if name in set(table["rule"])]
    overall = table[table["emotion"] == "all"].set_index(["rule", "actor"])
    single = table[(table["emotion"] != "all") & (table["rule"] == systems[0])]
    rows = []
    for actor in by_accuracy(table, systems[0]):
        of_actor = [overall.loc[(name, actor)] for name in systems]
        emotions = single[single["actor"] == actor]
        weakest = emotions.loc[emotions["accuracy"].idxmin()] if len(emotions) else None
        rows.append(
            [
                words(actor),
                words(of_actor[0]["gender"]),
                whole(of_actor[0]["clips"]),
                *[
                    Cell(share(row["accuracy"]), f"{row['correct']}/{row['clips']}", f"{row['accuracy']:.6g}")
                    for row in of_actor
                ],
                Cell("") if weakest is None else words(_counted(weakest), f"{weakest['accuracy']:.6g}"),
            ]
        )
    titles = [context.labels.get(name, name) for name in systems]
    note = "A row is about this actor alone, so it has no interval. The weakest emotion is that of the first rule."
    columns = ["Actor", "Gender", "Clips", *titles, "Weakest emotion"]
    return Table("actors", "Accuracy of each actor", columns, rows, note=note)


def _counted(row: pd.Series) -> str:
    return f"{row['emotion']}: {row['correct']}/{row['clips']}"


def beside(table: pd.DataFrame, context: Context) -> Table:
    """The table of our figures beside those of others."""
    as_one = table["as_one"].any()
    rows = [
        [
            words(row["what"]),
            words(row["kind"]),
            words(row["modalities"]),
            _accuracy(row),
            value(row, "gap", points, ("gap_low", "gap_high")),
            whole(row["clips"]),
            words(row["same_folds"]),
            *([words(row["as_one"])] if as_one else []),
            words(row["protocol"]),
            words(row["source"]),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Of", "Kind", "Modalities", "Accuracy", "Gender gap, points", "Clips", "Same test folds"]
    columns += [*(["Count as one"] if as_one else []), "Protocol", "Source"]
    caption = f"Beside published figures and people; ours with {context.level} intervals over actors"
    return Table("beside", caption, columns, rows, note=note_of(table))


def _accuracy(row: Any) -> Cell:
    shown = value(row, "accuracy", share, ("low", "high"))
    return replace(shown, text=about(row["accuracy"])) if row["about"] else shown


def folds(table: pd.DataFrame, context: Context) -> Table:
    """The table of accuracies by fold."""
    rows = [
        [
            context.rule(row["rule"]),
            whole(row["fold"]),
            *[whole(row[name]) for name in ("correct", "clips", "actors")],
            value(row, "accuracy", share),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Rule", "Fold", "Recognised", "Clips", "Actors", "Accuracy"]
    return Table("folds", "Accuracy of each fold", columns, rows)


def variance(table: pd.DataFrame, context: Context) -> Table:
    """The table of standard deviations between folds and between actors."""
    rows = [
        [
            context.rule(row["rule"]),
            *[whole(row[name]) for name in ("folds", "actors")],
            *[value(row, name, bare_share) for name in ("fold", "actor", "clips")],
            words("" if pd.isna(row["set_to_0"]) else row["set_to_0"]),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Rule", "Folds", "Actors", "Between folds, points", "Between actors, points", "Chance of clips, points"]
    note = (
        "Actors are those of a fold, among men and among women. Their deviation contains the chance of single clips. "
        "With several seeds, the grid's page has the deviation between seeds too."
    )
    caption = "Standard deviations of accuracies between folds and between actors"
    return Table("variance", caption, [*columns, "Negative, set to 0"], rows, note=note)


def classes(table: pd.DataFrame, context: Context) -> Table:
    """The table of precision, recall and F1 by rule and class."""
    rows = [
        [
            context.rule(row["rule"]),
            context.emotion(row["emotion"]),
            *[whole(row[name]) for name in ("clips", "predicted", "correct")],
            *[value(row, name, share) for name in ("precision", "recall", "f1")],
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Rule", "Class", "Clips", "Predicted", "Recognised", "Precision", "Recall", "F1"]
    caption = f"Precision, recall and F1 of each class, with {context.level} intervals over actors"
    return Table("classes", caption, columns, rows, choose=True)


def reliability(table: pd.DataFrame, context: Context) -> Table:
    """The table of accuracy by confidence."""
    rows = [
        [
            context.rule(row["rule"]),
            words(f"{share(row['above'])} to {share(row['to'])}", f"{row['bin']:04d}"),
            *[whole(row[name]) for name in ("clips", "actors")],
            value(row, "confidence", share),
            value(row, "accuracy", share, ("low", "high")),
        ]
        for row in table.to_dict("records")
    ]
    columns = ["Rule", "Largest posterior", "Clips", "Actors", "Mean confidence", "Accuracy"]
    caption = f"Accuracy by confidence, with {context.level} intervals over actors"
    return Table("reliability", caption, columns, rows, choose=True)
