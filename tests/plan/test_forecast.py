"""The table before a run: what is counted, and how the time is estimated."""

import json

import pytest

from emofusion.plan.currency import Currency
from emofusion.plan.forecast import Earlier, forecast, rows_of
from emofusion.plan.make import plan_file
from emofusion.plan.records import RECORD


@pytest.fixture
def took(two_stages):
    """A function that writes the record of an earlier stage: of its kind, with its label, after so many seconds."""
    two_stages.run()
    record = json.loads((two_stages.results / next(iter(two_stages.plan.stages)) / RECORD).read_text())

    def write(results, kind, label, seconds, number=0):
        folder = results / kind / f"{label}-{number:016x}"
        folder.mkdir(parents=True)
        (folder / RECORD).write_text(json.dumps(record | {"seconds": seconds}))

    return write


def test_a_stage_takes_the_median_of_those_with_its_name_or_else_of_its_kind(took, two_stages, tmp_path):
    results = tmp_path / "others"
    for number, seconds in enumerate([1, 2, 9]):
        took(results, "weights", "capitals", seconds, number)
    took(results, "weights", "small", 100)
    for number, seconds in enumerate([4, 5]):
        took(results, "feature_cache", "other", seconds, number)
    weights, twice = two_stages.plan.stages.values()
    earlier = Earlier(results)
    assert earlier.seconds(weights) == 2  # of 1, 2 and 9, without the other name
    assert earlier.seconds(twice) == 4.5
    assert Earlier(tmp_path / "nowhere").seconds(twice) is None


def test_stages_are_counted_in_all_cells_and_once(planned, tmp_path):
    plan = planned(override="speech=cnn1d,lstm seed=range(0,2) tracking.enabled=false")
    models = [name for name in plan.stages if name.startswith("model/")]
    currency = Currency(content={models[0]: "x"}, stale={models[1]: "other code"})
    rows = rows_of(plan, currency, tmp_path)
    # each cell trains its own networks and those that it is compared with: four in all
    model, fusion = rows["model"], rows["fusion"]
    assert (model.in_all_cells, model.distinct, model.current, model.stale, model.to_run) == (16, 8, 1, 1, 7)
    assert (fusion.in_all_cells, fusion.distinct, fusion.to_run) == (4, 4, 4)
    assert sum(row.distinct for row in rows.values()) == len(plan.stages)
    order = ["corpus", "features", "model", "predictions", "fusion", "report"]
    assert [kind for kind in rows if kind in order] == order


def test_the_estimate_is_work_over_cores_and_says_what_it_does_not_know(planned, took, tmp_path):
    plan = planned(override="speech=cnn1d,lstm tracking.enabled=false")
    took(tmp_path, "model", "any", 60)
    lines = "\n".join(forecast(plan, Currency(), tmp_path, 2))
    number = sum(name.startswith("model/") for name in plan.stages)
    unknown = len(plan.stages) - number
    assert f"estimate: at least {number * 60 / 2 / 60:.0f} min on 2 cores ({number} min of work" in lines
    assert f"and {unknown} stages of kinds that never ran here)" in lines
    assert "  speech: cnn1d, lstm\n  baseline: speech=cnn1d (by default; baseline=… chooses another)" in lines
    everything = Currency(content=dict.fromkeys(plan.stages, "x"))
    assert "no stage to run: all results are current" in "\n".join(forecast(plan, everything, tmp_path, 2))


def test_a_single_experiment_gets_a_line_or_none(planned, tmp_path):
    plan = planned("posteriors")
    first, *others = list(plan.stages)
    lines = forecast(plan, Currency(stale={others[0]: "other code"}, content={first: "x"}), tmp_path, 1)
    assert lines == [
        f"posteriors: {len(others)} of {len(plan.stages)} stages to run (1 stale)",
        "estimate: unknown, because no stage of these kinds has run here before",
    ]
    assert forecast(plan, Currency(content=dict.fromkeys(plan.stages, "x")), tmp_path, 1) == []


def test_a_long_list_of_levels_is_cut_and_repetitions_are_called_so(repository, tmp_path):
    plan = plan_file(repository / "conf", "posteriors", "seed=range(0,30)", tmp_path / "results")
    lines = forecast(plan, Currency(), tmp_path, 1)
    assert lines[1] == "experiment posteriors: 30 cells"
    assert lines[2] == "  seed: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (30 in all) (repetitions)"
    assert lines[3] == "  baseline: the only setting"
