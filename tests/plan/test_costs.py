"""What stages cost: measured in the job, kept in the record, shown in one table."""

import csv
import json
import multiprocessing
import subprocess
import sys
import time

import numpy as np
import pytest

from emofusion.plan.costs import COLUMNS, costs_of
from emofusion.plan.meter import Meter
from emofusion.plan.records import RECORD, Record

MIB = 1024 * 1024


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def hold(mebibytes: int, seconds: float) -> None:
    block = np.ones(mebibytes * MIB, dtype=np.uint8)
    time.sleep(seconds)
    assert block[-1]


def test_time_and_cpu_time_are_those_since_the_stage_before():
    meter = Meter()
    with meter:
        first = meter.read()  # everything since the process was started
    with meter:
        burn(0.3)
        time.sleep(0.2)
    second = meter.read()
    assert first.seconds > 0.5 and first.cpu_seconds > 0.5, "the imports of this test"
    assert 0.3 <= second.cpu_seconds < 2
    assert second.seconds >= second.cpu_seconds + 0.15


def test_the_cpu_time_of_children_counts():
    meter = Meter()
    meter.read()
    with meter:
        subprocess.run([sys.executable, "-c", "while __import__('time').process_time() < 0.4: pass"], check=True)
    assert meter.read().cpu_seconds >= 0.4


def test_the_memory_of_children_at_the_same_time_adds_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("emofusion.plan.meter.SAMPLE_SECONDS", 0.05)
    meter = Meter()
    with meter:
        children = [multiprocessing.get_context("fork").Process(target=hold, args=(200, 1.5)) for _ in range(3)]
        for child in children:
            child.start()
        for child in children:
            child.join()
    # not less than what the three hold; not this process's own memory four times over
    assert 600 <= meter.read().peak_mib < 600 + 1.5 * Meter().read().peak_mib + 100


def test_a_record_says_what_its_stage_has_cost(two_stages):
    two_stages.run()
    for name in two_stages.plan.stages:
        record = Record.read(two_stages.results / name / RECORD)
        assert record.seconds > 0 and record.cpu_seconds >= 0 and record.peak_mib > 10 and record.host


def test_records_of_earlier_versions_are_read_and_current(two_stages):
    two_stages.run()
    for name in two_stages.plan.stages:
        path = two_stages.results / name / RECORD
        values = json.loads(path.read_text())
        for new in ("cpu_seconds", "peak_mib", "host"):
            del values[new]
        path.write_text(json.dumps(values))
    assert two_stages.stale() == {} and two_stages.run() == []
    costs = costs_of(two_stages.plan, ["two"], two_stages.results)
    assert (costs.cpu_seconds, costs.peak_mib) == (0, 0) and costs.seconds > 0
    assert costs.line() == "2 stages have cost 0 s of CPU, and at most 0 MiB"


def test_one_table_has_every_stage_once(two_stages, tmp_path):
    two_stages.plan = two_stages.planned(places=["two", "two/a"])
    two_stages.run()
    costs = costs_of(two_stages.plan, two_stages.plan.cells, two_stages.results)
    costs.write(tmp_path / "costs.csv")
    rows = list(csv.DictReader((tmp_path / "costs.csv").open()))
    assert tuple(rows[0]) == COLUMNS
    assert [row["kind"] for row in rows] == ["weights", "feature_cache"]
    assert sum(float(row["cpu_seconds"]) for row in rows) == pytest.approx(costs.cpu_seconds)
    assert max(float(row["peak_mib"]) for row in rows) == costs.peak_mib
    assert {row["threads"] for row in rows} == {"1"}
    assert costs.line().startswith("2 stages have cost ")
