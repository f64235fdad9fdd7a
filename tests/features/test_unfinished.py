"""A feature set whose job is killed goes on where it stopped, and ends with the same bytes."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from emofusion import disk
from emofusion.errors import EmofusionError, Lacking
from emofusion.features.common import array_file
from emofusion.features.common.array_file import RowFile
from emofusion.features.common.extract import extract
from emofusion.features.common.unfinished import FOLDER, keep_unfinished
from emofusion.settings.kinds import Features

CLIPS = pd.DataFrame({"clip": [f"clip{number}" for number in range(100)], "corpus": "mine"})


@dataclass
class Counting(Features):
    """A clip's number. It notes each clip in a file, and kills its process at the clip `kill`. Multiples of 7 lack."""

    kind: str = "counting"
    calls: str = ""
    kill: int = -1
    width: int = 5

    def dtype(self):
        return np.dtype(np.float32)

    def row_shape(self):
        return (self.width,)

    def prepare(self, clips):
        return self.of_clip

    def noted(self, clip):
        number = int(clip.clip.removeprefix("clip"))
        if number == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        with Path(self.calls).open("a") as file:
            file.write(f"{number}\n")
        return number

    def of_clip(self, clip):
        number = self.noted(clip)
        if number % 7 == 0:
            raise Lacking(f"{clip.clip} shows no face")
        return np.full((1, 5), number, np.float32)


@dataclass
class CountingWords(Counting):
    """The same, sparse, and nothing lacks."""

    kind: str = "counting_words"
    sparse = True

    def of_clip(self, clip):
        return sparse.csr_array(np.eye(1, 5, self.noted(clip) % 5, dtype=np.float32))


KINDS = {"dense": (Counting, 1), "sparse": (CountingWords, 8)}


def run(kind: str, folder: Path, kill: int, token: str = "same") -> None:
    """What a job does; `kind` is one of `KINDS`."""
    cls, times = KINDS[kind]
    clips = pd.concat([CLIPS.assign(clip=[f"clip{100 * n + m}" for m in range(100)]) for n in range(times)])
    keep_unfinished(folder, token)
    extract(clips.reset_index(drop=True), cls(calls=str(folder.parent / "calls"), kill=kill), folder, workers=1)


def killed(kind: str, folder: Path, kill: int) -> None:
    call = f"import sys, pathlib; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_unfinished as here; "
    call += f"here.run({kind!r}, pathlib.Path({str(folder)!r}), {kill})"
    assert subprocess.run([sys.executable, "-c", call], check=False).returncode == -signal.SIGKILL


def calls(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "calls").read_text().split()]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("kind", "kill", "kept"), [("dense", 44, 40), ("sparse", 600, 512)])
def test_what_is_done_stays_done_after_a_kill(tmp_path, kind, kill, kept):
    (tmp_path / "b").mkdir()
    run(kind, tmp_path / "b" / "whole", -1)
    killed(kind, tmp_path / "out", kill)
    assert calls(tmp_path) == list(range(kill))
    (tmp_path / "calls").unlink()
    run(kind, tmp_path / "out", -1)
    assert calls(tmp_path) == list(range(kept, len(calls(tmp_path / "b"))))  # whole pieces are not computed again
    assert content(tmp_path / "out") == content(tmp_path / "b" / "whole")
    assert set(content(tmp_path / "out")) == {"features.npy", "notes.csv", "rows.parquet", "skipped.csv"}


def with_journal_cut(folder: Path) -> None:
    journal = folder / FOLDER / "done.jsonl"
    journal.write_bytes(journal.read_bytes()[:-5])


def with_array_cut(folder: Path) -> None:
    os.truncate(folder / FOLDER / "features.npy", 300)


def without_array(folder: Path) -> None:
    (folder / FOLDER / "features.npy").unlink()


def without_token(folder: Path) -> None:
    (folder / FOLDER / "token").unlink()


@pytest.mark.parametrize(
    ("damage", "kept"), [(with_journal_cut, 40), (with_array_cut, 0), (without_array, 0), (without_token, 0)]
)
def test_half_written_work_is_done_again(tmp_path, damage, kept):
    run("dense", tmp_path / "whole", -1)
    killed("dense", tmp_path / "out", 50)
    (tmp_path / "calls").unlink()
    damage(tmp_path / "out")
    run("dense", tmp_path / "out", -1)
    assert calls(tmp_path) == list(range(kept, 100))
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_work_of_other_code_or_of_other_clips_is_not_taken_up(tmp_path):
    killed("dense", tmp_path / "out", 50)
    (tmp_path / "calls").unlink()
    run("dense", tmp_path / "out", -1, token="other code")
    assert calls(tmp_path) == list(range(100))

    killed("dense", tmp_path / "out2", 50)
    (tmp_path / "calls").unlink()
    extract(CLIPS[::-1], Counting(calls=str(tmp_path / "calls")), tmp_path / "out2", workers=1)
    assert calls(tmp_path) == list(range(99, -1, -1))
    values = np.load(tmp_path / "out2" / "features.npy")[:, 0]
    assert values.tolist() == [number for number in range(99, -1, -1) if number % 7]


def test_without_a_token_nothing_is_taken_up(tmp_path):
    features = Counting(calls=str(tmp_path / "calls"))
    (tmp_path / "out" / FOLDER).mkdir(parents=True)
    (tmp_path / "out" / FOLDER / "done.jsonl").write_text("[0, []]\n")
    extract(CLIPS, features, tmp_path / "out", workers=1)
    assert calls(tmp_path) == list(range(100))


class Full:
    total, used, free = 10**9, 10**9, 0


def test_a_full_disk_is_found_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: Full)
    features = Counting(calls=str(tmp_path / "calls"), width=5000)
    with pytest.raises(
        EmofusionError, match=r"the disk is full: .*features\.npy cannot be written\. 2\.0 MB are needed"
    ):
        extract(CLIPS, features, tmp_path / "out", workers=1)
    assert not (tmp_path / "calls").exists()


def test_the_room_for_an_array_is_reserved(tmp_path):
    array_file.create(tmp_path / "a.npy", np.dtype(np.float32), (1000, 1000))
    assert (tmp_path / "a.npy").stat().st_blocks * 512 >= 4_000_000
    assert not np.load(tmp_path / "a.npy").any()


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float64, [("column", np.int32), ("value", np.float32)]])
def test_rows_of_a_file(tmp_path, dtype):
    expected = np.arange(60).reshape(20, 3).astype(dtype)
    array_file.create(tmp_path / "a.npy", np.dtype(dtype), (20, 3))
    with RowFile(tmp_path / "a.npy", writes=True) as file:
        file.write(7, expected[7:])
        file.write(0, expected[:7])
    np.save(tmp_path / "b.npy", expected)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    with RowFile(tmp_path / "a.npy") as file:
        for numbers in ([], [19], [3, 4, 5, 0, 0, 19, 18], range(20)):
            np.testing.assert_array_equal(file.read(np.array(numbers, int)), expected[list(numbers)])
    array_file.copy_rows(tmp_path / "a.npy", tmp_path / "c.npy", np.array([2, 5]))
    np.testing.assert_array_equal(np.load(tmp_path / "c.npy"), expected[[2, 5]])
    os.truncate(tmp_path / "a.npy", (tmp_path / "a.npy").stat().st_size - 1)
    assert not array_file.is_whole(tmp_path / "a.npy") and array_file.is_whole(tmp_path / "c.npy")
    with RowFile(tmp_path / "a.npy") as file, pytest.raises(EmofusionError, match=r"a\.npy was cut short"):
        file.read(np.array([19]))
