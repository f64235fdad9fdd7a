from dataclasses import replace

import numpy as np
import pytest
import soundfile

from emofusion.errors import EmofusionError
from emofusion.features.acoustic import Acoustic
from emofusion.features.common.sound import waveform, window
from emofusion.settings.fields import check

RATE = 16000
SETTINGS = Acoustic(sample_rate=RATE, duration=1.0, trim=40.0)


@pytest.fixture
def recording(tmp_path):
    """Half a second of voice after 0.8 s of hiss 60 dB below it, and 0.4 s of hiss behind it."""
    time = np.arange(RATE // 2) / RATE
    voice = np.sin(2 * np.pi * 200 * time)
    hiss = 0.0007 * np.random.default_rng(0).normal(size=round(1.7 * RATE))
    start = round(0.8 * RATE)
    hiss[start : start + len(voice)] += voice / 2
    soundfile.write(tmp_path / "clip.wav", hiss.astype(np.float32), RATE, subtype="FLOAT")
    return tmp_path / "clip.wav", hiss, start


def test_silence_is_cut_off_at_both_ends(recording):
    path, samples, start = recording
    loaded = window.load(path, SETTINGS)
    assert loaded.shape == (RATE,) and loaded.dtype == np.float32
    spoken = np.flatnonzero(loaded)
    assert spoken[-1] + 1 == pytest.approx(RATE // 2, abs=2048)  # to the frame
    offset = np.flatnonzero(np.isclose(samples, loaded[0], atol=1e-9))[0]
    assert start - 1024 <= offset <= start
    np.testing.assert_allclose(loaded[: len(spoken)], samples[offset : offset + len(spoken)], atol=1e-7)


def test_repeating_fills_the_window_with_the_speech(recording):
    once = window.load(recording[0], SETTINGS)
    length = np.flatnonzero(once)[-1] + 1
    repeated = window.load(recording[0], replace(SETTINGS, padding="repeat"))
    np.testing.assert_array_equal(repeated, [once[n % length] for n in range(RATE)])


def test_without_either_it_is_the_start_of_the_recording(recording):
    loaded = window.load(recording[0], replace(SETTINGS, trim=None))
    np.testing.assert_array_equal(loaded, waveform.load(recording[0], RATE, 1.0))


@pytest.mark.parametrize("padding", ["zeros", "repeat"])
def test_silence_stays_silence(tmp_path, padding):
    soundfile.write(tmp_path / "clip.wav", np.zeros(RATE // 2), RATE)
    loaded = window.load(tmp_path / "clip.wav", replace(SETTINGS, padding=padding))
    assert loaded.shape == (RATE,) and not loaded.any()


def test_a_longer_recording_is_cut():
    samples = np.random.default_rng(0).normal(size=3000).astype(np.float32)
    np.testing.assert_array_equal(window.fitted(samples, 2000, "repeat"), samples[:2000])


def test_an_unknown_padding_is_named():
    with pytest.raises(EmofusionError, match=r"speech\.features\.padding=reflect: zeros or repeat"):
        check(replace(SETTINGS, padding="reflect"), "speech.features")
