"""Facial landmarks: their normalisation, their statistics, and the files that they come from."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from emofusion.counted import counting
from emofusion.errors import EmofusionError
from emofusion.features.landmarks import Landmarks
from emofusion.features.landmarks.compute import COLUMNS, normalised, summarised
from emofusion.settings.fields import check

RANDOM = np.random.default_rng(0)
FACE = RANDOM.uniform(100, 200, size=(68, 2))
FACE[36:42] = RANDOM.normal(size=(6, 2)) + np.array([120, 150])
FACE[42:48] = RANDOM.normal(size=(6, 2)) + np.array([160, 140])
FRAMES = FACE + RANDOM.normal(scale=3, size=(9, 68, 2))
NAMES = ["b", "a"]


def turned(points: np.ndarray, degrees: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ matrix.T + shift


def clips_of(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"clip": list(names), "corpus": "mine"})


def features_of(table, *names: str, **settings) -> np.ndarray:
    features = Landmarks(table=str(table), **settings)
    check(features, "face.features")
    features.check_present()
    clips = clips_of(*names)
    rows = [features.prepare(clips)(clip) for clip in clips.itertuples()]
    assert all(row.shape == (1, *features.row_shape()) and row.dtype == np.float32 for row in rows)
    return np.concatenate(rows)


@pytest.mark.parametrize("level", [False, True])
def test_neither_place_nor_size_counts_and_no_tilt_if_eyes_are_level(level):
    ours = normalised(FRAMES, level)
    np.testing.assert_allclose(ours[:, 36:48].mean(axis=1), 0, atol=1e-9)
    distance = ours[:, 42:48].mean(axis=1) - ours[:, 36:42].mean(axis=1)
    np.testing.assert_allclose(np.hypot(*distance.T), 1)
    np.testing.assert_allclose(normalised(turned(FRAMES, 0, 3.7, (50, -20)), level), ours, atol=1e-9)
    tilted = normalised(turned(FRAMES, 25, 0.5, (5, 9)), level)
    if level:
        np.testing.assert_allclose(distance, np.tile([1, 0], (9, 1)), atol=1e-9)
        np.testing.assert_allclose(tilted, ours, atol=1e-9)
    else:
        np.testing.assert_allclose(tilted, turned(ours, 25, 1, (0, 0)), atol=1e-9)


def test_statistics_are_those_of_numpy():
    values = FRAMES.reshape(9, 136)
    row = summarised(FRAMES, np.arange(9), ["deviation", "motion", "mean"])
    expected = [np.std(values, axis=0), np.abs(values[1:] - values[:-1]).mean(axis=0), np.mean(values, axis=0)]
    np.testing.assert_allclose(row, np.concatenate(expected))
    # between frames 3 and 7 nothing is known of the motion
    motion = summarised(FRAMES[:4], np.array([1, 2, 3, 7]), ["motion"])
    np.testing.assert_allclose(motion, np.abs(values[1:3] - values[:2]).mean(axis=0))
    assert not summarised(FRAMES[:1], np.array([4]), ["motion"]).any()


def test_displacements_are_from_the_first_eight_frames():
    long = np.concatenate([FRAMES, FRAMES + 5])[:17]
    values = long.reshape(17, 136)
    start = values[:8].mean(axis=0)
    row = summarised(long, np.arange(17), ["displacement", "quarters"])
    parts = [values[:4], values[4:8], values[8:12], values[12:]]
    expected = [values.mean(axis=0) - start, *(part.mean(axis=0) - start for part in parts)]
    np.testing.assert_allclose(row, np.concatenate(expected), atol=1e-9)
    # a clip of two frames: each counts twice
    short = summarised(FRAMES[:2], np.arange(2), ["quarters"]).reshape(4, 136)
    np.testing.assert_allclose(short, (values[[0, 0, 1, 1]] - values[:2].mean(axis=0)), atol=1e-9)


def test_the_head_is_seen_by_place_size_tilt_nose_and_chin():
    still = np.repeat(FACE[None], 12, axis=0)
    assert np.abs(summarised(still, np.arange(12), ["head"], still)[:40]).max() < 1e-9
    moved = still.copy()
    moved[9:] = turned(moved[9:], 0, 1.2, (30, -10))
    deviation, motion, mean, least, most = summarised(moved, np.arange(12), ["head"], moved)[:40].reshape(5, 8)
    eyes = moved[:, 36:48].reshape(12, 2, 6, 2).mean(axis=2)
    distance = np.hypot(*(eyes[:, 1] - eyes[:, 0]).T)
    middle = eyes.mean(axis=1) / distance.mean()
    seen = np.column_stack([middle, np.log(distance)])
    np.testing.assert_allclose(deviation[:3], seen.std(axis=0), atol=1e-9)
    np.testing.assert_allclose(motion[:3], np.abs(np.diff(seen, axis=0)).mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(mean[:3], (seen - seen[0]).mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(most[2], np.log(1.2), atol=1e-9)
    assert least[2] == pytest.approx(0, abs=1e-9)
    # neither tilt nor the place of nose and chin, seen from the eyes, has changed
    assert np.abs(np.concatenate([deviation[3:], motion[3:], mean[3:]])).max() < 1e-9
    tilted = turned(still, 10, 1, (0, 0))
    before, after = (summarised(one, np.arange(12), ["head"], one)[40] for one in (still, tilted))
    assert after - before == pytest.approx(np.deg2rad(10))
    turning = still.copy()
    turning[9:, 30] += [7, 0]  # the tip of the nose to the side
    nose = summarised(turning, np.arange(12), ["head"], turning)[:40].reshape(5, 8)[:, 4:6]
    assert nose[0].any() and np.hypot(*nose[4]) == pytest.approx(7 / distance[0], rel=0.5)


@pytest.fixture
def npz(tmp_path):
    def write(**changes):
        arrays = {
            "clip": np.array(NAMES),
            "offset": np.array([4, 0]),
            "n_frames": np.array([5, 4]),
            "xy": np.round(FRAMES).astype(np.int16),
        }
        np.savez(tmp_path / "landmarks68.npz", **arrays | changes)
        return tmp_path / "landmarks68.npz"

    return write


def test_frames_of_a_clip_are_found_by_its_name(npz, tmp_path):
    pixels = np.round(FRAMES)
    expected = [
        summarised(normalised(part, False), np.arange(len(part)), ["mean"]) for part in (pixels[:4], pixels[4:])
    ]
    for table in (npz(), tmp_path):  # the file, or a folder with it
        np.testing.assert_allclose(features_of(table, "a", "b", statistics=["mean"]), expected, atol=1e-6)
    assert Landmarks(table=str(tmp_path)).sources() == [tmp_path / "landmarks68.npz"]
    with pytest.raises(EmofusionError, match=r"no landmarks of 1 of 2 clips, for example c; .*exclude=\['c'\]"):
        features_of(npz(), "a", "c")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"offset": np.array([5, 0])}, "may be at most 9"),
        ({"n_frames": np.array([5, 0])}, "need a value for each clip"),
        ({"offset": np.array([0])}, "need a value for each clip"),
        ({"xy": FRAMES[:, :51]}, "68 points of 2"),
        ({"clip": np.array(["b", "b"])}, "has several landmarks of the clip b"),
        ({"clip": np.array(["b", "a"], dtype=object)}, "cannot read the landmarks .*allow_pickle"),
    ],
    ids=lambda value: str(next(iter(value))) if isinstance(value, dict) else "",
)
def test_a_file_that_contradicts_itself_is_refused(npz, changes, words):
    with pytest.raises(EmofusionError, match=words):
        features_of(npz(**changes), "b")


def openface(points: np.ndarray, **columns) -> pd.DataFrame:
    """As OpenFace writes it: blanks before names, all x before all y, and the points in space too."""
    frame = pd.DataFrame({"frame": np.arange(1, len(points) + 1), " confidence": 0.98, " success": 1} | columns)
    x, y = (
        pd.DataFrame(points[:, :, axis], columns=[f" {name}_{n}" for n in range(68)]) for axis, name in enumerate("xy")
    )
    return pd.concat([frame, x, y, x.rename(columns=str.upper)], axis=1)


def test_openfaces_files_give_the_same(tmp_path):
    success = np.array([1, 1, 1, 0, 1, 1, 1, 1, 1])
    openface(FRAMES, **{" success": success}).to_csv(tmp_path / "a.csv", index=False)
    with counting() as counts:
        row = features_of(tmp_path, "a")
    assert sum(counts.values()) == 1
    good = success == 1
    expected = summarised(normalised(FRAMES[good], False), np.arange(9)[good], ["mean", "deviation", "motion"])
    np.testing.assert_allclose(row[0], expected, atol=1e-6)
    with zipfile.ZipFile(tmp_path / "tracking.zip", "w") as archive:
        archive.write(tmp_path / "a.csv", "Actor_01/a.csv")
    np.testing.assert_array_equal(features_of(tmp_path / "tracking.zip", "a"), row)


def test_the_face_seen_most_often_counts(tmp_path):
    both = pd.concat([openface(FRAMES, face_id=0), openface(FRAMES[:4] * 2, face_id=7)]).sort_values("frame")
    both.rename(columns={"face_id": " face_id"}).to_csv(tmp_path / "a.csv", index=False)
    openface(FRAMES).to_csv(tmp_path / "b.csv", index=False)
    rows = features_of(tmp_path, "a", "b")
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-6)
    with pytest.raises(EmofusionError, match="has 2 faces"):
        features_of(tmp_path, "a", faces="single")


def test_action_units_without_points_are_refused(tmp_path):
    openface(FRAMES).drop(columns=[" x_5"]).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(EmofusionError, match=r"a\.csv lacks the columns x_5"):
        features_of(tmp_path, "a")
    with pytest.raises(EmofusionError, match=r"no landmarks in .*empty: looked for landmarks68\.npz"):
        (tmp_path / "empty").mkdir()
        features_of(tmp_path / "empty", "a")
    assert COLUMNS[:3] == ["x_0", "y_0", "x_1"] and len(COLUMNS) == 136


def test_eyes_in_one_place_are_no_face(npz):
    points = FRAMES.copy()
    points[2] = 7
    with counting() as counts:
        row = features_of(npz(xy=points), "a")
    assert list(counts.values()) == [1] and np.isfinite(row).all()
    with pytest.raises(EmofusionError, match="the landmarks of a show a face in no frame"):
        features_of(npz(xy=FRAMES * 0), "a")


def test_ravdess_has_the_published_points(real_data):
    from emofusion.corpora.ravdess import Ravdess

    corpus = Ravdess(root=str(real_data / "ravdess")).for_medium("landmarks")
    corpus.check_present("ravdess")
    clips = corpus.read("ravdess", real_data)
    assert len(clips) == 1440 and clips["clip"].iloc[0] == "03-01-01-01-01-01-01"
    features = Landmarks().for_corpus(corpus.root)
    row = features.prepare(clips)(next(clips.itertuples()))
    with np.load(real_data / "ravdess" / "landmarks68.npz") as file:
        index = file["clip"].tolist().index("02-01-01-01-01-01-01")
        start, length = file["offset"][index], file["n_frames"][index]
        mean = normalised(file["xy"][start : start + length], False).mean(axis=0).ravel()
    np.testing.assert_allclose(row[0, :136], mean, atol=1e-6)
