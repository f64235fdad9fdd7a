"""The data of the page's charts of actors, classes and reliability."""

from typing import Any

import pandas as pd

from emofusion.emotions import in_order
from emofusion.plan.settings import ReportSettings
from emofusion.reporting.details import name_of, systems_of
from emofusion.reporting.drawing import Drawing
from emofusion.reporting.numbers import interval, or_none, share

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
        bins = [row for name in systems for row in data[RELIABILITY + name]["reliability"]]
        most = max((row["clips"] for row in bins), default=1)
        for row in bins:  # here and not in the charts, which cells with other rules share
            row["size"] = row["clips"] / most
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
    for name in fixed:
        if name.startswith(RELIABILITY):
            made[name] = chart("reliability", store["named"][name.removeprefix(RELIABILITY)], store["level"])
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
                ends = {end: or_none(row[f"{figure}_{end}"]) for end in ("low", "high")}
                between = interval(row[f"{figure}_low"], row[f"{figure}_high"])
                about = {"emotion": row["emotion"], "figure": figure, "value": float(row[figure]), **ends}
                rows.append({**about, "text": counted, "between": between})
    return rows


def _reliability(table: pd.DataFrame) -> Rows:
    return [
        {
            "bin": f"{share(row['above'])} to {share(row['to'])}",
            "clips": int(row["clips"]),
            **{name: or_none(row[name]) for name in ("confidence", "accuracy", "low", "high")},
            "text": f"{share(row['accuracy'])} at {share(row['confidence'])} (n={row['clips']})",
            "between": interval(row["low"], row["high"]),
        }
        for row in table.to_dict("records")
    ]
