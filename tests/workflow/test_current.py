"""What is shown is current: through the workflow, whatever has changed, and nothing more is run than has to be."""

import json
import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.reporting.grid.files import FILES
from emofusion.reporting.report_page.packing import library_name

QUICK = ["evaluation.samples=50", "evaluation.permutations=50", "fusion.steps=5", "fusion.compare=[linear,product]"]
FOLDS = {2: 0, 5: 0, 14: 0, 15: 0, 16: 0, 3: 1, 6: 1, 7: 1, 13: 1, 18: 1, 10: 2, 11: 2, 12: 2, 19: 2, 20: 2}
FOLDS |= {8: 3, 17: 3, 21: 3, 23: 3, 24: 3, 1: 4, 4: 4, 9: 4, 22: 4}
BEHIND_FUSION = {"report": 1}


def write_posteriors(path, seed):
    """Posteriors of 192 clips by RAVDESS's names, right more often than not."""
    random = np.random.default_rng(seed)
    rows = []
    for actor, fold in FOLDS.items():
        for code, emotion in enumerate(EMOTIONS, start=1):
            logits = random.normal(0, 1, len(EMOTIONS)) + 1.5 * (np.array(EMOTIONS) == emotion)
            rows.append(
                {
                    "clip": f"03-01-{code:02}-01-01-01-{actor:02}",
                    "fold": fold,
                    **dict(zip(EMOTIONS, logits, strict=True)),
                }
            )
    pd.DataFrame(rows).to_csv(path, index=False)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for seed, name in enumerate(("speech", "face", "third")):
        write_posteriors(folder / f"{name}.csv", seed)
    return folder


@pytest.fixture(scope="module")
def two(tables):
    """The overrides of an experiment on two tables."""
    return [
        *QUICK,
        *(f"{name}.posteriors.table={tables}/{name}.csv" for name in ("speech", "face")),
        "face.posteriors.scale=logits",
    ]


@pytest.fixture(scope="module")
def three(tables, two):
    """The same with a third."""
    third = [f"third.posteriors.table={tables}/third.csv", "third.posteriors.scale=logits"]
    return [*two, "modalities=[speech,face,third]", "+speech@third=posteriors", *third, "fusion.weights=null"]


@pytest.fixture(scope="module")
def workflow(workflow_in, copied_repository, tmp_path_factory, two):
    made = workflow_in(copied_repository, tmp_path_factory.mktemp("current"))
    made.given = {"experiment": "posteriors", "override": two}
    made.made(**made.given)
    return made


@pytest.fixture
def edit(copied_repository):
    """Edits files of the copied repository, and takes the edits back."""
    before = {}

    def change(path, old, new):
        file = copied_repository / path
        text = file.read_text()
        assert old in text
        before.setdefault(file, text)
        file.write_text(text.replace(old, new, 1))

    yield change
    for file, text in before.items():
        file.write_text(text)


def shown(workflow):
    """The rules, weights and modalities of the published report."""
    rules = pd.read_csv(workflow / "reports/posteriors/rules.csv")
    summary = (workflow / "reports/posteriors/summary.md").read_text()
    settings = json.loads((workflow / "reports/posteriors/provenance.json").read_text())["settings"]
    return list(rules["rule"]), summary, settings


def test_a_finished_run_says_what_it_found_and_where_the_report_is(workflow):
    output = workflow.made("--forcerun", "report", **workflow.given)
    rules = pd.read_csv(workflow / "reports/posteriors/rules.csv").set_index("rule")
    line = next(line for line in output.splitlines() if line.startswith("posteriors: fusion"))
    assert f"{100 * rules.loc['linear', 'accuracy']:.2f} % [" in line and "of 192 clips, 24 actors" in line
    assert "0.7 speech + 0.3 face" in line
    assert "report: results/reports/posteriors/report.html" in output


def test_a_second_run_has_nothing_to_do(workflow):
    assert workflow.planned(**workflow.given) == {}


def test_three_modalities_and_back(workflow, two, three):
    assert shown(workflow)[0] == ["speech", "face", "linear", "product"]
    workflow.made(experiment="posteriors", override=three)
    assert shown(workflow)[0] == ["speech", "face", "third", "linear", "product"]
    assert (workflow / "reports/posteriors/confusion_third.png").is_file()
    assert workflow.planned(experiment="posteriors", override=three) == {}
    assert workflow.planned(**workflow.given) == {"report": 1}
    workflow.made(**workflow.given)
    assert shown(workflow)[0] == ["speech", "face", "linear", "product"]
    assert not (workflow / "reports/posteriors/confusion_third.png").exists()


def test_another_rule_and_back(workflow, two):
    other = {"experiment": "posteriors", "override": [*two, "fusion.rule=product"]}
    assert workflow.planned(**other) == {"fuse": 1, **BEHIND_FUSION}
    workflow.made(**other)
    assert shown(workflow)[2]["fusion"]["rule"] == "product" and "**product" in shown(workflow)[1]
    assert workflow.planned(**workflow.given) == {"report": 1}
    workflow.made(**workflow.given)
    assert shown(workflow)[2]["fusion"]["rule"] == "linear"


def test_cells_and_back_leave_only_what_the_last_command_asked_for(workflow, two):
    cells = {
        "experiment": "posteriors",
        "override": [item for item in two if "steps" not in item] + ["fusion.steps=5,4"],
    }
    workflow.made(**cells)
    folder = workflow / "reports/posteriors"
    files, cell_folders = ([path for path in folder.iterdir() if path.is_dir() is is_cell] for is_cell in (False, True))
    assert {path.name for path in files} == {*FILES, "cells.json", "costs.csv", library_name()}
    published = [json.loads((path / "provenance.json").read_text()) for path in cell_folders]
    assert sorted(shown["settings"]["fusion"]["steps"] for shown in published) == [4, 5]
    assert workflow.planned(**cells) == {}
    note = folder / "my notes.txt"
    note.write_text("mine")
    workflow.made(**workflow.given)
    names = {path.name for path in folder.iterdir()}
    gone = {*FILES, "cells.json", library_name(), *(path.name for path in cell_folders)}
    # both have a variance.csv: the report's is between folds and actors, and the grid's between settings
    assert "rules.csv" in names and gone & names == {"variance.csv"}
    assert (folder / "variance.csv").read_text().startswith("rule,folds,actors")
    assert note.read_text() == "mine"  # nobody else's file is touched
    note.unlink()


@pytest.mark.parametrize("name", ["a/b", "../up", "a b", ".hidden"])
def test_a_name_that_would_enter_a_path_is_refused(workflow, name):
    done = workflow.run("-n", experiment="ravdess_openface", override=[f"speech.name='{name}'"])
    assert done.returncode != 0 and "speech.name=" in done.output and "Traceback" not in done.output


def test_without_snakemakes_memory_everything_is_known(workflow, edit):
    shutil.rmtree(workflow.folder / ".snakemake")
    assert workflow.planned(**workflow.given) == {}
    edit("src/emofusion/predictions/pools.py", "FLOOR = 1e-12", "FLOOR = 1e-11")
    assert workflow.planned(**workflow.given) == {"fuse_rules": 1, "fuse": 1, **BEHIND_FUSION}
    assert workflow.reasons(**workflow.given)["fusion"] == "other code"


def test_touched_scripts_and_modules_are_no_other_code(workflow, copied_repository):
    for path in [*copied_repository.glob("workflow/scripts/*.py"), *copied_repository.glob("src/emofusion/**/*.py")]:
        os.utime(path)
    assert workflow.planned(**workflow.given) == {}


def test_an_edited_script_is_other_code(workflow, edit):
    edit("workflow/scripts/fuse.py", "def work(job: Job) -> None:", "VALUE = 1\n\n\ndef work(job: Job) -> None:")
    assert workflow.planned(**workflow.given) == {"fuse": 1, **BEHIND_FUSION}


def test_an_edit_of_what_a_function_imports_is_noticed(workflow, edit):
    # the names of RAVDESS's clips are read from a table by `foreign.names_in`, imported inside a function
    edit("src/emofusion/foreign.py", 'list(map(str, table["clip"]))', '[str(name) for name in table["clip"]]')
    assert "corpus" in set(workflow.planned(**workflow.given))


def test_a_docstring_on_a_function_that_had_none_changes_nothing(workflow, edit):
    edit(
        "src/emofusion/predictions/pools.py",
        "def weighted_sum(",
        "def _more() -> None:\n    pass\n\n\ndef weighted_sum(",
    )
    before = workflow.planned(**workflow.given)
    edit(
        "src/emofusion/predictions/pools.py",
        "def _more() -> None:\n    pass",
        'def _more() -> None:\n    """Said."""',
    )
    assert workflow.planned(**workflow.given) == before != {}


def test_code_with_the_same_result_repeats_nothing_behind_it(workflow, edit):
    edit("workflow/scripts/split.py", "def work(job: Job) -> None:", "VALUE = 1\n\n\ndef work(job: Job) -> None:")
    made = {
        kind: {path: path.stat().st_mtime_ns for path in (workflow / kind).glob("*/*.parquet")}
        for kind in ("fusion", "posteriors")
    }
    workflow.made(**workflow.given)
    for kind, files in made.items():
        assert {path: path.stat().st_mtime_ns for path in (workflow / kind).glob("*/*.parquet")} == files
    assert workflow.planned(**workflow.given) == {}


def test_another_version_of_a_library_is_noticed_and_can_be_accepted(workflow, tmp_path):
    import sklearn

    workflow.made(**workflow.given)
    fake = tmp_path / "scikit_learn-99.0.0.dist-info"
    fake.mkdir()
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: scikit-learn\nVersion: 99.0.0\n")
    path = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(workflow.repository / "src")])}
    planned = workflow.planned(**workflow.given, environment=path)
    assert {"split", "fuse", "report"} <= set(planned)
    reason = workflow.reasons(**workflow.given, environment=path)["split"]
    assert reason == f"made with scikit-learn {sklearn.__version__} instead of 99.0.0"
    accepting = {"experiment": "posteriors", "override": [*workflow.given["override"], "accept_other_versions=true"]}
    assert workflow.planned(**accepting, environment=path) == {"report": 1}
    workflow.made(**accepting, environment=path)
    for name in ("summary.md", "report.html"):
        text = (workflow / f"reports/posteriors/{name}").read_text()
        assert f"scikit-learn {sklearn.__version__} instead of 99.0.0" in text
    workflow.made(**workflow.given)
    assert "99.0.0" not in (workflow / "reports/posteriors/summary.md").read_text()


def test_versions_are_told_in_provenance_and_on_the_page_and_in_mlflow(workflow):
    from mlflow.tracking import MlflowClient

    provenance = json.loads((workflow / "reports/posteriors/provenance.json").read_text())
    (fusion,) = [name for name in provenance["versions"] if name.startswith("fusion/")]
    assert provenance["versions"][fusion]["numpy"] == np.__version__
    assert f"numpy {np.__version__}" in (workflow / "reports/posteriors/report.html").read_text()
    client = MlflowClient(f"sqlite:///{workflow / 'mlflow.db'}")
    (experiment,) = [found for found in client.search_experiments() if found.name == "posteriors"]
    key = next(name.partition("/")[2] for name in provenance["versions"] if name.startswith("posteriors/"))
    (run,) = client.search_runs([experiment.experiment_id], f"tags.`emofusion.key` = '{key}'")
    assert run.data.tags["emofusion.version.numpy"] == np.__version__
    assert run.data.tags["emofusion.threads"] == "1" and run.data.tags["emofusion.precision"] == "full"


def test_another_table_under_the_same_path_is_read_again(workflow, tables):
    kept = (tables / "face.csv").read_bytes()
    write_posteriors(tables / "face.csv", seed=9)
    # the names of the clips are read from it too
    expected = {"corpus": 1, "split": 1, "groups": 1, "posteriors": 1, "fuse_rules": 1, "fuse": 1, **BEHIND_FUSION}
    assert workflow.planned(**workflow.given) == expected
    assert workflow.reasons(**workflow.given)["corpus"].endswith("face.csv has changed")
    (tables / "face.csv").write_bytes(kept)
    assert workflow.planned(**workflow.given) == {}  # the time is another, the content is not


def test_cores_change_neither_the_result_nor_what_is_current(workflow, workflow_in, tmp_path):
    assert workflow.planned(**workflow.given, cores=1) == {} == workflow.planned(**workflow.given, cores=8)
    other = workflow_in(workflow.repository, tmp_path)
    other.made(**workflow.given, cores=5, environment={"OMP_NUM_THREADS": "5", "EMOFUSION_FORKSERVER": ""})
    for name in ("rules.csv", "parameters.csv", "subsets.csv.gz"):
        assert (other / f"reports/posteriors/{name}").read_bytes() == (
            workflow / f"reports/posteriors/{name}"
        ).read_bytes()


def test_copied_results_are_used_whatever_their_times(workflow, workflow_in, tmp_path, edit):
    shutil.copytree(workflow / "", tmp_path / "results", copy_function=shutil.copyfile)
    copy = workflow_in(workflow.repository, tmp_path)
    assert copy.planned(**workflow.given) == {}
    edit("src/emofusion/predictions/pools.py", "FLOOR = 1e-12", "FLOOR = 1e-11")
    assert copy.planned(**workflow.given) == {"fuse_rules": 1, "fuse": 1, **BEHIND_FUSION}


def test_a_result_that_is_not_whole_is_made_again(workflow):
    (key,) = json.loads((workflow / "reports/posteriors/provenance.json").read_text())["stages"]["fusion"]
    fused = workflow / f"fusion/{key}/parameters.parquet"
    whole = fused.read_bytes()
    fused.write_bytes(whole[:-1])
    assert workflow.reasons(**workflow.given)["fusion"] == "some of its files are missing or have another size"
    fused.write_bytes(whole)
    assert workflow.planned(**workflow.given) == {}


@pytest.mark.parametrize("name", ["table1.csv", "summary.json", "report.html", "confusion_face.png", "published.json"])
def test_a_published_file_that_is_gone_or_edited_is_published_again(workflow, name):
    file = workflow / f"reports/posteriors/{name}"
    content = file.read_bytes()
    file.unlink()
    assert workflow.planned(**workflow.given) == {"report": 1}
    file.write_bytes(content.replace(b"0", b"1") if name == "table1.csv" else content)
    assert workflow.planned(**workflow.given) == ({"report": 1} if name == "table1.csv" else {})
    workflow.made(**workflow.given)
    if name != "published.json":
        assert file.read_bytes() == content
    assert workflow.planned(**workflow.given) == {}


def test_what_is_asked_for_is_looked_at_and_not_how_the_command_line_is_worded(workflow, two, tmp_path):
    other = {"experiment": "posteriors", "override": [*two, "fusion.rule=log_linear"]}
    expected = {"fuse": 1, **BEHIND_FUSION}
    for name in ("audit", "prune", "tracking"):  # folders that are called like targets
        (tmp_path / name).symlink_to(workflow.folder)
        assert workflow.planned("--directory", str(tmp_path / name), **other) == expected
    workflow.made("audit", **other)
    (workflow / "reports/audit/report.html").write_text("something else")
    for targets in (["all", "audit"], ["all", "results/reports/audit/findings.csv"]):
        assert workflow.planned(*targets, **other) == {"audit": 1, **expected}
        assert workflow.planned(*targets, **workflow.given) == {"audit": 1}
    assert workflow.planned(**workflow.given) == {}  # which does not ask for the audit
    workflow.made("audit", **other)
    assert workflow.planned("all", "audit", **workflow.given) == {}


def test_what_would_show_something_else_is_refused(workflow, two, tmp_path):
    other = {"experiment": "posteriors", "override": [*two, "fusion.rule=log_linear"]}
    for options, given, message in [
        (["--report", str(tmp_path / "report.html")], other, "run the same command without --report first"),
        (["--dry-run", "--rerun-triggers", "code"], other, "add mtime, or leave that option out"),
        (["--dry-run"], {**other, "experiment": "posteriors,demo"}, "a command runs one experiment"),
    ]:
        done = workflow.run(*options, **given)
        assert done.returncode != 0 and message in done.output, done.output[-2000:]
    assert not (tmp_path / "report.html").exists()
    workflow.made("--report", str(tmp_path / "report.html"), **workflow.given)
    assert workflow.planned("--rerun-triggers", "mtime", "software-env", **workflow.given) == {}


def test_files_of_a_machine_whose_clock_is_wrong_are_used_and_made_again(workflow, two):
    other = {"experiment": "posteriors", "override": [*two, "fusion.rule=log_linear"]}
    for given, planned in (
        (workflow.given, {}),
        (other, {"fuse": 1, **BEHIND_FUSION}),
        (workflow.given, {"report": 1}),
    ):
        for path in workflow.folder.glob("results/**/*.*"):
            if path.suffix in (".json", ".csv", ".txt"):
                os.utime(path, (2e9, 2e9))
        assert workflow.planned(**given) == planned
        workflow.made(**given)
        assert workflow.planned(**given) == {}


def test_prune_lists_what_nobody_needs_and_deletes_it_on_request(workflow):
    provenance = json.loads((workflow / "reports/posteriors/provenance.json").read_text())
    (needed,) = provenance["stages"]["fusion"]
    workflow.made(**{**workflow.given, "override": [*workflow.given["override"], "fusion.fit_on=cross_fitted"]})
    workflow.made(**workflow.given)
    there = {path.name for path in (workflow / "fusion").iterdir()}
    listed = set(re.findall(r"results/fusion/([\w.-]+)", workflow.made("prune", **workflow.given)))
    assert listed == there - {needed} != set()
    assert {path.name for path in (workflow / "fusion").iterdir()} == there
    workflow.made("prune", **workflow.given, config=["delete=yes"])
    assert {path.name for path in (workflow / "fusion").iterdir()} == {needed}
    assert workflow.planned(**workflow.given) == {}
    assert (workflow / "mlflow.db").is_file() and (workflow / "reports/posteriors/rules.csv").is_file()
