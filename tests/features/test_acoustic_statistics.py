from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy import stats

from emofusion.errors import EmofusionError
from emofusion.features.acoustic_statistics import STATISTICS, AcousticStatistics
from emofusion.features.acoustic_statistics.compute import compute
from emofusion.settings.fields import check

RATE = 16000
SETTINGS = AcousticStatistics(
    duration=4.0,
    trim=25.0,
    floor=-80.0,
    mfcc=20,
    mel=64,
    features=["mel", "pitch", "contrast", "centroid", "flatness", "zero_crossing_rate", "mfcc"],
)


def test_statistics_are_what_they_are_called():
    features = np.random.default_rng(0).gamma(2, 3, (3, 50))
    computed = compute(features)
    assert computed.dtype == np.float32 and computed[-1] == 50
    table = dict(zip(STATISTICS, computed[:-1].reshape(-1, 3), strict=True))
    for channel, values in enumerate(features):
        slope = np.array([(values[n + 4] - values[n]) / 4 for n in range(46)])
        expected = {
            "mean": stats.describe(values).mean,
            "deviation": np.sqrt(stats.moment(values, 2)),
            "percentile_50": stats.scoreatpercentile(values, 50),
            "percentile_90": stats.scoreatpercentile(values, 90),
            "quartile_range": stats.iqr(values),
            "range": stats.iqr(values, rng=(1, 99)),
            "slope_deviation": np.sqrt(stats.moment(slope, 2)),
            "slope_size": sum(abs(slope)) / 46,
            "slope_percentile_5": stats.scoreatpercentile(slope, 5),
        }
        assert {name: table[name][channel] for name in expected} == pytest.approx(expected, rel=1e-5)


def test_silence_around_it_changes_nothing(tmp_path):
    time = np.arange(RATE) / RATE
    voice = np.sin(2 * np.pi * 180 * time) * (1.2 + np.sin(2 * np.pi * 3 * time)) / 3
    silence = np.zeros(RATE // 2)
    rows = {}
    for name, sound in (("bare", voice), ("framed", np.concatenate([silence, voice, silence]))):
        soundfile.write(tmp_path / f"{name}.wav", sound, RATE, subtype="FLOAT")
        clips = pd.DataFrame({"clip": [name], "audio": [str(tmp_path / f"{name}.wav")]})
        (clip,) = clips.itertuples(index=False)
        rows[name] = SETTINGS.prepare(clips)(clip)[0]
        assert rows[name].shape == SETTINGS.row_shape()
    # to the frame: trimming has a grid of its own
    channels = len(SETTINGS.channel_names())
    medians = [rows[name][:-1].reshape(-1, channels)[5, SETTINGS.mel] for name in rows]  # of pitch
    assert medians == pytest.approx([180, 180], rel=0.02)
    assert rows["framed"][-1] == pytest.approx(rows["bare"][-1], abs=5)


def test_too_short_a_clip_is_named(tmp_path):
    soundfile.write(tmp_path / "blip.wav", np.ones(500) / 2, RATE)
    clips = pd.DataFrame({"clip": ["blip"], "audio": [str(tmp_path / "blip.wav")]})
    (clip,) = clips.itertuples(index=False)
    with pytest.raises(EmofusionError, match=r"blip.wav has 0.0\d+ s of sound"):
        SETTINGS.prepare(clips)(clip)


def test_other_speeds_move_the_pitch_and_the_length(tmp_path):
    time = np.arange(2 * RATE) / RATE
    soundfile.write(tmp_path / "a.wav", np.sin(2 * np.pi * 200 * time) / 2, RATE, subtype="FLOAT")
    clips = pd.DataFrame({"clip": ["a"], "audio": [str(tmp_path / "a.wav")]})
    (clip,) = clips.itertuples(index=False)
    settings = replace(SETTINGS, speeds=[0.8, 1.25])
    rows = settings.prepare(clips)(clip)
    assert len(rows) == settings.rows_of(clip) == 3
    np.testing.assert_array_equal(rows[0], SETTINGS.prepare(clips)(clip)[0])
    channels = len(SETTINGS.channel_names())
    medians = rows[:, :-1].reshape(3, -1, channels)[:, 5, SETTINGS.mel]  # of pitch
    assert medians == pytest.approx([200, 160, 250], rel=0.02)
    assert rows[:, -1] == pytest.approx(rows[0, -1] * np.array([1, 1.25, 0.8]), abs=1)


def test_a_duration_that_holds_no_slope_is_refused():
    check(replace(SETTINGS, duration=0.08), "speech.features")
    with pytest.raises(EmofusionError, match=r"speech\.features\.duration=0\.079: at least 5 hops .*0\.08 s"):
        check(replace(SETTINGS, duration=0.079), "speech.features")


def test_speeds_are_views_and_without_them_there_are_none():
    assert not SETTINGS.several_rows_are_views() and replace(SETTINGS, speeds=[1.1]).several_rows_are_views()
