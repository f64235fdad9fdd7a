"""The report's page: one HTML file that opens without a network, with a slider for the weight.

Charts are Vega-Altair's; the JavaScript that draws them is put into the page. Numbers come from the tables that are
written beside it, and the page's script rounds none of them.
"""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from math import ceil, floor
from pathlib import Path

import altair
import pandas as pd
import vl_convert
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from emofusion.reporting.report_page import charts, looks
from emofusion.reporting.report_page.numbers import interval, share
from emofusion.reporting.report_page.sortable import build_tables
from emofusion.reporting.report_page.store import build_store
from emofusion.reporting.wording import warnings, weights_in_words

KINDS = ("modality", "rule", "baseline", "oracle")


def write_page(path: Path, tables: dict[str, pd.DataFrame], settings: dict, provenance: dict[str, str]) -> None:
    """Write the page as `path`; the same input gives the same bytes.

    tables: name → table. `rules` and `subsets` there must be; `gender`, `narrowed`, `pairs`, `fairness`, `confusion`,
    `sweep`, `sweep_gaps`, `sweep_confusion` and `marks` may be absent, and what they would show is then left out. So
    may be the columns `system` and `clips` of `marks`; columns that the page does not know are not looked at.
    Shares are fractions; `low` and `high` are the ends of intervals, and may be missing.

    settings: as in `reporting.write_report`, and `modalities` (names, in the order of the sweep's weights).
    provenance: what made the page, name → text: all of it is shown.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(tables, settings, provenance), encoding="utf-8")


def page(tables: dict[str, pd.DataFrame], settings: dict, provenance: dict[str, str]) -> str:
    """The page as HTML; see `write_page`."""
    tables = tables | {"rules": _with_oracles_named(tables["rules"])}
    store = build_store(tables, settings)
    store["rules"] = _compared(tables["rules"])
    store["key"] = _key(store)
    specs = _specs(store)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"json": _json}
    return environment.from_string(_text("page.html.j2")).render(
        settings=settings,
        title=settings["title"] or settings["experiment"],
        warnings=warnings(settings),
        fusion=weights_in_words(settings["fusion"]),
        provenance=provenance,
        store=store,
        specs=specs,
        config=charts.CONFIG,
        tables=build_tables(tables, store["published"], settings),
        counts=_counts(store),
        style=Markup(_text("page.css")),
        scripts=[Markup(_in_script(text)) for text in (_vega(), _text("tables.js"), _text("page.js"))],
    )


def _specs(store: dict) -> dict[str, dict]:
    """Chart's name → Vega-Lite; only what there are data for."""
    systems, emotions, modalities, level = store["systems"], store["emotions"], store["modalities"], store["level"]
    found = {}
    if store["grid"] and len(modalities) > 1:
        lines, marks = store["key"]["lines"], store["key"]["marks"]
        swept = [system for system in systems if system["sweeps"]]
        shown = [h for system in swept for name in ("accuracy", "low", "high") for h in system[name][0]]
        shown += [h for system in swept for h in system.get("validation", {}).get("accuracy", [])]
        shown += [mark["accuracy"] for mark in store["marks"] if mark["weights"]]
        span = _span(h / 10000 for h in shown if h is not None)
        for modality in modalities[:1] if len(modalities) == 2 else modalities:
            found[f"curve_{modality}"] = charts.curve_chart(modality, lines, marks, span, len(modalities) > 2)
    found["emotions"] = charts.emotion_chart(emotions, level)
    if any(system["confusion"] for system in systems):
        found["confusion"] = charts.confusion_chart(emotions[1:])
    found["people"] = charts.people_chart(emotions, level)
    if any(system["gaps"] for system in systems):
        found["gaps"] = charts.gap_chart(emotions, _reach(store), level)
    kinds = list(dict.fromkeys([*KINDS, *(row["kind"] for row in store["rules"])]))
    kinds = [kind for kind in kinds if kind in {row["kind"] for row in store["rules"]}]
    shown = [row[name] for row in store["rules"] for name in ("accuracy", "low", "high")]
    span = _span(x for x in shown if x is not None)
    found["rules"] = charts.rules_chart(kinds, len(store["rules"]), span, level)
    return found


def _span(shares: Iterable[float]) -> list[float]:
    """A scale that has room for all of them, in whole steps of 5 percent."""
    found = list(shares)
    low, high = min(found, default=0), max(found, default=1)
    return [max(0, floor(low * 20 - 0.1) / 20), min(1, ceil(high * 20 + 0.1) / 20)]


def _key(store: dict) -> dict[str, dict]:
    """How the lines and the marks of the weight's charts look, for the charts and for their key in HTML."""
    rules = [system["rule"] for system in store["systems"] if system["sweeps"]]
    marks = dict.fromkeys(mark["mark"] for mark in store["marks"] if mark["weights"])
    return {"lines": looks.line_looks(rules), "marks": {mark: looks.MARKS[mark] for mark in marks}}


def _reach(store: dict) -> int:
    """The greatest gap that any setting shows, or any end of an interval, in points, up to the next ten."""
    shown = [h for column in store["published"].values() for h in column["gap"].values()]
    for system in store["systems"]:
        for series in (system["gaps"] or {}).values():
            shown += [h for settings in series for h in settings if h is not None]
    return min(100, max((abs(h) for h in shown), default=0) // 1000 * 10 + 10)


def _with_oracles_named(rules: pd.DataFrame) -> pd.DataFrame:
    """The same with labels that say of every oracle that it is one, as each control, table and chart shows them."""
    silent = (rules["kind"] == "oracle") & ~rules["label"].str.endswith("(oracle)")
    return rules.assign(label=rules["label"].mask(silent, rules["label"] + " (oracle)"))


def _compared(rules: pd.DataFrame) -> list[dict]:
    """The rows of the chart that compares the rules, best first."""
    columns = ["label", "kind", "accuracy", "accuracy_low", "accuracy_high", "clips"]
    rows = rules.sort_values("accuracy", ascending=False, kind="stable").reindex(columns=columns)
    return [
        {
            "label": row["label"],
            "kind": row["kind"],
            "order": order,
            "accuracy": _or_none(row["accuracy"]),
            "low": _or_none(row["accuracy_low"]),
            "high": _or_none(row["accuracy_high"]),
            "text": f"{share(row['accuracy'])} (n={row['clips']})",
            "between": interval(row["accuracy_low"], row["accuracy_high"]),
        }
        for order, (_, row) in enumerate(rows.iterrows())
    ]


def _counts(store: dict) -> list[tuple[str, list[str]]]:
    """Emotion, and the clips (actors) of men, of women and of everyone."""
    system = store["systems"][0]
    counted = dict(zip(store["subsets"], zip(system["clips"], system["actors"], strict=True), strict=True))
    emotions = [*store["emotions"][1:], "all"]
    return [(e, ["{} ({})".format(*counted[g, e]) for g in ("male", "female", "all")]) for e in emotions]


def _or_none(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _json(value) -> Markup:
    """JSON that no HTML parser takes for a tag."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def _in_script(text: str) -> str:
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _text(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


@cache
def _vega() -> str:
    """Vega, Vega-Lite (of the version that Altair writes) and vega-embed as one script."""
    return vl_convert.javascript_bundle(vl_version=".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2]))
