"""Records: a result is used while what made it is the same, and recognised as stale when anything has changed."""

import json
import os
import shutil

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan import fingerprint, making
from emofusion.plan.job import Job
from emofusion.plan.records import LAST_RECORD, RECORD, Record
from emofusion.plan.stage import StageFactory


def records(made):
    return {name.partition("/")[0]: made.results / name / RECORD for name in made.plan.stages}


def test_a_result_is_made_once(two_stages):
    assert two_stages.run() == ["weights", "feature_cache"]
    assert two_stages.result() == "TEXTTEXT"
    assert two_stages.run() == [] and two_stages.stale() == {}


def test_a_record_says_what_made_the_result(two_stages):
    two_stages.run()
    record = Record.read(records(two_stages)["weights"])
    assert record.settings == {"file": str(two_stages.source)}
    assert record.sources[str(two_stages.source)].size == 4
    assert record.outputs["weights.safetensors"][0] == 4
    later = Record.read(records(two_stages)["feature_cache"])
    assert later.inputs == {"weights": [[record.stage, record.content]]}
    assert later.making.threads == 1 and later.making.precision == "full" and later.seconds >= 0


def test_another_content_of_a_source_is_noticed_and_follows_through(two_stages):
    two_stages.run()
    time = two_stages.source.stat().st_mtime_ns
    two_stages.source.write_text("next")  # of the same length
    os.utime(two_stages.source, ns=(time + 1, time + 1))
    assert two_stages.stale()["weights"].endswith("source.txt has changed")
    assert two_stages.run() == ["weights", "feature_cache"] and two_stages.result() == "NEXTNEXT"


def test_a_source_with_another_time_and_the_same_content_is_current(two_stages):
    two_stages.run()
    os.utime(two_stages.source, ns=(1, 1))
    assert two_stages.stale() == {}


def test_a_large_source_is_read_once_after_its_time_has_changed(two_stages, monkeypatch):
    two_stages.run()
    read = []
    from emofusion.plan import digests

    plain = digests.digest_of_file
    monkeypatch.setattr(digests, "digest_of_file", lambda path: read.append(path) or plain(path))
    assert two_stages.stale() == {} and not read
    os.utime(two_stages.source, ns=(1, 1))
    for _ in range(3):
        assert two_stages.stale() == {}
    assert read == [two_stages.source]


def test_a_source_that_is_gone_is_noticed(two_stages):
    two_stages.run()
    two_stages.source.unlink()
    assert two_stages.stale()["weights"].endswith("source.txt is gone")


def test_another_script_is_other_code_and_a_touched_or_documented_one_is_not(two_stages):
    two_stages.run()
    script = two_stages.repository / "workflow" / "scripts" / "feature_cache.py"
    os.utime(script)
    script.write_text('"""Documented."""\n\nVALUE = 1  # why\n')
    fingerprint.clear_caches()
    assert two_stages.stale() == {}
    script.write_text("VALUE = 2\n")
    fingerprint.clear_caches()
    assert two_stages.stale() == {"feature_cache": "other code"}
    assert two_stages.run() == ["feature_cache"]
    fingerprint.clear_caches()


def test_code_that_gives_the_same_result_repeats_nothing_behind_it(two_stages):
    two_stages.run()
    (two_stages.repository / "workflow" / "scripts" / "prepare.py").write_text("VALUE = 2\n")
    fingerprint.clear_caches()
    assert set(two_stages.stale()) == {"weights", "feature_cache"}
    assert two_stages.run() == ["weights"]
    assert two_stages.stale() == {}
    fingerprint.clear_caches()


def test_other_versions_are_noticed_unless_the_settings_accept_them(two_stages, monkeypatch):
    versions = {"numpy": "2.1.0"}
    monkeypatch.setattr(making, "library_versions", lambda *modules, scripts, also: dict(versions))
    two_stages.run()
    versions["numpy"] = "2.2.0"
    assert two_stages.stale()["weights"] == "made with numpy 2.1.0 instead of 2.2.0"
    two_stages.plan = two_stages.planned(accept=True)
    assert two_stages.stale() == {}
    assert next(iter(two_stages.examine().accepted.values())) == ["numpy 2.1.0 instead of 2.2.0"]
    two_stages.plan = two_stages.planned(accept=False)
    assert two_stages.run() == ["weights", "feature_cache"]


def test_an_accepted_result_keeps_the_versions_that_made_it(two_stages, monkeypatch):
    versions = {"numpy": "2.1.0"}
    monkeypatch.setattr(making, "library_versions", lambda *modules, scripts, also: dict(versions))
    two_stages.run()
    versions["numpy"] = "2.2.0"
    two_stages.plan = two_stages.planned(accept=True)
    (name,) = [name for name in two_stages.plan.stages if name.startswith("feature_cache")]
    making._versions.cache_clear()
    job = Job(two_stages.plan, name, two_stages.results, two_stages.repository)
    (job.folder / RECORD).unlink()
    assert two_stages.run() == []
    assert Record.read(job.folder / RECORD).making.versions == {"numpy": "2.1.0"}
    made_with = job.made_with()
    assert len(made_with.accepted) == 1 and "numpy 2.1.0 instead of 2.2.0" in made_with.accepted[0]
    making._versions.cache_clear()


def test_threads_belong_to_the_result(two_stages):
    two_stages.run()
    two_stages.plan = two_stages.planned(threads=2)
    assert two_stages.stale() == {"feature_cache": "1 threads instead of 2"}
    assert two_stages.run() == ["feature_cache"]


@pytest.mark.parametrize("damage", ["cut", "deleted", "record cut", "record of another"])
def test_a_result_that_is_not_whole_is_made_again(two_stages, damage):
    two_stages.run()
    record = records(two_stages)["feature_cache"]
    if damage == "cut":
        (record.parent / "features.npy").write_text("TEX")
    elif damage == "deleted":
        (record.parent / "rows.parquet").unlink()
    elif damage == "record cut":
        record.write_text(record.read_text()[:50])
        (record.parent / LAST_RECORD).unlink()
    else:
        shutil.copy(records(two_stages)["weights"], record)
        (record.parent / LAST_RECORD).unlink()
    assert set(two_stages.stale()) == {"feature_cache"}
    assert two_stages.run() == ["feature_cache"] and two_stages.result() == "TEXTTEXT"


def test_a_copied_folder_is_used_whatever_its_files_times(two_stages, tmp_path):
    two_stages.run()
    copy = tmp_path / "copy"
    shutil.copytree(two_stages.results, copy, copy_function=shutil.copyfile)
    shutil.rmtree(two_stages.results / "weights")
    shutil.rmtree(two_stages.results / "feature_cache")
    assert two_stages.examine().content == {}
    shutil.copytree(copy, two_stages.results, dirs_exist_ok=True)
    assert two_stages.run() == [] and len(two_stages.examine().content) == 2


def test_a_job_that_fails_leaves_no_record(two_stages):
    def fails(job):
        (job.folder / "weights.safetensors").write_text("HALF")
        raise EmofusionError("no")

    name = next(iter(two_stages.plan.stages))
    with pytest.raises(EmofusionError):
        Job(two_stages.plan, name, two_stages.results, two_stages.repository).run(fails)
    assert not (two_stages.results / name / RECORD).exists()
    assert two_stages.run() == ["weights", "feature_cache"]


def test_two_stages_with_one_key_are_refused(monkeypatch):
    from emofusion.plan import stage

    monkeypatch.setattr(stage, "short_hash", lambda text, digits=16: "0" * digits)
    factory = StageFactory()
    factory.make("weights", "x", {"a": 1})
    with pytest.raises(EmofusionError, match="two different stages have the key weights/x-0000"):
        factory.make("weights", "x", {"a": 2})


def test_keys_have_64_bits():
    key = StageFactory().make("weights", "x", {"a": 1}).key
    assert len(key.rpartition("-")[2]) == 16
    assert json.loads(StageFactory().make("weights", "x", {"a": [1, {"b": None}]}).text) == {"a": [1, {"b": None}]}
