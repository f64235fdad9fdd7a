"""Pruning: what no plan needs is listed, and deleted on request only."""

import pytest

from emofusion.plan.prune import prune


def files_of(results):
    return {path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file()}


@pytest.fixture
def used(two_stages):
    """Results of two commands, and everything that lies beside them."""
    two_stages.run()
    two_stages.kept = two_stages.plan.path
    two_stages.plan = two_stages.planned(times=3)
    two_stages.run()
    two_stages.other = two_stages.plan.path
    for name in (
        "mlflow.db",
        "mlartifacts/1/model.json",
        "reports/two/report.html",
        "logs/feature_cache/old.log",
        "tracking/journal/model-a.1.jsonl",
        "plans/stale.txt",
        "plans/digests.sqlite",
        "notes/mine.txt",
    ):
        path = two_stages.results / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("kept")
    (two_stages.results / "plans" / "0.sqlite.123.partial").write_text("of a process that was killed")
    return two_stages


def unneeded_of(made):
    from emofusion.plan.plan_file import PlanFile

    (name,) = set(PlanFile(made.other).stages) - set(PlanFile(made.kept).stages)
    return name


def test_what_no_plan_needs_is_listed_and_nothing_is_deleted(used):
    before = files_of(used.results)
    *lines, summary = prune([used.kept], used.results, delete=False)
    listed = [line.split("MB  ")[1] for line in lines]
    assert listed == [
        str(used.results / unneeded_of(used)),
        str(used.results / "plans" / "0.sqlite.123.partial"),
        str(used.other),
    ]
    assert summary.startswith("2 results are needed; 1 others and 2 old plans, ") and "add delete=yes" in summary
    assert files_of(used.results) == before


def test_it_is_deleted_on_request_and_everything_else_stays(used):
    before, name = files_of(used.results), unneeded_of(used)
    *_, summary = prune([used.kept], used.results, delete=True)
    gone = before - files_of(used.results)
    assert gone == {file for file in before if file.startswith((f"{name}/", "plans/0.sqlite.123"))} | {
        f"plans/{used.other.name}"
    }
    assert {f"{name}/{file}" for file in ("record.json", "features.npy", "rows.parquet")} <= gone
    assert summary.endswith("deleted")
    assert prune([used.kept], used.results, delete=True)[:-1] == []


def test_what_any_of_several_plans_needs_is_kept(used):
    (used.results / "plans" / "0.sqlite.123.partial").unlink()
    assert len(prune([used.kept, used.other], used.results, delete=True)) == 1
    used.plan = type(used.plan)(used.kept)
    assert used.stale() == {} and len(used.examine().content) == 2


def test_a_plan_is_kept_however_its_path_is_written(used, monkeypatch):
    monkeypatch.chdir(used.results.parent)
    prune([used.kept.relative_to(used.results.parent)], used.results, delete=True)
    assert used.kept.is_file() and not used.other.exists()


def test_a_link_to_a_result_elsewhere_is_taken_away_and_its_content_is_not(used, tmp_path):
    name = unneeded_of(used)
    elsewhere = tmp_path / "scratch"
    (used.results / name).rename(elsewhere)
    (used.results / name).symlink_to(elsewhere)
    prune([used.kept], used.results, delete=True)
    assert not (used.results / name).is_symlink() and (elsewhere / "features.npy").is_file()
