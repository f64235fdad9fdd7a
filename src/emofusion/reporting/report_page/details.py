"""What the page says of actors, classes and reliability: the data of the charts, and the tables."""

from typing import Any

import pandas as pd

from emofusion.emotions import in_order
from emofusion.plan.settings import ReportSettings
from emofusion.reporting.details import name_of, systems_of
from emofusion.reporting.drawing import Drawing
from emofusion.reporting.numbers import bare_share, interval, share
from emofusion.reporting.report_page.cells import Cell, Context, Table, value, whole, words

Rows = list[dict[str, Any]]
RELIABILITY = "reliability_"  # before the name of a system in the name of a chart
MOST_ACTORS = 40  # in the chart; with more, the best and the worst of them
MEN_AND_WOMEN = {"male": "man", "female": "woman"}


def chart_data(tables: dict[str, pd.DataFrame], settings: ReportSettings) -> dict[str, dict[str, Rows]]:
    """Name of a chart → name of its data → rows, for the tables that there are.

    The charts are `actors`, `classes`, and `reliability_<system>` for the configured rule and for each modality.

    Args:
        tables: see `report_page.page`; `actors`, `classes` and `reliability` may be missing.
        settings: the settings of the report.
    """
    labels = tables["rules"]["rule"].tolist()
    systems = {name: name_of(name, settings) for name in systems_of(settings) if name in labels}
    data: dict[str, dict[str, Rows]] = {}
    if len(tables.get("actors", ())):
        data["actors"] = {"actors": _actors(tables["actors"], systems)}
    if len(tables.get("classes", ())):
        data["classes"] = {"classes": _classes(tables["classes"], settings)}
    if len(found := tables.get("reliability", pd.DataFrame())):
        ends = [{"confidence": end, "accuracy": end} for end in (0, 1)]
        for name in systems:
            rows = _reliability(found[found["rule"] == name])
            data[RELIABILITY + name] = {"reliability": rows, "diagonal": ends}
    return data


def specs(store: dict[str, Any], drawing: Drawing) -> dict[str, dict[str, Any]]:
    """Name of a chart → its Vega-Lite specification, for the charts that `chart_data` has put into the page's store."""

    def chart(function: str, *arguments: Any) -> Any:
        return drawing.remembered(f"{__package__}.detail_charts:{function}_chart", *arguments)

    fixed, made = store["fixed"], {}
    if "actors" in fixed:
        rows = fixed["actors"]["actors"]
        systems = list(dict.fromkeys(row["system"] for row in reversed(rows)))
        made["actors"] = chart("actors", systems, len({row["actor"] for row in rows}))
    if "classes" in fixed:
        emotions = in_order({row["emotion"] for row in fixed["classes"]["classes"]}, store["emotions"])
        made["classes"] = chart("classes", emotions, store["level"])
    bins = {name: data["reliability"] for name, data in fixed.items() if name.startswith(RELIABILITY)}
    most = max((row["clips"] for rows in bins.values() for row in rows), default=1)
    for name in bins:
        made[name] = chart("reliability", store["named"][name.removeprefix(RELIABILITY)], most, store["level"])
    return made


def by_accuracy(table: pd.DataFrame, system: str) -> list[str]:
    """The actors, those first whom a system recognises best; of equals, the first by name.

    table: the rows of `actors` with the columns of the report.
    """
    overall = table[(table["rule"] == system) & (table["emotion"] == "all")]
    return list(overall.sort_values(["accuracy", "actor"], ascending=[False, True])["actor"])


def _actors(table: pd.DataFrame, systems: dict[str, str]) -> Rows:
    overall, configured = table[table["emotion"] == "all"], next(iter(systems))
    order = by_accuracy(table, configured)
    if len(order) > MOST_ACTORS:
        order = [*order[: MOST_ACTORS // 2], *order[-MOST_ACTORS // 2 :]]
    place = {actor: at for at, actor in enumerate(order)}
    shown, short = overall[overall["actor"].isin(order)], _without_corpus(order)
    return [
        {
            "actor": _with_gender(short[row["actor"]], row["gender"]),
            "order": place[row["actor"]],
            "system": systems[row["rule"]],
            "accuracy": float(row["accuracy"]),
            "text": f"{share(row['accuracy'])} ({row['correct']}/{row['clips']})" if row["rule"] == configured else "",
        }
        for name in reversed(systems)  # the configured rule is drawn on top
        for row in shown[shown["rule"] == name].to_dict("records")
    ]


def _without_corpus(actors: list[str]) -> dict[str, str]:
    """Actor → the name without the corpus before it, where all are of one corpus."""
    prefixes = {actor.partition("-")[0] for actor in actors}
    return {actor: actor.partition("-")[2] or actor if len(prefixes) == 1 else actor for actor in actors}


def _with_gender(actor: str, gender: str) -> str:
    return f"{actor}, {MEN_AND_WOMEN[gender]}" if gender in MEN_AND_WOMEN else actor


def _classes(table: pd.DataFrame, settings: ReportSettings) -> Rows:
    system = systems_of(settings)[0]
    rows: Rows = []
    for row in table[table["rule"] == system].to_dict("records"):
        for figure, whole_of in (("precision", "predicted"), ("recall", "clips")):
            if not pd.isna(row[figure]):
                counted = f"{share(row[figure])} ({row['correct']}/{row[whole_of]})"
                ends = {end: _or_none(row[f"{figure}_{end}"]) for end in ("low", "high")}
                between = interval(row[f"{figure}_low"], row[f"{figure}_high"])
                about = {"emotion": row["emotion"], "figure": figure, "value": float(row[figure]), **ends}
                rows.append({**about, "text": counted, "between": between})
    return rows


def _reliability(table: pd.DataFrame) -> Rows:
    return [
        {
            "bin": f"{share(row['above'])} to {share(row['to'])}",
            "clips": int(row["clips"]),
            **{name: _or_none(row[name]) for name in ("confidence", "accuracy", "low", "high")},
            "text": f"{share(row['accuracy'])} at {share(row['confidence'])} (n={row['clips']})",
            "between": interval(row["low"], row["high"]),
        }
        for row in table.to_dict("records")
    ]


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


def _or_none(number: float) -> float | None:
    """The number; None where it is missing, because JSON has no NaN."""
    return None if pd.isna(number) else float(number)
