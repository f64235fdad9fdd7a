"""The report of an experiment: the paper's tables, the rules compared, confusion, training curves, the page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from emofusion.emotions import in_order
from emofusion.errors import EmofusionError
from emofusion.evaluation.accuracy import confusion, on_test
from emofusion.reporting import comparison, figures, page, rules, tables
from emofusion.reporting.annotations import marks
from emofusion.reporting.report_page import write_page
from emofusion.reporting.wording import FUSION, ORACLE, basis, heading
from emofusion.tables import classes_of


@dataclass(frozen=True)
class Results:
    """What a report is made of.

    modalities: name → `tables.PREDICTIONS`, in the order of the columns. fused: the same table of the configured rule.
    rules: `tables.FUSED`, of every rule. parameters: `tables.PARAMETERS`. evaluation: the tables that
    `evaluation.schemas` names. histories: modality → network → `tables.HISTORY`; models: the same → its
    `model.json`.
    """

    modalities: dict[str, pd.DataFrame]
    fused: pd.DataFrame
    rules: pd.DataFrame
    parameters: pd.DataFrame
    evaluation: dict[str, pd.DataFrame]
    histories: dict[str, dict[str, pd.DataFrame]] = field(default_factory=dict)
    models: dict[str, dict[str, dict]] = field(default_factory=dict)


def write_report(out: Path, results: Results, settings: dict, provenance: dict[str, str]) -> None:
    """Write the report's files into `out`; the same input gives the same bytes.

    Figures rest on test rows only, over all folds together.

    settings: `experiment`, `title`, `modalities`, `protocol` (`name`, `description`, `leaks_speakers`), `fusion`
    (`rule`, `weights`), `confidence` of intervals, `classes` (order and extent of the confusion matrices), `published`
    (the content of a file in conf/published, or null), `seed`, `notes` (texts), `normalised_by_speaker` (modalities
    that are, on test speakers' own clips), `transductive` (the configured rule is), `demo` (the data are generated).
    provenance: what made the report, in words.

    Files: table1 and table2 (.csv, .md); rules.csv and the other tables of `rules.comparison_tables`; marks.csv;
    comparison.csv (the networks); confusion_<modality>.png, confusion_fusion.png, curves_<modality>.png (where there
    are histories), sweep.png; report.html, summary.md. Accuracies in CSV are fractions.

    Raises `EmofusionError` if there are no test rows, if a clip was tested in several folds, or if modalities and
    fusion were not tested on the same clips.
    """
    systems = {name: on_test(table, name) for name, table in {**results.modalities, FUSION: results.fused}.items()}
    for name, rows in systems.items():
        if set(rows["clip"]) != set(systems[FUSION]["clip"]):
            raise EmofusionError(
                f"{name} and the fusion were not tested on the same clips; fuse the predictions again."
            )
    measured = tables.measure(systems)
    first, second = tables.table1(measured, settings), tables.table2(measured, settings)
    compared = rules.comparison_tables(results.evaluation, results.rules, results.parameters, settings)
    compared["marks"] = marks(compared, settings).assign(**basis(settings))
    networks = comparison.compare_networks(results.histories, results.models, settings)

    out.mkdir(parents=True, exist_ok=True)
    for name, table in {"table1": first, "table2": second, "comparison": networks, **compared}.items():
        with _whole(out / f"{name}.csv") as path:
            table.to_csv(path, index=False)
    texts = {
        "table1": tables.markdown1(first, list(systems), settings),
        "table2": tables.markdown2(second, list(systems), settings),
    }
    for name, text in texts.items():
        _write_text(out / f"{name}.md", text)
    achieved = first.set_index("emotion").loc["all", f"{FUSION}_accuracy"]
    captions = _draw(out, results, systems, achieved, settings)
    sections = {
        "Accuracy by emotion": texts["table1"],
        "Accuracy by gender": texts["table2"],
        "Rules of fusion": rules.markdown(compared["rules"], settings),
        "Networks": comparison.markdown(networks),
    }
    _write_text(out / "summary.md", page.page(systems[FUSION], sections, captions, settings))
    with _whole(out / "report.html") as path:
        write_page(path, compared, settings, provenance)


def _draw(
    out: Path, results: Results, systems: dict[str, pd.DataFrame], achieved: float, settings: dict
) -> dict[str, str]:
    """Draw and write every figure; returns file name → caption."""
    captions, clips = {}, len(systems[FUSION])

    def save(figure, name: str, caption: str) -> None:
        with _whole(out / name) as path:
            figures.save(figure, path)
        captions[name] = caption

    with figures.style():
        every = {*settings["classes"], *(e for rows in systems.values() for e in [*classes_of(rows), *rows["emotion"]])}
        for name, rows in systems.items():
            counts = confusion(rows)
            counts = counts.reindex(columns=in_order(every), fill_value=0)
            caption = f"{heading(name)}: what was shown against what was recognised, {clips} test clips."
            save(figures.confusion_figure(counts, name, settings), f"confusion_{name}.png", caption)
        for name, networks in results.histories.items():
            if networks:
                figure = figures.curves_figure(networks, name, _clips_of(results.modalities.get(name)), settings)
                seeds = max(history["seed"].nunique() for history in networks.values())
                caption = f"{heading(name)}: loss and accuracy of {', '.join(networks)} while training"
                caption += f", {seeds} seeds." if seeds > 1 else "."
                save(figure, f"curves_{name}.png", caption)
        caption = f"Accuracy against weight, {clips} test clips. {ORACLE.capitalize()}: for orientation only."
        save(figures.sweep_figure(results.evaluation["sweep"], achieved, settings), "sweep.png", caption)
    return captions


def _clips_of(predictions: pd.DataFrame | None) -> dict[str, str]:
    """How many clips a fold trains on and is validated on, as far as the prediction table tells."""
    found = {}
    for split in ("train", "validation"):
        if predictions is not None and (predictions["split"] == split).any():
            folds = predictions[predictions["split"] == split].groupby("fold").size()
            span = f"{folds.min()}" if folds.min() == folds.max() else f"{folds.min()}–{folds.max()}"
            found[split] = f"{span} clips a fold"
    return found


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A name to write under; the file gets its own name once it is whole."""
    partial = path.with_name(path.name + ".partial")
    yield partial
    partial.replace(path)


def _write_text(path: Path, text: str) -> None:
    with _whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
