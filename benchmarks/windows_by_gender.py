"""Accuracies of speech_windows.py and face_windows.py by gender: in percent, and men minus women in points.

    python benchmarks/windows_by_gender.py speech FOLDER
    python benchmarks/windows_by_gender.py face landmarks68.npz

FOLDER has RAVDESS's recordings, as for `speech_windows.py`; the file has its landmarks, as for `face_windows.py`.
Models and streams are those of the two programs. Intervals are of 95 %, over actors.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import face_windows
import numpy as np
import speech_windows as speech
from numpy.typing import NDArray

from emofusion.evaluation.actors import Actors, share_of

Part = tuple[NDArray[np.float64], NDArray[np.int64]]  # posteriors (rows, emotions), and the emotions (rows,)


def show(name: str, actors: Sequence[int], parts: Sequence[Part]) -> None:
    """Print the accuracy and the gap of what was scored. parts: of each actor."""
    male = np.array([actor % 2 == 1 for actor in actors])  # as RAVDESS numbers them
    right = np.array([float((values.argmax(axis=1) == truth).sum()) for values, truth in parts])
    rows = np.array([float(len(truth)) for _, truth in parts])
    over = Actors(np.where(male, "male", "female"))
    men, women = (share_of(right * of, rows * of) for of in (male, ~male))
    ends = *over.accuracy(right, rows), men[0] - women[0], *over.gap(men, women)
    figures = [100 * float(figure) for figure in (right.sum() / rows.sum(), *ends)]
    print(name, "{:.1f} [{:.1f}, {:.1f}], gap {:.1f} [{:.1f}, {:.1f}]".format(*figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["speech", "face"])
    parser.add_argument("path", type=Path)
    options = parser.parse_args()
    if options.kind == "speech":
        data = speech.corpus(sorted(options.path.rglob("03-01-*.flac")) or sorted(options.path.rglob("03-01-*.wav")), 1)
        windows = data.rows["1.5 to 3 s"]
        last = windows.where(windows.is_last)
        trained = {"whole": data.rows["whole clip"], "utterances": last, "windows": windows}
        trained |= {"trim": data.rows["trimmed clip"]}
        tested, smoothed, make = data.rows | {"last": last}, [("utterances", "1.5 to 3 s")], speech.linear_model
    else:
        data = face_windows.corpus(options.path)
        trained = tested = data.rows
        smoothed, make = [("whole clip", "last 3 s")], face_windows.linear_model
    for name, train in trained.items():
        values = speech.posteriors(data, train, make)
        for other, rows in tested.items():
            scored = values["1.5 to 3 s"][data.rows["1.5 to 3 s"].is_last] if other == "last" else values[other]
            mask = {actor: data.actor[rows.clip] == actor for actor in speech.TESTED}
            parts = [(scored[of_actor], data.emotion[rows.clip[of_actor]]) for of_actor in mask.values()]
            show(f"{name} on {other}", speech.TESTED, parts)
            if (name, other) in smoothed:
                show_smoothed(data, rows, scored)


def show_smoothed(data: speech.Corpus, rows: speech.Rows, scored: NDArray[np.float64]) -> None:
    """Print the same of streams, for all time constants."""
    for actors in (speech.TESTED, speech.TRAINING):
        for run in (1, 4):
            for seconds in speech.SECONDS:
                parts = [speech.smooth(data, rows, scored, [one], run, speech.smoothed, seconds) for one in actors]
                show(f"    {len(actors)} actors, {run} in a row, {seconds} s:", actors, parts)


if __name__ == "__main__":
    main()
