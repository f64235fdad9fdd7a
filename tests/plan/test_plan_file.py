"""The plan's file: planned once, read afterwards, and planned again when anything that decides it has changed."""

import dataclasses
import gc
import json
import sqlite3
from contextlib import closing

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan import cells, make
from emofusion.plan.make import check_sources, plan_file
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.planner import Planner
from emofusion.plan.records import RECORD, Making, Record, Source
from emofusion.settings.compose import Composer

SWEEP = "seed=0,1"


def refuse(*arguments):
    raise AssertionError("composed again")


def plans_in(results):
    return sorted((results / "plans").glob("*"))


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results"


def test_the_same_command_again_composes_nothing(repository, results, monkeypatch):
    first = plan_file(repository / "conf", "posteriors", SWEEP, results)
    monkeypatch.setattr(make, "Composer", refuse)
    second = plan_file(repository / "conf", "posteriors", SWEEP, results)
    assert second.path == first.path and second.stages == first.stages and second.cells == first.cells
    assert plans_in(results) == [first.path]
    with pytest.raises(AssertionError, match="composed again"):
        plan_file(repository / "conf", "posteriors", "seed=0,2", results)


def test_an_edited_configuration_is_planned_again(conf, results):
    first = plan_file(conf, "posteriors", None, results)
    file = conf / "experiment" / "posteriors.yaml"
    file.write_text(file.read_text().replace("title: ", "title: Other "))
    second = plan_file(conf, "posteriors", None, results)
    assert second.path != first.path
    assert second.cell_settings("posteriors")["report"]["title"].startswith("Other ")
    file.write_text(file.read_text().replace("title: Other ", "title: "))
    assert plan_file(conf, "posteriors", None, results).path == first.path


def test_an_edited_configuration_behind_a_link_is_planned_again(conf, results, tmp_path):
    (conf / "experiment").rename(tmp_path / "mine")
    (conf / "experiment").symlink_to(tmp_path / "mine")
    (tmp_path / "mine" / "again").symlink_to(tmp_path / "mine")  # a loop
    plan_file(conf, "posteriors", None, results)
    file = tmp_path / "mine" / "posteriors.yaml"
    file.write_text(file.read_text().replace("title: ", "title: Other "))
    title = plan_file(conf, "posteriors", None, results).cell_settings("posteriors")["report"]["title"]
    assert title.startswith("Other ")


def test_a_variable_of_the_environment_that_the_configuration_reads_is_part_of_the_plan(conf, results, monkeypatch):
    def table():
        plan = plan_file(conf, "posteriors", None, results)
        (name,) = [name for name in plan.stages if name.startswith("posteriors/speech")]
        return plan.settings(name).posteriors.table

    monkeypatch.setenv("EMOFUSION_REAL_DATA", "/here")
    assert table().startswith("/here/")
    monkeypatch.setenv("EMOFUSION_REAL_DATA", "/there")
    assert table().startswith("/there/")
    monkeypatch.delenv("EMOFUSION_REAL_DATA")
    assert table().startswith("../shared/real/")
    monkeypatch.setenv("EMOFUSION_UNRELATED", "1")
    assert len(plans_in(results)) == 3 and table() and len(plans_in(results)) == 3


def test_a_variable_that_an_override_reads_is_part_of_the_plan(conf, results, monkeypatch):
    titles = []
    for value in ("one", "two"):
        monkeypatch.setenv("EMOFUSION_TITLE", value)
        plan = plan_file(conf, "posteriors", "report.title='${oc.env:EMOFUSION_TITLE}'", results)
        titles.append(plan.cell_settings("posteriors")["report"]["title"])
    assert titles == ["one", "two"]


def test_another_version_of_our_code_is_another_plan(repository, results, monkeypatch):
    first = plan_file(repository / "conf", "posteriors", None, results)
    monkeypatch.setattr(make, "_planning_code", lambda: "other code")
    second = plan_file(repository / "conf", "posteriors", None, results)
    assert second.path != first.path and second.stages.keys() == first.stages.keys()


def test_a_plan_that_fails_leaves_no_file(repository, results):
    with pytest.raises(EmofusionError, match="no such setting"):
        plan_file(repository / "conf", "posteriors", "seeed=1", results)
    assert not results.exists()


def test_a_plan_that_was_cut_off_leaves_no_plan(repository, results, monkeypatch):
    from emofusion.plan import plan_file as module

    def cut_off(text, *_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "short_hash", cut_off)
        with pytest.raises(KeyboardInterrupt):
            plan_file(repository / "conf", "posteriors", None, results)
    assert not list((results / "plans").glob("*.sqlite"))
    assert plan_file(repository / "conf", "posteriors", None, results).stages


def test_results_that_cannot_be_written_are_named(repository, tmp_path):
    (tmp_path / "results").write_text("a file in place of the folder")
    with pytest.raises(EmofusionError, match=r"the plan cannot be written into .*results/plans"):
        plan_file(repository / "conf", "posteriors", None, tmp_path / "results")


def test_a_plan_is_read_in_a_folder_that_cannot_be_written(repository, results):
    path = plan_file(repository / "conf", "posteriors", None, results).path
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        plan = PlanFile(path)
        assert len(plan.stages) == 10 and plan.facts["experiment"] == "posteriors"
    finally:
        path.parent.chmod(0o755)
    assert plans_in(results) == [path]


def test_one_stage_is_read_without_the_others(planned):
    plan = PlanFile(planned("posteriors").path)
    name = next(name for name in planned("posteriors").stages if name.startswith("fusion/"))
    queries = []
    plan._connection.set_trace_callback(queries.append)
    stage = plan.stage(name)
    settings = plan.settings(name)
    assert "stages" not in vars(plan) and settings.fusion.rule == "linear"
    assert stage == planned("posteriors").stages[name] and stage.kind == "fusion" and stage.name == name
    of_stages = [query for query in queries if " from stages " in query or " from texts " in query]
    assert len(of_stages) == 2 and all(f"name = '{name}'" in query for query in of_stages)
    with pytest.raises(KeyError, match="fusion/none"):
        plan.stage("fusion/none")


@pytest.mark.parametrize("experiment", ["demo", "ravdess_best", "posteriors"])
def test_settings_come_back_as_they_were_planned(repository, planned, experiment):
    texts = ["report.seeds=1"]
    composer, planner = Composer(repository / "conf", experiment), Planner()
    report = planner.report(
        composer.settings(texts), lambda modality, choice: composer.alternative(texts, modality, choice)
    )
    stages = {stage.name: stage for stage in make._ordered([report])}
    plan = planned(experiment)
    assert list(plan.stages) == list(stages)
    for name, stage in stages.items():
        settings = plan.settings(name)
        assert dataclasses.is_dataclass(settings) and type(settings) is type(stage.settings)
        assert settings == stage.settings
        kept = plan.stages[name]
        assert (kept.threads, kept.precision) == (stage.threads, stage.precision)
        assert kept.modules == stage.modules and kept.inputs == stage.inputs_by_name


def test_stages_follow_those_that_they_read(planned):
    plan, seen = planned("ravdess_openface", "speech=ensemble seed=0,1"), set()
    for name, stage in plan.stages.items():
        assert set(stage.reads) <= seen
        seen.add(name)


def test_threads_and_precision_of_a_training_are_those_of_its_stages(planned):
    plan = planned("ravdess_openface", "speech.training.threads=3 speech.training.precision=half")
    arithmetic = {name.partition("-")[0]: (stage.threads, stage.precision) for name, stage in plan.stages.items()}
    assert arithmetic["model/speech"] == arithmetic["predictions/speech"] == (3, "half")
    assert arithmetic["fusion/linear"] == arithmetic["rules/compared"] == (1, "full")


def test_the_settings_of_a_cell_are_all_settings(repository, planned):
    plan = planned("ravdess_openface", "seed=0,7 fusion.weights.speech=1")
    base, other = (f"ravdess_openface/fusion.weights.speech=1{seed}" for seed in ("", "+seed=7"))
    assert list(plan.cells) == [base, other]
    settings = plan.cell_settings(other)
    assert settings["seed"] == 7 and settings["experiment"] == "ravdess_openface"
    assert settings["fusion"]["weights"] == {"speech": 1.0, "face": 0.0}
    assert settings["speech"]["training"]["epochs"] > 0 and settings["face"]["features"]["kind"] == "action_units"
    assert settings["tracking"] == {"enabled": True, "uri": None, "patience": 60.0}
    assert plan.cell_settings(base) == settings | {"seed": 0}
    assert "_type" not in json.dumps(settings)
    assert plan.cells[base].digest != plan.cells[other].digest
    assert plan.cells[other].overrides == [
        "report.seeds=1",
        "seed=7",
        "fusion.weights.speech=1",
    ]


@pytest.mark.filterwarnings("error")
def test_a_plan_that_nobody_holds_is_closed(planned):
    plan = PlanFile(planned("demo").path)
    connection = plan._connection
    assert plan.cells
    del plan
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("select 1")


def test_equal_sections_of_cells_are_written_once(planned):
    plan = planned("ravdess_openface", "seed=range(0,20)")
    with closing(sqlite3.connect(plan.path)) as connection:
        (sections,) = connection.execute("select count(*) from sections").fetchone()
        (cells,) = connection.execute("select count(*) from cells").fetchone()
    alone = PlanFile(planned("ravdess_openface").path)
    with closing(sqlite3.connect(alone.path)) as connection:
        (of_one,) = connection.execute("select count(*) from sections").fetchone()
    assert cells == 20 and sections == of_one + 19  # only the root's own values differ


def test_two_cells_with_one_name_are_refused(repository, results, monkeypatch):
    monkeypatch.setattr(cells, "folder_name", lambda changed: "same")
    with pytest.raises(EmofusionError, match=r"cells seed=0 and seed=1 would have the same folder"):
        plan_file(repository / "conf", "posteriors", SWEEP, results)
    assert not plans_in(results)


def test_cells_whose_overrides_differ_in_signs_alone_have_names_of_their_own(planned):
    places = list(planned("posteriors", "report.title='a b','a/b','a:b'").cells)
    assert len(set(places)) == 3
    assert all(place.startswith("posteriors/") and place.count("/") == 1 for place in places)


def test_sources_that_were_read_and_are_gone_are_named_before_anything_runs(planned, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "mine.csv"
    table.write_text("clip\n")
    plan = planned("posteriors", f"speech.posteriors.table={table} face.posteriors.table={table}")
    results = tmp_path / "results"
    for name, stage in plan.stages.items():
        if name.startswith(("posteriors", "corpus")):
            stage.folder(results).mkdir(parents=True)
            sources, made_with = {str(table): Source(5, 1, "")}, Making("", {}, 1, "full")
            Record(name, {}, made_with, {}, sources, {}, "", "", 0.0, []).write(stage.folder(results) / RECORD)
    check_sources(plan, results)  # they are there, and were read
    table.unlink()
    with pytest.raises(EmofusionError, match=r"posteriors\.table=.*mine\.csv: no such file"):
        check_sources(plan, results)


@pytest.mark.parametrize("damage", ["empty", "cut off", "another file", "another database"])
def test_a_file_that_is_no_whole_plan_is_planned_again(repository, results, damage):
    whole = plan_file(repository / "conf", "demo", None, results)
    stages = list(whole.stages)
    content = whole.path.read_bytes()
    if damage == "another database":
        whole.path.unlink()
        with closing(sqlite3.connect(whole.path)) as connection, connection:
            connection.execute("create table other (name text)")
    else:
        half = content[: len(content) // 2]
        whole.path.write_bytes({"empty": b"", "cut off": half, "another file": b"x" * len(content)}[damage])
    assert list(plan_file(repository / "conf", "demo", None, results).stages) == stages


@pytest.mark.parametrize("name", ["50% of it", "what?", "take#2", "a b"])
def test_a_plan_may_lie_in_any_folder(repository, tmp_path, name):
    plan = plan_file(repository / "conf", "posteriors", None, tmp_path / name)
    assert plan.stages and plan_file(repository / "conf", "posteriors", None, tmp_path / name).stages == plan.stages
