"""Landmarks frame by frame: padding, gaps, steps, and where they start."""

import numpy as np
import pandas as pd
import pytest

from emofusion.counted import counting
from emofusion.errors import EmofusionError
from emofusion.features.landmark_sequences import LandmarkSequences
from emofusion.features.landmark_sequences.compute import sequence
from emofusion.features.landmarks.compute import normalised
from emofusion.settings.fields import check

RANDOM = np.random.default_rng(0)
FACE = RANDOM.uniform(100, 200, size=(68, 2))
POINTS = normalised(FACE + RANDOM.normal(scale=3, size=(20, 68, 2)), level=False)
VALUES = POINTS.reshape(20, 136).T


def test_a_short_clip_is_filled_up_with_its_last_frame_and_a_long_one_is_cut():
    made = sequence(POINTS, np.arange(20), LandmarkSequences(frames=30))
    np.testing.assert_allclose(made[:, :20], VALUES)
    np.testing.assert_allclose(made[:, 20:], np.repeat(VALUES[:, -1:], 10, axis=1))
    np.testing.assert_allclose(sequence(POINTS, np.arange(20), LandmarkSequences(frames=12)), VALUES[:, :12])


def test_frames_without_a_face_are_interpolated():
    seen = np.array([3, 4, 7, *range(8, 25)])  # frames 5 and 6 are missing; the clip's first face is in frame 3
    made = sequence(POINTS, seen, LandmarkSequences(frames=22))
    np.testing.assert_allclose(made[:, :2], VALUES[:, :2])
    np.testing.assert_allclose(made[:, 2], VALUES[:, 1] * 2 / 3 + VALUES[:, 2] / 3)
    np.testing.assert_allclose(made[:, 3], VALUES[:, 1] / 3 + VALUES[:, 2] * 2 / 3)
    np.testing.assert_allclose(made[:, 4:], VALUES[:, 2:])


def test_every_so_manieth_frame_and_the_face_at_the_start():
    settings = LandmarkSequences(frames=19, step=3, origin="start")
    made = sequence(POINTS, np.arange(20), settings)
    assert made.shape == settings.row_shape() == (136, 7)
    np.testing.assert_allclose(made, VALUES[:, :19:3] - VALUES[:, :8].mean(axis=1, keepdims=True))
    # what a person's face looks like at rest is gone
    other = sequence(POINTS + RANDOM.normal(size=(68, 2)), np.arange(20), settings)
    np.testing.assert_allclose(other, made, atol=1e-12)


def test_clips_of_a_file(tmp_path):
    points = np.round(FACE + RANDOM.normal(scale=3, size=(9, 68, 2))).astype(np.int16)
    np.savez(tmp_path / "landmarks68.npz", clip=["b", "a"], offset=[4, 0], n_frames=[5, 4], xy=points)
    features = LandmarkSequences(table=str(tmp_path), frames=4)
    check(features, "face.features")
    clips = pd.DataFrame({"clip": ["a", "b"], "corpus": "mine"})
    compute = features.prepare(clips)
    with counting() as counts:
        rows = [compute(clip) for clip in clips.itertuples()]
    assert counts["ends of recordings, beyond the window of 4 frames"] == 1
    assert all(row.shape == (1, *features.row_shape()) and row.dtype == np.float32 for row in rows)
    for row, of_clip in zip(rows, (points[:4], points[4:8]), strict=True):
        np.testing.assert_allclose(row[0], normalised(of_clip, False).reshape(4, 136).T, atol=1e-6)
    with pytest.raises(EmofusionError, match="no landmarks are named"):
        LandmarkSequences().prepare(clips)
