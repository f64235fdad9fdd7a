"""Contours: means of acoustic channels in equal parts of a recording."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from emofusion.counted import counting
from emofusion.errors import EmofusionError
from emofusion.features.acoustic_contours import AcousticContours
from emofusion.features.acoustic_contours.compute import compute
from emofusion.settings.fields import check

RATE = 16000
SETTINGS = AcousticContours(duration=3.0, trim=25.0, mel=40, mfcc=13, features=["pitch", "mel"], pieces=4)


def row_of(path, samples, settings=SETTINGS):
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    clips = pd.DataFrame({"clip": ["a"], "audio": [str(path)], "corpus": "mine"})
    (clip,) = clips.itertuples(index=False)
    return settings.prepare(clips)(clip)


def tone(frequencies, seconds):
    """A tone with harmonics that steps from one frequency to the next, in equal parts of the time."""
    steps = np.repeat(frequencies, round(seconds * RATE / len(frequencies)))
    phase = 2 * np.pi * np.cumsum(steps) / RATE
    return (0.3 * np.sin(phase) + 0.1 * np.sin(2 * phase)).astype(np.float32)


def test_means_of_equal_parts():
    features = np.random.default_rng(0).normal(size=(3, 10))
    # ten frames in four parts: they begin at frames 0, 2, 5 and 7
    expected = [features[:, 0:2], features[:, 2:5], features[:, 5:7], features[:, 7:10]]
    np.testing.assert_allclose(compute(features, 4), np.concatenate([part.mean(axis=1) for part in expected]), 1e-6)
    np.testing.assert_allclose(compute(features, 1), features.mean(axis=1), 1e-6)


@pytest.mark.parametrize("seconds", [1.0, 2.0])
def test_a_contour_is_the_same_at_any_length(tmp_path, seconds):
    row = row_of(tmp_path / "a.wav", tone([150, 200, 250, 300], seconds))
    assert row.shape == (1, *SETTINGS.row_shape()) == (1, 4 * 41) and row.dtype == np.float32
    pitch = row.reshape(4, 41)[:, 0]
    np.testing.assert_allclose(pitch, [150, 200, 250, 300], rtol=0.06)


def test_a_recording_that_is_too_short_and_settings_that_do_not_fit(tmp_path):
    with pytest.raises(EmofusionError, match=r"a\.wav has 0\.016 s of sound, too few for 4 parts"):
        row_of(tmp_path / "a.wav", tone([200], 0.016))
    with pytest.raises(EmofusionError, match=r"speech\.features\.pieces=200: at most 188, the frames of"):
        check(AcousticContours(duration=3.0, pieces=200), "speech.features")
    check(AcousticContours(), "speech.features")  # a length that follows the recordings is not known yet
    copies = AcousticContours(duration=3.0, trim=25.0, mel=40, features=["pitch"], pieces=2, speeds=[0.8])
    rows = row_of(tmp_path / "b.wav", tone([200, 300], 1.0), copies)
    np.testing.assert_allclose(rows, [[200, 300], [160, 240]], rtol=0.06)


def test_recordings_that_are_cut_are_counted(tmp_path):
    settings = AcousticContours(duration=1.0, features=["pitch"], pieces=2)
    with counting() as counts:
        row_of(tmp_path / "long.wav", tone([200, 300], 2.0), settings)
        row_of(tmp_path / "short.wav", tone([200, 300], 0.9), settings)
    assert counts == {"ends of recordings, beyond the window of 1 s": 1}
