"""The cells of one command: their figures, what they rest on, and their fusions two by two."""

from dataclasses import replace

import pandas as pd
import pytest

from emofusion.reporting.cells import BASIS, Cell, write_cells
from emofusion.reporting.report import write_report
from emofusion.settings.experiment import Evaluation

CELLS = [
    Cell("fusion.rule=linear", "report-1", {"fusion.rule": "linear"}),
    Cell("fusion.rule=product", "report-2", {"fusion.rule": "product"}),
]

EVALUATION = Evaluation(samples=50)


def test_each_cell_has_a_row_and_both_are_compared(results, settings, provenance, tmp_path):
    reports, fused = [], []
    for cell, generated in zip(CELLS, (False, True), strict=True):
        rule = cell.overrides["fusion.rule"]
        columns = list(results.fused)
        rows = results.rules[results.rules["rule"] == rule][columns].reset_index(drop=True)
        changed = replace(results, fused=rows, histories={}, models={})
        reports.append(tmp_path / cell.report)
        write_report(reports[-1], changed, replace(settings, rule=rule, generated=generated), provenance)
        fused.append(tmp_path / f"{rule}.parquet")
        rows.to_parquet(fused[-1], index=False)
    table, pairs = tmp_path / "cells.csv", tmp_path / "cells_pairs.csv"
    assert write_cells(CELLS, reports, fused, EVALUATION, table, pairs)
    written = pd.read_csv(table)
    assert written["fusion.rule"].tolist() == ["linear", "product"] and written["clips"].tolist() == [160, 160]
    assert written["report"].tolist() == ["report-1", "report-2"]
    for number, report in enumerate(reports):
        first = pd.read_csv(report / "table1.csv").set_index("emotion")
        for system in ("speech", "face", "fusion"):
            recall = first.loc["unweighted average recall", f"{system}_accuracy"]
            assert written.loc[number, f"{system}_accuracy"] == first.loc["all", f"{system}_accuracy"]
            assert written.loc[number, f"{system}_unweighted_average_recall"] == recall
    (pair,) = pd.read_csv(pairs).to_dict("records")
    assert (pair["first"], pair["second"]) == ("fusion.rule=linear", "fusion.rule=product")
    difference = written.loc[0, "fusion_accuracy"] - written.loc[1, "fusion_accuracy"]
    assert pair["difference"] == pytest.approx(difference)
    # the same for both cells stands once, what differs stands twice
    assert set(BASIS) <= set(pair) and pair["protocol"] == "speaker_independent"
    assert pair["data"] == "recordings / generated demo data"


def test_cells_on_other_clips_are_not_compared(results, settings, provenance, tmp_path):
    fused = []
    for number, share in enumerate((results.fused[:80], results.fused[80:])):
        fused.append(tmp_path / f"{number}.parquet")
        share.to_parquet(fused[-1], index=False)
    write_report(tmp_path / "report", replace(results, histories={}, models={}), settings, provenance)
    table, pairs = tmp_path / "cells.csv", tmp_path / "cells_pairs.csv"
    assert not write_cells(CELLS, [tmp_path / "report"] * 2, fused, EVALUATION, table, pairs)
    assert len(pd.read_csv(table)) == 2 and len(pd.read_csv(pairs)) == 0
