"""Write the report of an experiment: the paper's tables, the comparison of rules, figures, the summary and the page."""

import json
from pathlib import Path

import pandas as pd

from emofusion.emotions import joined
from emofusion.errors import EmofusionError
from emofusion.evaluation.accuracy import confusion, on_test
from emofusion.evaluation.folds import fold_table, variance_table
from emofusion.plan.settings import ReportSettings
from emofusion.predictions.table import is_missing
from emofusion.reporting import comparison, details, figures, groups, rules, tables
from emofusion.reporting.annotations import annotation_table
from emofusion.reporting.beside import beside_described, beside_markdown, beside_table
from emofusion.reporting.chosen import chosen_in_words
from emofusion.reporting.curves import curves_figure
from emofusion.reporting.drawing import Drawing
from emofusion.reporting.facts import Facts
from emofusion.reporting.headline import CHOSEN
from emofusion.reporting.numbers import level
from emofusion.reporting.provenance import Provenance
from emofusion.reporting.reliability import reliability_figure
from emofusion.reporting.report_page import write_packed_page
from emofusion.reporting.results import Results
from emofusion.reporting.summary import summary
from emofusion.reporting.sweeps import sweep_figure
from emofusion.reporting.trained import trained_in_words
from emofusion.reporting.wording import FUSION, ORACLE, heading, weights_in_words
from emofusion.tables import classes_of
from emofusion.whole_files import replacing, write_whole

# Tables with many rows. Their CSV files are compressed: pandas and R read them as they read the others.
LONG = (
    *("subsets", "confusion", "pairs", "narrowed", "fairness", "sweep", "sweep_gaps", "sweep_confusion"),
    *("group_gaps", "group_fairness", "actors"),
)
DIGITS = "%.10g"  # of real numbers in CSV files


def file_of(table: str) -> str:
    """The name of the file of a report's table."""
    return f"{table}.csv.gz" if table in LONG else f"{table}.csv"


def write_report(
    out: Path,
    results: Results,
    settings: ReportSettings,
    provenance: Provenance,
    drawing: Drawing | None = None,
) -> None:
    """Write the report's files into the folder `out`. The same input gives the same bytes.

    All numbers are computed from test rows only, of all folds together. Accuracies in CSV files are fractions.

    Files:
        table1 and table2 (.csv, .md): the paper's tables.
        rules.csv and the other tables of `rules.comparison_tables`.
        annotations.csv: the weights that figures and the page mark.
        comparison.csv: the networks.
        confusion_<modality>.png, confusion_fusion.png, reliability.png, sweep.png; curves_<modality>.png where networks
            were trained; the summary shows it where one had several epochs.
        report.html: the packed page, see `report_page.packing`.
        summary.md: the summary for readers. summary.json: the facts that `headline` and a grid need.

    Args:
        out: the folder to write; it is made if it does not exist.
        results: the tables that the report is made from.
        settings: the settings of the report.
        provenance: what made the report.
        drawing: draws the figures that other reports may show too; None: each figure is drawn.

    Raises:
        EmofusionError: there are no test rows; a clip was tested in several folds; or modalities and fusion were not
            tested on the same clips.
    """
    trained = trained_in_words(results.trained, settings.modalities, settings.groups)
    facts = Facts(settings, results.transductive, results.notes, provenance.accepted, trained)
    systems = {name: on_test(table, name) for name, table in {**results.modalities, FUSION: results.fused}.items()}
    for name, rows in systems.items():
        if set(rows["clip"]) != set(systems[FUSION]["clip"]):
            raise EmofusionError(
                f"{name} and the fusion were not tested on the same clips; fuse the predictions again."
            )
    measured = tables.measure(systems)
    first, second = tables.table1(measured, facts), tables.table2(measured, facts)
    compared = rules.comparison_tables(results.evaluation, results.rules, results.parameters, facts)
    compared["trained"] = facts.described(results.trained)
    compared["annotations"] = facts.described(annotation_table(compared, settings))
    named = {settings.rule if name == FUSION else name: rows for name, rows in systems.items()}
    shown = {name: named[name] for name in details.systems_of(settings)}
    for name, table in (("folds", fold_table(shown)), ("variance", variance_table(shown))):
        compared[name] = facts.described(table.rename(columns={"system": "rule"}))
    chosen = {} if results.chosen is None else {CHOSEN: on_test(results.chosen, CHOSEN)}
    beside = beside_table(compared["rules"], named | chosen, settings)
    if len(beside):
        compared["beside"] = beside_described(beside, facts)
    networks = comparison.compare_networks(results.histories, results.models, facts)

    out.mkdir(parents=True, exist_ok=True)
    for name, table in {"table1": first, "table2": second, "comparison": networks, **compared}.items():
        with replacing(out / file_of(name)) as path:
            packing = {"method": "gzip", "mtime": 0} if name in LONG else None
            table.to_csv(path, index=False, float_format=DIGITS, compression=packing)
    texts = {
        "table1": tables.markdown1(first, list(systems), facts),
        "table2": tables.markdown2(second, list(systems), facts),
    }
    for name, text in texts.items():
        write_whole(out / f"{name}.md", text)
    achieved = first.set_index("emotion").loc["all", f"{FUSION}_accuracy"]
    captions = _draw(out, results, systems, achieved, compared["annotations"], facts, drawing or Drawing())
    sections = {
        "Accuracy by emotion": texts["table1"],
        "Beside published figures": beside_markdown(beside, facts),
        "Accuracy by gender": texts["table2"],
        "Accuracy by group": groups.markdown(results.evaluation, facts),
        "Precision and recall by class": details.classes_markdown(results.evaluation["classes"], facts),
        "Accuracy by actor": details.actors_markdown(results.evaluation["actors"], facts),
        "Accuracy by fold": details.folds_markdown(compared["folds"], compared["variance"], facts),
        "Rules of fusion": rules.markdown(compared["rules"], facts),
        "Networks": comparison.markdown(networks),
    }
    headline = chosen_in_words(compared["rules"], settings)
    write_whole(out / "summary.md", summary(systems[FUSION], headline, sections, captions, facts, provenance))
    write_whole(
        out / "summary.json", json.dumps(_for_readers(facts, systems, results), indent=2, ensure_ascii=False) + "\n"
    )
    with replacing(out / "report.html") as path:
        write_packed_page(path, compared, facts, provenance, drawing or Drawing())


def _for_readers(facts: Facts, systems: dict[str, pd.DataFrame], results: Results) -> dict[str, object]:
    """The facts that `headline.headline` and the grid's page need besides the numbers in rules.csv.

    systems: modality or `fusion` → its test rows.
    """
    settings = facts.settings
    missing = {name: int(is_missing(systems[name]).sum()) for name in settings.modalities}
    return {
        "experiment": settings.experiment,
        "modalities": settings.modalities,
        "rule": settings.rule,
        "fusion": weights_in_words(settings.rule, settings.weights),
        "confidence": settings.confidence,
        "missing": {name: number for name, number in missing.items() if number},
        "warnings": facts.warnings(),
        "accepted": list(facts.accepted),
        "devices": results.devices,
    }


def _draw(
    out: Path,
    results: Results,
    systems: dict[str, pd.DataFrame],
    achieved: float,
    annotations: pd.DataFrame,
    facts: Facts,
    drawing: Drawing,
) -> dict[str, str]:
    """Draw and write every figure; return file name → caption.

    systems: modality or `fusion` → its test rows. achieved: the configured rule's accuracy on all test clips (0–1).
    annotations: the marked weights. drawing: draws the figures of single modalities, which other cells have too.
    """
    captions, clips, own, footer = {}, len(systems[FUSION]), Drawing(), facts.footer()
    with figures.style():
        order = joined([facts.settings.classes, *(classes_of(rows) for rows in systems.values())])
        for name, rows in systems.items():
            counts = confusion(rows).reindex(columns=order, fill_value=0)
            by = own if name == FUSION else drawing
            by.save(out / f"confusion_{name}.png", figures.confusion_figure, counts, name, footer)
            shown = int(counts.to_numpy().sum())
            of = f"{clips} test clips" if shown == clips else f"the {shown} of {clips} test clips that it has"
            captions[f"confusion_{name}.png"] = f"{heading(name)}: true emotions against predicted emotions, {of}."
        for name, trained in results.histories.items():
            # a single epoch has no curve: such models are fitted at once
            networks = {network: history for network, history in trained.items() if history["epoch"].max() > 0}
            if trained:  # the workflow expects the file of every modality that is trained
                clips_of = _clips_of(results.modalities.get(name))
                drawing.save(out / f"curves_{name}.png", curves_figure, networks, name, clips_of, footer)
            if networks:
                seeds = max(history["seed"].nunique() for history in networks.values())
                caption = f"{heading(name)}: loss and accuracy of {', '.join(networks)} during training"
                captions[f"curves_{name}.png"] = caption + (f", {seeds} seeds." if seeds > 1 else ".")
        own.save(out / "sweep.png", sweep_figure, results.evaluation["sweep"], achieved, annotations, facts)
        captions["sweep.png"] = (
            f"Accuracy against weight, {clips} test clips. {ORACLE.capitalize()}: for orientation only."
        )
        own.save(
            out / "reliability.png",
            reliability_figure,
            results.evaluation["reliability"],
            {name: name if name in systems else FUSION for name in details.systems_of(facts.settings)},
            _calibration_errors(results.evaluation["subsets"]),
            footer,
        )
        captions["reliability.png"] = (
            f"Accuracy against confidence, {clips} test clips, with {level(facts.settings.confidence)} intervals over "
            "actors. On the dashed line, confidence equals accuracy."
        )
    return captions


def _calibration_errors(subsets: pd.DataFrame) -> dict[str, float]:
    """System → its expected calibration error on all test clips; empty where it was not measured."""
    if "calibration_error" not in subsets:
        return {}
    overall = subsets[(subsets[["gender", "emotion"]] == "all").all(axis=1)]
    return dict(zip(overall["system"], overall["calibration_error"].astype(float), strict=True))


def _clips_of(predictions: pd.DataFrame | None) -> dict[str, str]:
    """Split → the number of its clips in each fold, in words; for training and validation clips, if there are any."""
    clips = {}
    for split in ("train", "validation"):
        if predictions is not None and (predictions["split"] == split).any():
            folds = predictions[predictions["split"] == split].groupby("fold").size()
            span = f"{folds.min()}" if folds.min() == folds.max() else f"{folds.min()}–{folds.max()}"
            clips[split] = f"{span} clips a fold"
    return clips
