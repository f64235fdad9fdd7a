"""A run on a disk that is too small ends with one message each time, and goes on after room is made: the same bytes."""

import filecmp
import re
import subprocess

import pytest

GIVEN = {
    "cores": 1,
    "override": [
        *("modalities=[speech]", "report.compare={}", "report.seeds=1", "corpora.demo_savee.demo.utterances=2"),
        *("corpora.demo_ravdess.demo.people=4", "speech.training.epochs=2", "evaluation.samples=50"),
    ],
}
# Room as a share of what a whole run needs, and the stages of which one finds it too little.
ROOM = {0.15: ["generated"], 0.5: ["features"]}
SAID = r"^error: the disk is full: \S+/results/(\w+)/\S* cannot be written\. .* free there\. Make room on that disk"


def used(folder):
    """The bytes that the files of a folder need on a disk of pages of 4 KiB."""
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in folder.rglob("*") if path.is_file())


def resize(disk, size):
    """Give a file system in memory a size in bytes."""
    subprocess.run(["mount", "-o", f"remount,size={int(size)}", disk], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path):
    """The folder of a file system of its own in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_run_on_a_full_disk_ends_with_one_message_and_goes_on_after_room_is_made(
    repository, workflow_in, tmp_path, small_disk
):
    whole, workflow = workflow_in(repository, tmp_path / "whole"), workflow_in(repository, small_disk)
    whole.folder.mkdir()
    whole.made(**GIVEN)
    needed = used(whole.folder)
    for share, stages in ROOM.items():
        resize(small_disk, share * needed)
        done = workflow.run(**GIVEN)
        assert done.returncode == 1, done.output[-3000:]
        said = re.findall(SAID, done.output, flags=re.M)
        assert len(said) == 1 == done.output.count("the disk is full") and said[0] in stages, done.output[-3000:]
        assert "Traceback" not in done.output, done.output[-3000:]
    resize(small_disk, 3 * needed)
    workflow.made(**GIVEN)

    names = {str(path.relative_to(whole.folder)) for path in whole.folder.glob("results/reports/demo/*.csv*")}
    names -= {f"results/reports/demo/{name}" for name in ("costs.csv", "comparison.csv")}  # these tell times
    for pattern in ("*/*/*.parquet", "features/*/features.npy", "model/*/folds/*"):
        names |= {str(path.relative_to(whole.folder)) for path in (whole.folder / "results").glob(pattern)}
    names -= {name for name in names if name.endswith("history.parquet")}
    assert len(names) > 20
    assert [name for name in names if not filecmp.cmp(whole.folder / name, small_disk / name, shallow=False)] == []
    left = [path for path in small_disk.rglob("*") if ".partial" in path.name or path.name == "unfinished"]
    assert left == [] and workflow.planned(**GIVEN) == {}
