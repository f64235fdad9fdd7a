"""openSMILE's functionals against openSMILE's own data frame."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import opensmile
import pandas as pd
import pytest
import soundfile

from emofusion.errors import EmofusionError
from emofusion.features.common.extract import extract
from emofusion.features.common.feature_set import FeatureSet
from emofusion.features.functionals import Functionals
from emofusion.features.functionals.compute import compute
from emofusion.settings.fields import check

RATE = 16000
EGEMAPS = Functionals(sample_rate=RATE)
COMPARE = Functionals(sample_rate=RATE, set="compare_2016")


def vowel(seconds: float, pitch: float = 140, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(rate * seconds)) / rate
    phase = 2 * np.pi * np.cumsum(pitch + 20 * np.sin(2 * np.pi * time)) / rate
    sound = sum(np.sin(number * phase) / number for number in range(1, 15))
    return (0.1 * sound + 0.001 * np.random.default_rng(2).normal(size=len(time))).astype(np.float32)


def reference(samples: np.ndarray, name: str) -> pd.DataFrame:
    smile = opensmile.Smile(opensmile.FeatureSet[name], opensmile.FeatureLevel.Functionals)
    return smile.process_signal(samples, RATE)


def recording(folder, samples: np.ndarray, rate: int = RATE, name: str = "a") -> pd.DataFrame:
    path = folder / f"{name}.wav"
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return pd.DataFrame({"clip": [name], "audio": [str(path)]})


def rows(clips: pd.DataFrame, settings: Functionals) -> np.ndarray:
    return settings.prepare(clips)(next(clips.itertuples()))


@pytest.mark.parametrize(("settings", "name"), [(EGEMAPS, "eGeMAPSv02"), (COMPARE, "ComParE_2016")])
@pytest.mark.parametrize("seconds", [0.8, 4.2])
def test_values_are_opensmiles_own_of_the_whole_recording(tmp_path, settings, name, seconds):
    computed = rows(recording(tmp_path, vowel(seconds)), settings)
    expected = reference(vowel(seconds), name)
    assert computed.dtype == settings.dtype()
    assert computed.shape == (1, *settings.row_shape()) == expected.shape
    np.testing.assert_array_equal(computed, expected.to_numpy())


def test_what_is_known_of_the_voice_is_in_the_values(tmp_path):
    expected = reference(vowel(1.0, pitch=220), "eGeMAPSv02")
    at = expected.columns.get_loc("F0semitoneFrom27.5Hz_sma3nz_percentile50.0")
    value = rows(recording(tmp_path, vowel(1.0, pitch=220)), EGEMAPS)[0, at]
    assert 27.5 * 2 ** (value / 12) == pytest.approx(220, rel=0.03)


def test_another_rate_and_channels_give_nearly_the_same_values(tmp_path):
    stereo = np.stack([vowel(1.0, rate=48000)] * 2, axis=1)
    expected = rows(recording(tmp_path, vowel(1.0)), EGEMAPS)
    computed = rows(recording(tmp_path, stereo, rate=48000, name="b"), EGEMAPS)
    assert np.corrcoef(computed[0], expected[0])[0, 1] > 0.999


@pytest.mark.parametrize("settings", [EGEMAPS, COMPARE])
def test_silence_has_finite_values(tmp_path, settings):
    assert np.isfinite(rows(recording(tmp_path, np.zeros(RATE, np.float32)), settings)).all()


def test_a_recording_that_is_too_short_is_named(tmp_path):
    with pytest.raises(EmofusionError, match=r"a\.wav, which lasts 0\.020 s: it is too short"):
        rows(recording(tmp_path, vowel(0.02)), EGEMAPS)


def test_clips_without_sound_and_unknown_sets_are_said_before_anything_is_read():
    clips = pd.DataFrame({"clip": ["a", "b"], "audio": [None, "b.wav"]})
    with pytest.raises(EmofusionError, match="1 clips have no sound, for example a: functionals need"):
        EGEMAPS.prepare(clips)
    with pytest.raises(EmofusionError, match=r"speech\.features\.set=gemaps: egemaps or compare_2016"):
        check(replace(EGEMAPS, set="gemaps"), "speech.features")


def test_processes_and_threads_compute_the_same(tmp_path):
    sounds = [vowel(0.5, pitch=100 + 10 * number) for number in range(20)]
    clips = pd.concat([recording(tmp_path, sound, name=f"{n:02}") for n, sound in enumerate(sounds)])
    expected = np.stack([compute(sound, EGEMAPS) for sound in sounds])
    extract(clips, EGEMAPS, tmp_path / "out", workers=2)
    np.testing.assert_array_equal(FeatureSet.open([tmp_path / "out"]).take(range(20)), expected)
    with ThreadPoolExecutor(4) as threads:
        of_threads = list(threads.map(lambda sound: compute(sound, EGEMAPS), sounds))
    np.testing.assert_array_equal(of_threads, expected)


def test_other_speeds_are_rows_of_their_own(tmp_path):
    clips, settings = recording(tmp_path, vowel(1.0, pitch=200)), replace(EGEMAPS, speeds=[0.8])
    computed = rows(clips, settings)
    assert len(computed) == settings.rows_of(next(clips.itertuples())) == 2
    np.testing.assert_array_equal(computed[:1], rows(clips, EGEMAPS))
    at = reference(vowel(1.0), "eGeMAPSv02").columns.get_loc("F0semitoneFrom27.5Hz_sma3nz_percentile50.0")
    assert computed[0, at] - computed[1, at] == pytest.approx(12 * np.log2(1 / 0.8), abs=0.3)
    with pytest.raises(EmofusionError, match=r"speech\.features\.speeds=\[3\]: from 0.5 to 2"):
        check(replace(EGEMAPS, speeds=[3]), "speech.features")


def test_without_opensmile_it_is_said_how_to_install_it(monkeypatch):
    clips = pd.DataFrame({"clip": ["a"], "audio": ["not_read.wav"]})
    EGEMAPS.check_installed("speech.features")
    monkeypatch.setitem(sys.modules, "opensmile", None)  # as if it were not installed
    message = r"openSMILE is not installed: run `pip install 'emofusion\[functionals\]'`.*research and teaching"
    with pytest.raises(EmofusionError, match=r"speech\.features\.kind=functionals: " + message):
        EGEMAPS.check_installed("speech.features")
    with pytest.raises(EmofusionError, match=message):
        EGEMAPS.prepare(clips)
    check(EGEMAPS, "speech.features")  # the settings are right all the same
