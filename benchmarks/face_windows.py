"""Windows over the last frames of a face against whole clips, and the time constant of smoothing, on RAVDESS.

    python benchmarks/face_windows.py [landmarks68.npz]

The file has dlib's landmarks in each frame of RAVDESS's 1,440 clips. Without it, it is looked for where the tests do
(`EMOFUSION_REAL_DATA`). The model is a linear discriminant analysis of mean and deviation of the landmarks. Ten times a
second, the frames of the last 1, 2 or 3 s of a clip are scored, fewer at its beginning. Who trains, who is tested, and
what a stream is, are as in `speech_windows.py`.
"""

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from speech_windows import Corpus, compare_smoothing, compare_windows, gathered, posteriors

from emofusion.features.landmarks.compute import normalised, summarised

RATE, STEP, SHORTEST = 30000 / 1001, 3, 9  # frames a second; frames between two windows; frames of the first one
WINDOWS = {"last 1 s": 30, "last 2 s": 60, "last 3 s": 90}


def of_clip(number: int, xy: Any) -> dict[str, list[Any]]:
    points, length = normalised(xy, level=False), len(xy)

    def described(start: int, stop: int) -> Any:
        return summarised(points[start:stop], np.arange(start, stop), ("mean", "deviation"))

    parts = {"whole clip": [(described(0, length), number, length / RATE, True)]}
    for name, frames in WINDOWS.items():
        stops = range(SHORTEST, length + 1, STEP)
        parts[name] = [
            (described(max(0, stop - frames), stop), number, stop / RATE, stop + STEP > length) for stop in stops
        ]
    return parts


def corpus(path: Path) -> Corpus:
    with np.load(path) as file:
        clips, starts, lengths, xy = (file[name] for name in ("clip", "offset", "n_frames", "xy"))
        found = [
            of_clip(number, xy[start : start + length])
            for number, (start, length) in enumerate(zip(starts, lengths, strict=True))
        ]
    return gathered(found, [str(clip) for clip in clips])


def linear_model() -> Pipeline:
    return make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("landmarks", nargs="?", type=Path)
    arguments = parser.parse_args()
    real = Path(os.environ.get("EMOFUSION_REAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "real"))
    data = corpus(arguments.landmarks or real / "ravdess" / "landmarks68.npz")
    scored = {name: posteriors(data, data.rows[name], linear_model) for name in data.rows}
    compare_windows(data, scored)
    for name in WINDOWS:
        print(f"smoothing of the {name}, by the model of whole clips")
        compare_smoothing(data, data.rows[name], scored["whole clip"][name])


if __name__ == "__main__":
    main()
