"""The cross-corpus matrix: one row for each cell, system and tested corpus."""

import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.reporting.grid.cells import Grid, GridCell
from emofusion.reporting.grid.matrix import COLUMNS, matrix, wide
from emofusion.settings.experiment import Evaluation

UAR = "unweighted average recall"


def report(folder, systems, tested, trained):
    """The tables of a cell's report: an accuracy of 0.5 + 0.1 for each tested corpus, and a recall 0.05 below."""
    folder.mkdir()
    rows = []
    for system in systems:
        for number, corpus in enumerate(tested):
            for emotion, accuracy in (("all", 0.5 + number / 10), (UAR, 0.45 + number / 10), ("sad", 1.0)):
                about = {"group": "corpus", "level": corpus, "rule": system, "emotion": emotion}
                rows.append(about | {"clips": 40, "actors": 4, "accuracy": accuracy, "low": 0.4, "high": 0.75})
        rows.append(rows[-1] | {"group": "age", "level": "old", "emotion": "all"})
    pd.DataFrame(rows).to_csv(folder / "groups.csv", index=False)
    pd.DataFrame(trained, columns=["modality", "corpus"]).to_csv(folder / "trained.csv", index=False)
    kinds = ["rule" if system == "linear" else "modality" for system in systems]
    pd.DataFrame({"rule": systems, "kind": kinds}).to_csv(folder / "rules.csv", index=False)
    nothing = folder / "nothing.parquet"
    return GridCell(folder.name, folder.name, {}, folder, nothing, nothing, None, "linear", "linear")


def grid_of(*cells):
    return Grid("across", list(cells), cells[0].name, True, ["seed"], Evaluation())


def test_each_corpus_trains_and_every_other_tests(tmp_path):
    cells = [
        report(tmp_path / name, ["speech"], others, [("speech", name)])
        for name, others in (("a", ["b", "c"]), ("b", ["a", "c"]), ("c", ["a", "b"]))
    ]
    table = matrix(grid_of(*cells))
    assert table.columns.tolist() == COLUMNS
    assert table[["trained_on", "tested_on"]].to_numpy().tolist() == [
        ["a", "b"], ["a", "c"], ["b", "a"], ["b", "c"], ["c", "a"], ["c", "b"],
    ]  # fmt: skip
    assert table["accuracy"].tolist() == pytest.approx([0.5, 0.6] * 3)
    assert table["recall"].tolist() == pytest.approx([0.45, 0.55] * 3)
    shown = wide(table).set_index("Trained on")
    assert shown["a"].tolist() == ["–", "50.00% [40.00%, 75.00%]", "50.00% [40.00%, 75.00%]"]
    assert shown.columns.tolist() == ["System", "Cell", "b", "c", "a"]


def test_modalities_that_different_corpora_train(tmp_path):
    trained = [("face", "k"), ("speech", "s"), ("speech", "t"), ("speech", "s")]
    cell = report(tmp_path / "x", ["speech", "face", "linear"], ["r"], trained)
    table = matrix(grid_of(cell)).set_index("system")["trained_on"]
    assert table.to_dict() == {"speech": "s + t", "face": "k", "fusion": "speech: s + t, face: k"}


def test_without_groups_there_is_no_matrix(tmp_path):
    cell = report(tmp_path / "x", ["speech"], ["r"], [])
    assert matrix(grid_of(cell))["trained_on"].tolist() == ["elsewhere"]
    (cell.folder / "groups.csv").unlink()
    assert matrix(grid_of(cell)).empty


def test_a_damaged_report_is_named(tmp_path):
    cell = report(tmp_path / "x", ["speech"], ["r"], [])
    (cell.folder / "trained.csv").unlink()
    with pytest.raises(EmofusionError, match=r"the report of the cell x in .* is not complete"):
        matrix(grid_of(cell))
