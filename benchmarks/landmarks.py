"""Landmarks that are found in videos, held against published ones of the same videos, and their cost.

    python benchmarks/landmarks.py [folder of RAVDESS]

The folder has `landmarks68.npz` and videos in `video/`. Without it, it is that of the tests (`EMOFUSION_REAL_DATA`).
The videos are also reduced to widths of 640 and 320 pixels. For each video and width it prints

* the mean error of all points and frames, as a share of the distance between the centres of the eyes;
* of the 136 coordinates, normalised by the eyes: the median correlation with the published ones over the frames;
* of `motion` and `deviation` (see docs/modalities.md): the correlation over the 136 coordinates with those of the
  published points, and the ratio of their means;
* milliseconds of CPU time for a frame, for finding the face and for its landmarks.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from emofusion.faces.detection import chosen, detect
from emofusion.faces.landmarks import landmarks
from emofusion.features.common.arrays import Array
from emofusion.features.common.pictures import all_frames
from emofusion.features.landmarks.compute import normalised, summarised

WIDTHS = (1280, 640, 320)
SMALLEST = 0.15  # the default of `smallest_face`


def points_of(pictures: list[Array]) -> tuple[Array, float, float]:
    """The points (frames, 68, 2) in pixels, and seconds for finding faces and for their landmarks."""
    start = time.process_time()
    boxes = [chosen(detect(one, SMALLEST), "largest", (one.shape[1], one.shape[0])) for one in pictures]
    found = time.process_time()
    assert all(box is not None for box in boxes), "a frame without a face"
    points = np.stack([landmarks(one, box) for one, box in zip(pictures, boxes, strict=True) if box is not None])
    return points, found - start, time.process_time() - found


def compared(points: Array, published: Array) -> list[float]:
    """The figures of the module's docstring, but the cost. Both are (frames, 68, 2), in the same pixels."""
    eyes = published[:, 36:48].reshape(-1, 2, 6, 2).mean(axis=2)
    distance = np.hypot(*(eyes[:, 1] - eyes[:, 0]).T)
    error = (np.hypot(*np.moveaxis(points - published, -1, 0)) / distance[:, None]).mean()
    ours, theirs = normalised(points, False), normalised(published, False)
    pairs = zip(ours.reshape(len(ours), -1).T, theirs.reshape(len(theirs), -1).T, strict=True)
    figures = [100 * error, float(np.median([np.corrcoef(*pair)[0, 1] for pair in pairs]))]
    for statistic in ("motion", "deviation"):
        one, other = (summarised(each, np.arange(len(each)), [statistic]) for each in (ours, theirs))
        figures += [np.corrcoef(one, other)[0, 1], one.mean() / other.mean()]
    return figures


def main() -> None:
    default = Path(os.environ.get("EMOFUSION_REAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "real"))
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default / "ravdess"
    with np.load(folder / "landmarks68.npz") as file:
        names, starts, lengths, published = file["clip"].tolist(), file["offset"], file["n_frames"], file["xy"]
    print("video                 width  error %  frames r  motion r  ratio  deviation r  ratio  find ms  landmarks ms")
    for video in sorted((folder / "video").glob("*.mp4")):
        row = names.index(f"02{video.stem[2:]}")
        pictures = [np.asarray(image) for image, _ in all_frames(video)]
        number = min(len(pictures), lengths[row])  # the published points have a frame more
        expected = published[starts[row] : starts[row] + number].astype(float)
        for width in WIDTHS:
            share = width / pictures[0].shape[1]
            size = width, round(share * pictures[0].shape[0])
            scaled = [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BILINEAR)) for one in pictures]
            points, *seconds = points_of(scaled[:number])
            figures = compared((points + 0.5) / share - 0.5, expected)
            costs = [1000 * one / number for one in seconds]
            print(
                f"{video.stem} {width:6}  {figures[0]:7.2f}  {figures[1]:8.2f}  {figures[2]:8.2f}  {figures[3]:5.2f}  "
                f"{figures[4]:11.2f}  {figures[5]:5.2f}  {costs[0]:7.1f}  {costs[1]:12.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
