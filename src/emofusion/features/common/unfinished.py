"""A feature set under work. What is done stays done when its job is interrupted.

The work lies in the folder `unfinished` of the feature set: the array, which has its full size from the beginning, and
a journal with a line for each piece that is done. A piece is some clips or rows that are computed together.
"""

import json
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from joblib.externals.loky import get_reusable_executor

from emofusion.features.common import array_file
from emofusion.features.common.arrays import Array
from emofusion.features.common.rows_of_clip import Outcome
from emofusion.whole_files import write_whole

FOLDER = "unfinished"
_WORTH_STARTING = 6.0  # seconds of work on one core for which worker processes, each with its own imports, are started


def keep_unfinished(out: Path, token: str) -> None:
    """Let interrupted work in the feature set `out` go on if it has the same token, and delete it otherwise.

    Without this call, work always begins anew.

    token: a fingerprint of what decides the values: code, versions of libraries, and all that is read.
    """
    folder = Path(out) / FOLDER
    if not (folder / "token").is_file() or _read(folder / "token") != token:
        _empty(folder)
        write_whole(folder / "token", token)


class Unfinished:
    """The work in progress of one feature set.

    Attributes:
        folder: where it lies.
        done: number of each piece that is done → what was noted about it.
    """

    def __init__(self, out: Path, about: str, in_array: bool = True) -> None:
        """Find what is done already.

        Args:
            out: the folder of the feature set.
            about: what is computed, and how it is divided into pieces. Work that differs in it is deleted.
            in_array: whether pieces are rows of the array; otherwise they have files of their own in `folder`.
        """
        self.folder, self._about = Path(out) / FOLDER, about
        self._journal = self.folder / "done.jsonl"
        if not (self.folder / "token").is_file():
            _empty(self.folder)
        # the last line may have been cut short
        lines = [json.loads(line) for line in _read(self._journal).splitlines(keepends=True) if line.endswith("\n")]
        fits = lines[:1] == [about] and (array_file.is_whole(self.array) or not in_array)
        self.done: dict[int, Any] = dict(lines[1:]) if fits else {}
        self._has_array = bool(self.done) and in_array
        lines = [about, *([piece, noted] for piece, noted in self.done.items())]
        write_whole(self._journal, "".join(f"{json.dumps(line)}\n" for line in lines))

    @property
    def array(self) -> Path:
        """The file of the array."""
        return self.folder / "features.npy"

    def create_array(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        """Create the array's file with all the room that it needs, unless it is there already.

        Raises `EmofusionError` where the disk is too full.
        """
        if not self._has_array:
            array_file.create(self.array, dtype, shape)
            self._has_array = True

    def left(self, pieces: Iterable[int]) -> list[int]:
        """Those of the pieces that are not done."""
        return [piece for piece in pieces if piece not in self.done]

    def note(self, piece: int, noted: Any = None) -> None:
        """Note that a piece is done, and what is to be remembered of it, as JSON has it."""
        if self._has_array:
            array_file.sync(self.array)
        self.done[piece] = noted
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps([piece, noted])}\n")

    def compute(self, tasks: Iterable[Any], number: int, workers: int) -> list[Outcome]:
        """Do pieces of the work in several processes with one thread each, and note each as soon as it is done.

        Args:
            tasks: calls made with `joblib.delayed`, which return the number of the piece, and what is noted of each of
                its clips.
            number: how many tasks there are.
            workers: how many processes; with 1, this process does everything.

        Returns:
            What is noted of each clip, by earlier runs too, in the order of the pieces' numbers.
        """
        tasks, begun = iter(tasks), time.perf_counter()
        # the first pieces are computed here, because starting processes would take longer than computing a small rest
        for left, (function, given, named) in zip(range(number - 1, -1, -1), tasks, strict=False):
            self.note(*function(*given, **named))
            seconds, begun = time.perf_counter() - begun, time.perf_counter()
            if workers > 1 and left * seconds > _WORTH_STARTING:
                self._compute_in_processes(tasks, min(workers, left))
        return [Outcome(*noted) for piece in sorted(self.done) for noted in self.done[piece]]

    def _compute_in_processes(self, tasks: Iterable[Any], workers: int) -> None:
        try:
            with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
                parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")
                for piece, noted in parallel(tasks):
                    self.note(piece, noted)
        finally:  # otherwise they wait for more for minutes, and their time counts as nobody's
            get_reusable_executor(reuse=True).shutdown(wait=True)

    def finish(self, out: Path, numbers: Array | None = None) -> None:
        """Move the array to its place, which completes the feature set, and delete the rest.

        numbers: of the rows that the feature set has, where these are not all.
        """
        array = self.array
        if numbers is not None:
            array = self.folder / "kept.npy"
            array_file.copy_rows(self.array, array, numbers)
        self._journal.unlink()  # without its array, nothing is done
        array.replace(Path(out) / "features.npy")
        shutil.rmtree(self.folder)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _read(file: Path) -> str:
    """The text of a file; the empty text where there is none."""
    return file.read_text(encoding="utf-8") if file.is_file() else ""
