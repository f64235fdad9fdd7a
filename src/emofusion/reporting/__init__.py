"""The report of an experiment: the paper's tables, confusion matrices, training curves, accuracy against weight."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from emofusion.emotions import in_order
from emofusion.evaluation.accuracy import confusion, on_test
from emofusion.messages import EmofusionError
from emofusion.reporting import figures, page, tables
from emofusion.reporting.comparison import compare_networks, markdown
from emofusion.reporting.wording import FUSION, ORACLE, basis, heading
from emofusion.tables import classes_of


def write_report(
    out: Path,
    modalities: dict[str, pd.DataFrame],
    fused: pd.DataFrame,
    sweep: pd.DataFrame,
    histories: dict[str, dict[str, pd.DataFrame]],
    models: dict[str, dict[str, dict]],
    settings: dict,
) -> None:
    """Write the report's files into `out`; the same input gives the same bytes.

    modalities: name → `tables.PREDICTIONS`, in the order of the columns. fused: the same table for the fusion.
    sweep: `tables.SWEEP`. histories: modality → network → `tables.HISTORY`; models: the same → its `model.json`.
    Figures rest on test rows only, over all folds together.

    settings: `experiment`, `title`, `protocol` (`name`, `description`, `leaks_speakers`), `fusion` (`rule`,
    `weights`), `chosen_on` (how the weights were chosen, in words; may be absent), `classes` (order and extent of
    the confusion matrices), `published` (the content of a file in conf/published, or null), `seed`, `notes` (texts),
    `normalised_by_speaker` (modalities that are, on test speakers' own clips), `demo` (the data are generated).

    Files: table1.csv, table1.md, table2.csv, table2.md, sweep.csv, comparison.csv (the networks),
    confusion_<modality>.png, confusion_fusion.png, curves_<modality>.png (where there are histories), sweep.png,
    summary.md. Accuracies in CSV are fractions.

    Raises `EmofusionError` if there are no test rows, if a clip was tested in several folds, or if modalities and
    fusion were not tested on the same clips.
    """
    systems = {name: on_test(table, name) for name, table in {**modalities, FUSION: fused}.items()}
    for name, rows in systems.items():
        if set(rows["clip"]) != set(systems[FUSION]["clip"]):
            raise EmofusionError(
                f"{name} and the fusion were not tested on the same clips; fuse the predictions again."
            )
    measured = tables.measure(systems)
    first, second = tables.table1(measured, settings), tables.table2(measured, settings)
    texts = [
        tables.markdown1(first, list(systems), settings),
        tables.markdown2(second, list(systems), settings),
    ]

    out.mkdir(parents=True, exist_ok=True)
    compared = compare_networks(histories, models, settings)
    csv = {"table1": first, "table2": second, "sweep": sweep.assign(**basis(settings)), "comparison": compared}
    for name, table in csv.items():
        with _whole(out / f"{name}.csv") as path:
            table.to_csv(path, index=False)
    for name, text in zip(("table1", "table2"), texts, strict=True):
        _write_text(out / f"{name}.md", text)
    achieved = first.set_index("emotion").loc["all", f"{FUSION}_accuracy"]
    captions = _draw(out, modalities, systems, sweep, achieved, histories, settings)
    _write_text(out / "summary.md", page.page(systems[FUSION], [*texts, markdown(compared)], captions, settings))


def _draw(
    out: Path,
    modalities: dict[str, pd.DataFrame],
    systems: dict[str, pd.DataFrame],
    sweep: pd.DataFrame,
    achieved: float,
    histories: dict[str, dict[str, pd.DataFrame]],
    settings: dict,
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
        for name, networks in histories.items():
            if networks:
                figure = figures.curves_figure(networks, name, _clips_of(modalities.get(name)), settings)
                seeds = max(history["seed"].nunique() for history in networks.values())
                caption = f"{heading(name)}: loss and accuracy of {', '.join(networks)} while training"
                caption += f", {seeds} seeds." if seeds > 1 else "."
                save(figure, f"curves_{name}.png", caption)
        caption = f"Accuracy against weight, {clips} test clips. {ORACLE.capitalize()}: for orientation only."
        save(figures.sweep_figure(sweep, achieved, settings), "sweep.png", caption)
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
