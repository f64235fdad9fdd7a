"""What interrupted jobs, deleted folders and other machines leave behind, and what is made of it."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from emofusion.plan import digests, making
from emofusion.plan.digests import DigestMemory
from emofusion.plan.job import Job
from emofusion.plan.records import LAST_RECORD, RECORD, Record
from emofusion.plan.stage import StageFactory


class Killed(BaseException):
    """The process has ended."""


def name_of(made, kind):
    (name,) = [name for name in made.plan.stages if name.startswith(kind)]
    return name


def job_of(made, kind):
    return Job(made.plan, name_of(made, kind), made.results, made.repository)


def as_snakemake_deletes(made, kind):
    """Delete the declared output of a job, as Snakemake does before it runs it."""
    (made.results / name_of(made, kind) / RECORD).unlink()


def test_what_read_a_deleted_result_is_not_current_and_is_not_worked_out_again(two_stages):
    two_stages.run()
    shutil.rmtree(two_stages.results / name_of(two_stages, "weights"))
    assert two_stages.stale() == {"feature_cache": f"{name_of(two_stages, 'weights')} has to be made again"}
    assert two_stages.run() == ["weights"]  # its content is as before
    assert two_stages.stale() == {}


def test_a_job_that_is_killed_before_its_record_is_run_again(two_stages, monkeypatch):
    two_stages.run()
    two_stages.source.write_text("other")

    def killed(folder, names):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("emofusion.plan.job.outputs_of", killed)
        with pytest.raises(Killed):
            job_of(two_stages, "weights").run(two_stages._work)
    folder = two_stages.results / name_of(two_stages, "weights")
    assert (folder / "weights.safetensors").read_text() == "OTHER"  # written, and nobody vouches for it
    assert not (folder / RECORD).exists() and not (folder / LAST_RECORD).exists()
    assert two_stages.run() == ["weights", "feature_cache"] and two_stages.result() == "OTHEROTHER"


def test_a_job_that_is_killed_between_its_two_records_has_been_done(two_stages, monkeypatch):
    def killed(source, target):
        assert source.name == LAST_RECORD and source.exists() and target.name == RECORD
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("emofusion.plan.job.link", killed)
        with pytest.raises(Killed):
            job_of(two_stages, "weights").run(two_stages._work)
    assert two_stages.run() == ["feature_cache"] and two_stages.stale() == {}


@pytest.mark.parametrize("left", [f".{RECORD}.7fdb.partial", f"{LAST_RECORD}.partial", "weights.safetensors.partial"])
def test_half_written_files_of_a_killed_job_go_where_its_result_is_kept_too(two_stages, left):
    two_stages.run()
    folder = two_stages.results / name_of(two_stages, "weights")
    (folder / left).write_text("a part")
    as_snakemake_deletes(two_stages, "weights")
    assert two_stages.run() == [] and two_stages.stale() == {}
    assert not (folder / left).exists()


def test_a_job_that_is_killed_at_its_work_takes_no_part_of_the_old_result(two_stages):
    two_stages.run()
    folder = two_stages.results / name_of(two_stages, "feature_cache")
    (folder / "features.npy").write_text("tampered with")
    as_snakemake_deletes(two_stages, "feature_cache")
    present = []

    def killed(job):
        present.extend(sorted(path.name for path in folder.iterdir()))
        raise Killed

    with pytest.raises(Killed):
        job_of(two_stages, "feature_cache").run(killed)
    assert present == []
    assert two_stages.run() == ["feature_cache"] and two_stages.result() == "TEXTTEXT"


def test_an_output_folder_holds_no_files_of_an_earlier_result(two_stages):
    factory = StageFactory()
    two_stages.plan = two_stages.written([factory.make("model", "m", {"x": 1})])
    (two_stages.repository / "workflow" / "scripts" / "train.py").write_text("VALUE = 1\n")
    folds = ["0", "1", "2"]

    def train(job):
        (job.folder / "folds").mkdir(exist_ok=True)
        for fold in folds:
            (job.folder / "folds" / fold).write_text("weights")
        for name in ("model.json", "history.parquet"):
            (job.folder / name).write_text(name)

    job = job_of(two_stages, "model")
    job.run(train)
    as_snakemake_deletes(two_stages, "model")
    (job.folder / LAST_RECORD).unlink()
    folds.pop()
    job.run(train)
    assert sorted(path.name for path in (job.folder / "folds").iterdir()) == ["0", "1"]


def test_an_interrupted_job_goes_on_with_the_same_inputs_code_and_versions_only(two_stages, monkeypatch):
    versions = {"numpy": "2.1.0"}
    monkeypatch.setattr(making, "library_versions", lambda *modules, scripts, also: dict(versions))
    two_stages.run()

    def token():
        making._versions.cache_clear()
        return job_of(two_stages, "feature_cache").token

    first = token()
    assert token() == first
    versions["numpy"] = "2.2.0"
    assert token() != first
    versions["numpy"] = "2.1.0"
    assert token() == first
    two_stages.source.write_text("other")
    two_stages.run()
    assert token() != first
    making._versions.cache_clear()


def test_hidden_files_are_no_part_of_a_result(two_stages):
    two_stages.plan = two_stages.written([StageFactory().make("report", "e", {"x": 1})])
    (two_stages.repository / "workflow" / "scripts" / "report.py").write_text("VALUE = 1\n")

    def write(job):
        (job.folder / "report").mkdir()
        (job.folder / "report" / "pairs.parquet").write_text("pairs")

    job = job_of(two_stages, "report")
    job.run(write)
    (job.folder / "report" / ".snakemake_timestamp").write_text("12")
    assert two_stages.stale() == {}
    (job.folder / "report" / "more.parquet").write_text("12")
    assert two_stages.stale() == {"report": "some of its files are missing or have another size"}


def test_a_report_is_made_again_where_only_its_own_libraries_have_changed(two_stages, monkeypatch):
    versions = {"pandas": "2.1.0"}
    monkeypatch.setattr(making, "library_versions", lambda *modules, scripts, also: dict(versions))
    stage = StageFactory().make("report", "two", {"x": 1})
    (two_stages.repository / "workflow" / "scripts" / "report.py").write_text("VALUE = 1\n")
    two_stages.plan = two_stages.written([stage], accept=True)
    made = []

    def report(job):
        made.append(job.name)
        (job.folder / "report").mkdir()
        (job.folder / "report" / "page.html").write_text("page")

    job_of(two_stages, "report").run(report)
    versions["pandas"] = "2.2.0"
    assert set(two_stages.stale()) == {"report"}
    as_snakemake_deletes(two_stages, "report")
    job_of(two_stages, "report").run(report)
    assert len(made) == 2 and two_stages.stale() == {}
    making._versions.cache_clear()


def test_results_of_another_machine_hold_where_its_relative_paths_lead_to_the_same_files(two_stages, monkeypatch):
    """A path below the working folder is the same everywhere; an absolute one is another file elsewhere."""
    machine, other = two_stages.folder, two_stages.folder.parent / "other"
    monkeypatch.chdir(machine)
    two_stages.plan = two_stages.planned(source="source.txt")
    two_stages.run()
    shutil.copytree(machine, other, copy_function=shutil.copyfile)
    monkeypatch.chdir(other)
    two_stages.results, two_stages.repository = other / "results", other / "repository"
    assert two_stages.stale() == {} and len(two_stages.examine().content) == 2
    (other / "source.txt").write_text("elsewhere another text")
    assert two_stages.stale()["weights"] == "source.txt has changed"


def test_a_record_that_names_files_of_another_machine_is_recognised_as_stale(two_stages):
    two_stages.run()
    path = two_stages.results / name_of(two_stages, "weights") / RECORD
    record = Record.read(path)
    (source,) = record.sources.values()
    record.sources.clear()
    record.sources["/another/machine/source.txt"] = source
    record.write(path)
    assert two_stages.stale()["weights"] == "/another/machine/source.txt is gone"


def test_a_file_that_changes_while_a_job_reads_it_is_noticed(two_stages):
    def work(job):
        two_stages._work(job)
        two_stages.source.write_text("changed after it was read")

    job_of(two_stages, "weights").run(work)
    assert two_stages.stale() == {"weights": f"{two_stages.source} has changed"}
    assert two_stages.run() == ["weights", "feature_cache"]
    assert two_stages.result() == 2 * "CHANGED AFTER IT WAS READ"


def test_a_file_that_is_added_while_a_job_runs_is_noticed(two_stages):
    two_stages.source.unlink()

    def work(job):
        (job.folder / "weights.safetensors").write_text("nothing was there")
        two_stages.source.write_text("text")

    job_of(two_stages, "weights").run(work)
    assert two_stages.stale() == {"weights": f"{two_stages.source} is new"}


def test_two_commands_one_after_the_other_share_what_they_agree_on(two_stages):
    first = two_stages.plan
    two_stages.run()
    two_stages.plan = two_stages.planned(times=3)
    assert two_stages.run() == ["feature_cache"] and two_stages.result() == "TEXTTEXTTEXT"
    two_stages.plan = first
    assert two_stages.stale() == {} and two_stages.run() == [] and two_stages.result() == "TEXTTEXT"


def test_a_change_that_is_taken_back_costs_no_more_than_a_look(two_stages):
    two_stages.run()
    status = two_stages.source.stat()
    two_stages.source.write_text("next")
    os.utime(two_stages.source, ns=(1, 1))
    assert set(two_stages.stale()) == {"weights", "feature_cache"}
    two_stages.source.write_text("text")
    os.utime(two_stages.source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert two_stages.stale() == {} and two_stages.run() == []


def test_digests_are_remembered_in_bulk_and_by_path_size_and_time(tmp_path, monkeypatch):
    files = [tmp_path / name for name in ("a", "b", "c")]
    for file in files:
        file.write_text(file.name)
    memory, read, plain = DigestMemory(tmp_path / "plans" / "digests.sqlite"), [], digests.digest_of_file
    monkeypatch.setattr(digests, "digest_of_file", lambda path: read.append(path.name) or plain(path))
    first = memory.digests(files)
    assert read == ["a", "b", "c"] and len(set(first.values())) == 3
    assert memory.digests(files) == first and DigestMemory(memory.database).digest(files[0]) == first[files[0]]
    assert read == ["a", "b", "c"]
    os.utime(files[1], ns=(1, 1))
    assert memory.digests(files) == first and read == ["a", "b", "c", "b"]


@pytest.mark.parametrize("damage", ["folder", "no database"])
def test_digests_without_a_database_are_right_all_the_same(tmp_path, damage):
    database, file = tmp_path / "digests.sqlite", tmp_path / "file"
    file.write_text("text")
    database.mkdir() if damage == "folder" else database.write_text("no database, but some text of another kind")
    memory = DigestMemory(database)
    assert memory.digest(file) == memory.digest(file) == digests.digest_of_file(file)


def test_digests_in_a_folder_that_cannot_be_written_are_right_all_the_same(tmp_path):
    folder, file = tmp_path / "plans", tmp_path / "file"
    file.write_text("text")
    memory = DigestMemory(folder / "digests.sqlite")
    memory.digest(file)
    memory.database.chmod(0o444)
    folder.chmod(0o555)
    try:
        file.write_text("other text")
        assert memory.digest(file) == digests.digest_of_file(file)
    finally:
        folder.chmod(0o755)
    with closing(sqlite3.connect(memory.database)) as connection:
        assert connection.execute("select count(*) from digest").fetchone() == (1,)
