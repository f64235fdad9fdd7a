"""The report's page: one HTML file with a slider for the weight, which works without a network.

Vega-Altair makes the charts, and the page contains the JavaScript that draws them. The numbers come from the tables
that are written beside the page. The page's script does not round them.
"""

import json
from collections.abc import Iterable
from importlib.resources import files
from math import ceil, floor
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from emofusion.reporting.chosen import chosen_in_words
from emofusion.reporting.details import name_of, systems_of
from emofusion.reporting.drawing import Drawing
from emofusion.reporting.facts import Facts
from emofusion.reporting.numbers import interval, or_none, share
from emofusion.reporting.provenance import Provenance
from emofusion.reporting.report_page import details, styles
from emofusion.reporting.report_page.packing import VEGA_HERE, in_script, packed, vega, whole
from emofusion.reporting.report_page.sortable import build_tables
from emofusion.reporting.report_page.store import build_store
from emofusion.reporting.rules import sorted_by_name
from emofusion.reporting.wording import shared_style, weights_in_words

KINDS = ("modality", "rule", "baseline", "oracle", "reference")


def write_packed_page(
    path: Path, tables: dict[str, pd.DataFrame], facts: Facts, provenance: Provenance, drawing: Drawing
) -> None:
    """Write the page in its packed form, see `packing`. The same input gives the same bytes.

    path: the file to write. drawing: remembers charts. The other arguments are those of `page`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(packed(_page(tables, facts, provenance, drawing)), encoding="utf-8")


def page(tables: dict[str, pd.DataFrame], facts: Facts, provenance: Provenance) -> str:
    """The whole page as HTML. The same input gives the same text.

    Args:
        tables: name → table. `rules` and `subsets` are required. `gender`, `narrowed`, `pairs`, `fairness`,
            `confusion`, `sweep`, `sweep_gaps`, `sweep_confusion`, `annotations`, `actors`, `classes`, `reliability` and
            others may be missing; the page then has no chart or table of them. The columns `system` and `clips` of
            `annotations` may be missing too. Unknown columns are ignored. Shares are fractions. `low` and `high`, the
            ends of intervals, may be missing.
        facts: the facts about the report.
        provenance: what made the report.
    """
    return whole(_page(tables, facts, provenance, Drawing()), vega())


def _page(tables: dict[str, pd.DataFrame], facts: Facts, provenance: Provenance, drawing: Drawing) -> str:
    """The page, with a mark in the place of the library of the charts."""
    settings = facts.settings
    tables = tables | {"rules": sorted_by_name(_with_oracles_named(tables["rules"]), settings.rule)}
    store = build_store(tables, settings)
    store["rules"] = _compared(tables["rules"])
    store["robustness"] = _robustness(tables.get("robustness"))
    store["fixed"] = details.chart_data(tables, settings)
    store["named"] = {name: name_of(name, settings) for name in systems_of(settings)}
    store["most_actors"] = details.MOST_ACTORS
    store["key"] = _key(store)
    specs = _specs(store, drawing)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"json": _json}
    return environment.from_string(_text("page.html.j2")).render(
        settings=settings,
        title=settings.title or settings.experiment,
        warnings=facts.all_warnings(),
        notes=facts.notes,
        headline=chosen_in_words(tables["rules"], settings),
        fusion=weights_in_words(settings.rule, settings.weights),
        made_by=provenance.facts(),
        versions=provenance.versions_in_words(),
        published=settings.published or {},
        store=store,
        specs=specs,
        config=styles.CONFIG,
        tables=build_tables(tables, store["published"], facts),
        trained=facts.trained_on(),
        counts=_counts(store),
        style=Markup(shared_style()),
        scripts=[Markup(in_script(text)) for text in (VEGA_HERE, _text("tables.js"), _text("page.js"))],
    )


def _specs(store: dict[str, Any], drawing: Drawing) -> dict[str, dict[str, Any]]:
    """Name of a chart → its Vega-Lite specification, for the charts that have data."""

    def chart(function: str, *arguments: Any) -> Any:
        return drawing.remembered(f"{__name__}.charts:{function}_chart", *arguments)

    systems, emotions, modalities, level = store["systems"], store["emotions"], store["modalities"], store["level"]
    specs = {}
    if store["grid"] and len(modalities) > 1:
        lines, annotations = store["key"]["lines"], store["key"]["annotations"]
        swept = [system for system in systems if system["sweeps"]]
        shown = [h for system in swept for name in ("accuracy", "low", "high") for h in system[name][0]]
        shown += [h for system in swept for h in system.get("validation", {}).get("accuracy", [])]
        shown += [annotation["accuracy"] for annotation in store["annotations"] if annotation["weights"]]
        span = _span(h / 10000 for h in shown if h is not None)
        for modality in modalities[:1] if len(modalities) == 2 else modalities:
            specs[f"curve_{modality}"] = chart("curve", modality, lines, annotations, span, len(modalities) > 2)
    specs["emotions"] = chart("emotion", emotions, level)
    if any(system["confusion"] for system in systems):
        specs["confusion"] = chart("confusion", emotions[1:])
    specs["people"] = chart("people", emotions, level)
    if any(system["gaps"] for system in systems):
        specs["gaps"] = chart("gap", emotions, _reach(store), level)
    kinds = list(dict.fromkeys([*KINDS, *(row["kind"] for row in store["rules"])]))
    kinds = [kind for kind in kinds if kind in {row["kind"] for row in store["rules"]}]
    shown = [row[name] for row in store["rules"] for name in ("accuracy", "low", "high")]
    span = _span(x for x in shown if x is not None)
    specs["rules"] = chart("rules", kinds, len(store["rules"]), span, level)
    if removed := store["robustness"]:
        span = _span(x for row in removed for x in (row["accuracy"], row["low"], row["high"]) if x is not None)
        specs["robustness"] = chart("robustness", list(dict.fromkeys(row["lacking"] for row in removed)), span, level)
    return specs | details.specs(store, drawing)


def _span(shares: Iterable[float]) -> list[float]:
    """Both ends of a scale that contains all shares; they are multiples of 5 percent."""
    values = list(shares)
    low, high = min(values, default=0), max(values, default=1)
    return [max(0, floor(low * 20 - 0.1) / 20), min(1, ceil(high * 20 + 0.1) / 20)]


def _key(store: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The styles of lines and annotations in the charts of the weight, for the charts and for their HTML legend."""
    rules = [system["rule"] for system in store["systems"] if system["sweeps"]]
    drawn = dict.fromkeys(item["annotation"] for item in store["annotations"] if item["weights"])
    return {"lines": styles.line_styles(rules), "annotations": {name: styles.ANNOTATIONS[name] for name in drawn}}


def _reach(store: dict[str, Any]) -> int:
    """The end of the scale of gaps, in points: a multiple of ten above all gaps, interval ends and published gaps."""
    shown = [h for column in store["published"].values() for h in column["gap"].values()]
    for system in store["systems"]:
        for series in (system["gaps"] or {}).values():
            shown += [h for settings in series for h in settings if h is not None]
    greatest: int = max((abs(h) for h in shown), default=0)
    return min(100, greatest // 1000 * 10 + 10)


def _with_oracles_named(rules: pd.DataFrame) -> pd.DataFrame:
    """The rules, with `(oracle)` at the end of each oracle's label: controls, tables and charts show the labels."""
    unnamed = (rules["kind"] == "oracle") & ~rules["label"].str.endswith("(oracle)")
    return rules.assign(label=rules["label"].mask(unnamed, rules["label"] + " (oracle)"))


def _compared(rules: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of the chart that compares the rules, in the order of the table."""
    columns = ["label", "kind", "accuracy", "accuracy_low", "accuracy_high", "clips"]
    rows = rules.reindex(columns=columns)
    return [
        {
            "label": row["label"],
            "kind": row["kind"],
            "order": order,
            "accuracy": or_none(row["accuracy"]),
            "low": or_none(row["accuracy_low"]),
            "high": or_none(row["accuracy_high"]),
            "text": f"{share(row['accuracy'])} (n={row['clips']})",
            "between": interval(row["accuracy_low"], row["accuracy_high"]),
        }
        for order, (_, row) in enumerate(rows.iterrows())
    ]


def _robustness(table: pd.DataFrame | None) -> list[dict[str, Any]]:
    """The rows of the chart of robustness."""
    return [
        {
            **{name: or_none(row[name]) for name in ("share", "accuracy", "low", "high")},
            "lacking": row["lacking"],
            "text": f"{share(row['share'])} removed: {share(row['accuracy'])} (n={row['clips']})",
            "between": interval(row["low"], row["high"]),
        }
        for row in ([] if table is None else table.to_dict("records"))
    ]


def _counts(store: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Each emotion with the clips (actors) of men, of women and of everyone, as text."""
    system = store["systems"][0]
    counted = dict(zip(store["subsets"], zip(system["clips"], system["actors"], strict=True), strict=True))
    emotions = [*store["emotions"][1:], "all"]
    return [(e, ["{} ({})".format(*counted[g, e]) for g in ("male", "female", "all")]) for e in emotions]


def _json(value: Any) -> Markup:
    """JSON without the character `<`, so that an HTML parser finds no tag in it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def _text(name: str) -> str:
    """The content of a file in `assets`."""
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")
