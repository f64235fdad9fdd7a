import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy import stats

from emofusion.errors import EmofusionError
from emofusion.features.acoustic import compute as acoustic
from emofusion.features.acoustic_statistics import compute as statistics
from emofusion.settings.compose import compose

RATE = 16000


@pytest.fixture
def settings(repository):
    return compose(repository / "conf", "ravdess_best", ["speech=statistics", "speech.features.speeds=[]"])["speech"][
        "features"
    ]


def test_statistics_are_what_they_are_called():
    features = np.random.default_rng(0).gamma(2, 3, (3, 50))
    found = statistics.compute(features)
    assert found.dtype == np.float32 and found[-1] == 50
    table = dict(zip(statistics.OF_CHANNEL, found[:-1].reshape(-1, 3), strict=True))
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


def test_silence_around_it_changes_nothing(tmp_path, settings):
    time = np.arange(RATE) / RATE
    voice = np.sin(2 * np.pi * 180 * time) * (1.2 + np.sin(2 * np.pi * 3 * time)) / 3
    silence = np.zeros(RATE // 2)
    rows = {}
    for name, sound in (("bare", voice), ("framed", np.concatenate([silence, voice, silence]))):
        soundfile.write(tmp_path / f"{name}.wav", sound, RATE, subtype="FLOAT")
        clips = pd.DataFrame({"clip": [name], "audio": [str(tmp_path / f"{name}.wav")]})
        (clip,) = clips.itertuples(index=False)
        rows[name] = statistics.prepare(clips, settings)(clip)[0]
        assert rows[name].shape == statistics.row_shape(settings)
    # to the frame: trimming has a grid of its own
    channels = len(acoustic.channel_names(settings))
    medians = [rows[name][:-1].reshape(-1, channels)[5, settings["mel"]] for name in rows]  # of pitch
    assert medians == pytest.approx([180, 180], rel=0.02)
    assert rows["framed"][-1] == pytest.approx(rows["bare"][-1], abs=5)


def test_too_short_a_clip_is_named(tmp_path, settings):
    soundfile.write(tmp_path / "blip.wav", np.ones(500) / 2, RATE)
    clips = pd.DataFrame({"clip": ["blip"], "audio": [str(tmp_path / "blip.wav")]})
    (clip,) = clips.itertuples(index=False)
    with pytest.raises(EmofusionError, match=r"blip.wav has 0.0\d+ s of sound"):
        statistics.prepare(clips, settings)(clip)


def test_other_speeds_move_the_pitch_and_the_length(tmp_path, settings):
    time = np.arange(2 * RATE) / RATE
    soundfile.write(tmp_path / "a.wav", np.sin(2 * np.pi * 200 * time) / 2, RATE, subtype="FLOAT")
    clips = pd.DataFrame({"clip": ["a"], "audio": [str(tmp_path / "a.wav")]})
    (clip,) = clips.itertuples(index=False)
    settings["speeds"] = [0.8, 1.25]
    rows = statistics.prepare(clips, settings)(clip)
    assert len(rows) == statistics.rows_of(clip, settings) == 3
    np.testing.assert_array_equal(rows[0], statistics.prepare(clips, settings | {"speeds": []})(clip)[0])
    channels = len(acoustic.channel_names(settings))
    medians = rows[:, :-1].reshape(3, -1, channels)[:, 5, settings["mel"]]  # of pitch
    assert medians == pytest.approx([200, 160, 250], rel=0.02)
    assert rows[:, -1] == pytest.approx(rows[0, -1] * np.array([1, 1.25, 0.8]), abs=1)
