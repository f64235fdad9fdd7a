"""Every feature against librosa's own call on the waveform."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy import fft

from emofusion.errors import EmofusionError
from emofusion.features.acoustic import Acoustic
from emofusion.features.common.sound import channels, waveform
from emofusion.features.common.sound.compiled import librosa
from emofusion.settings.fields import check

SETTINGS = Acoustic(duration=1.0)
FRAMES = 1 + 16000 // 256


def voice(rate: int = 16000, seconds: float = 1.0) -> np.ndarray:
    """Like a vowel of gliding pitch between pauses: harmonics that fall off, breath noise, an envelope."""
    time = np.arange(round(rate * seconds)) / rate
    phase = 2 * np.pi * np.cumsum(140 + 60 * np.sin(2 * np.pi * 1.5 * time)) / rate
    sound = sum(np.sin(number * phase) / number for number in range(1, 20))
    sound = sound * np.clip(np.sin(np.pi * time / seconds) * 1.5 - 0.4, 0, 1)
    return (0.1 * sound + 0.002 * np.random.default_rng(1).normal(size=len(time))).astype(np.float32)


def reference(samples: np.ndarray, settings: Acoustic = SETTINGS) -> dict[str, np.ndarray]:
    rate, n_fft, hop = settings.sample_rate, settings.n_fft, settings.hop
    low, high = settings.pitch_range
    spectral = {"y": samples, "n_fft": n_fft, "hop_length": hop}
    framed = {"frame_length": n_fft, "hop_length": hop}
    mel = librosa.feature.melspectrogram(sr=rate, n_mels=settings.mel, **spectral)
    return {
        "mfcc": librosa.feature.mfcc(sr=rate, n_mfcc=settings.mfcc, n_mels=settings.mel, **spectral),
        "pitch": librosa.yin(samples, fmin=low, fmax=high, sr=rate, **framed)[np.newaxis],
        "mel": librosa.power_to_db(mel, ref=1.0, top_db=None),
        "centroid": librosa.feature.spectral_centroid(sr=rate, **spectral),
        "flatness": librosa.feature.spectral_flatness(**spectral),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(samples, **framed),
        "contrast": librosa.feature.spectral_contrast(sr=rate, **spectral),
    }


def short_clip() -> np.ndarray:
    return librosa.util.fix_length(voice(seconds=0.3), size=16000)


@pytest.mark.parametrize(
    "samples", [voice(), short_clip(), np.zeros(16000, np.float32)], ids=["voice", "short", "none"]
)
def test_every_feature_equals_librosas_own_call(samples):
    computed = channels.compute(samples, SETTINGS)
    assert computed.dtype == np.float32
    assert computed.shape == SETTINGS.row_shape() == (40 + 1 + 128 + 1 + 1 + 1 + 7, FRAMES)
    assert np.isfinite(computed).all()
    first = 0
    for name, expected in reference(samples).items():
        np.testing.assert_allclose(
            computed[first : first + len(expected)], expected, rtol=1e-4, atol=1e-4, err_msg=name
        )
        first += len(expected)
    assert first == len(computed)


@pytest.mark.parametrize(
    "change",
    [
        {"sample_rate": 44100, "n_fft": 2048, "hop": 441, "mel": 64, "mfcc": 20},
        {"sample_rate": 22050, "n_fft": 4096, "hop": 1024, "pitch_range": [30.0, 2000.0]},
        {"n_fft": 768, "hop": 100, "pitch_range": [80, 450], "mel": 40, "mfcc": 13},
    ],
)
def test_other_settings_equal_librosas_own_calls_too(change):
    settings = replace(SETTINGS, **change)
    samples = voice(settings.sample_rate)
    expected = np.concatenate(list(reference(samples, settings).values()))
    computed = channels.compute(samples, settings)
    assert computed.shape == settings.row_shape()
    np.testing.assert_allclose(computed, expected, rtol=1e-4, atol=1e-4)


def noise(deviation: float, offset: float) -> np.ndarray:
    return np.random.default_rng(3).normal(offset, deviation, 16000).astype(np.float32)


@pytest.mark.parametrize(
    "samples",
    [noise(0.3, 0), noise(1e-4, 0), noise(1e-5, 0.01), np.round(noise(3e-5, 0) * 2**15).astype(np.float32) / 2**15],
    ids=["loud", "soft", "offset", "last bit"],
)
def test_pitch_of_noise_turns_on_the_same_bits_as_librosas(samples):
    computed = channels.compute(samples, replace(SETTINGS, features=["pitch"]))[0]
    np.testing.assert_allclose(computed, reference(samples)["pitch"][0], rtol=1e-6)


def test_the_order_and_choice_of_features_are_settings():
    chosen = replace(SETTINGS, features=["flatness", "mfcc"], mfcc=13)
    computed = channels.compute(voice(), chosen)
    expected = reference(voice())
    np.testing.assert_allclose(computed[0], expected["flatness"][0], rtol=1e-4)
    np.testing.assert_allclose(computed[1:], expected["mfcc"][:13], rtol=1e-4, atol=1e-4)


def test_channels_are_named_in_order():
    names = SETTINGS.channel_names()
    assert len(names) == SETTINGS.row_shape()[0]
    assert names[:2] == ["mfcc_1", "mfcc_2"]
    assert names[40:42] == ["pitch", "mel_1"]
    assert names[-8:] == ["zero_crossing_rate", *[f"contrast_{band}" for band in range(1, 8)]]
    assert "pitch" not in replace(SETTINGS, pitch=None).channel_names()


def test_pyin_gives_zero_where_there_is_no_voice():
    settings = replace(SETTINGS, pitch="pyin", features=["pitch"], duration=0.5)
    assert not channels.compute(np.zeros(8000, np.float32), settings).any()
    tone = np.sin(2 * np.pi * 200 * np.arange(8000) / 16000).astype(np.float32)
    np.testing.assert_allclose(channels.compute(tone, settings)[0, 5:-5], 200, rtol=0.01)


def test_loudness_stays_in_the_mel_spectrogram():
    settings = replace(SETTINGS, features=["mel"])
    loud, soft = channels.compute(voice(), settings), channels.compute(0.1 * voice(), settings)
    np.testing.assert_allclose(loud - soft, 20, atol=1e-2)


def test_a_lower_sample_rate_has_fewer_contrast_bands():
    settings = replace(SETTINGS, sample_rate=8000, features=["contrast"], n_fft=512)
    computed = channels.compute(voice(8000), settings)
    expected = librosa.feature.spectral_contrast(y=voice(8000), sr=8000, n_fft=512, hop_length=256, n_bands=5)
    assert computed.shape == settings.row_shape()
    np.testing.assert_allclose(computed, expected, rtol=1e-4, atol=1e-4)


def test_a_clip_is_read_from_any_rate_and_number_of_channels(tmp_path):
    stereo = np.stack([voice(44100), voice(44100)], axis=1)
    soundfile.write(tmp_path / "stereo.wav", stereo, 44100)
    clips = pd.DataFrame({"clip": ["a"], "audio": [str(tmp_path / "stereo.wav")]})
    computed = SETTINGS.prepare(clips)(next(clips.itertuples()))
    expected = reference(waveform.load(tmp_path / "stereo.wav", 16000, 1.0))
    np.testing.assert_allclose(computed[0], np.concatenate(list(expected.values())), rtol=1e-4, atol=1e-4)


def test_clips_without_sound_are_counted_and_named():
    clips = pd.DataFrame({"clip": ["a", "b"], "audio": [None, "b.wav"]})
    with pytest.raises(EmofusionError, match=r"1 clips have no sound, for example a"):
        SETTINGS.prepare(clips)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"features": ["mfcc", "loudness"]},
            r"features=\[mfcc,loudness\]: at least 1 entry, each once, out of mfcc",
        ),
        ({"features": []}, r"features=\[\]: "),
        ({"features": ["pitch"], "pitch": None}, "nothing remains"),
        ({"pitch": "crepe"}, "pitch=crepe: yin or pyin"),
        ({"pitch_range": [5.0, 800.0]}, r"pitch_range=\[5,800\]: above 15.6 Hz"),
        ({"pitch_range": [65.0, 9000.0]}, "half of speech.features.sample_rate=16000"),
        ({"pitch_range": [7000.0, 8000.0]}, "widen it"),
        ({"n_fft": 32}, "hop=256: at most the length of a frame, speech.features.n_fft=32"),
        ({"n_fft": 64, "hop": 32}, "mel=128: at most speech.features.n_fft // 2 [+] 1, which is 33"),
        ({"n_fft": 64, "hop": 32, "mel": 8, "mfcc": 8}, "n_fft=64: too short a frame for contrast"),
    ],
)
def test_wrong_settings_are_refused_when_an_experiment_is_planned(change, message):
    with pytest.raises(EmofusionError, match=message):
        check(replace(SETTINGS, **change), "speech.features")


@pytest.mark.parametrize(
    "change", [{"n_fft": 64, "hop": 32, "mel": 8, "mfcc": 8, "pitch": None}, {"pitch": "pyin", "n_fft": 64}]
)
@pytest.mark.filterwarnings("ignore:Empty filters")
def test_what_librosa_refuses_is_said_before_any_clip_is_read(change):
    clips = pd.DataFrame({"clip": ["a"], "audio": ["not_read.wav"]})
    with pytest.raises(EmofusionError, match=r"do not fit together: .*n_fft=64"):
        replace(SETTINGS, **change).prepare(clips)


@pytest.mark.parametrize(
    "change",
    [
        {"pitch_range": [16.0, 8000.0]},
        {"features": ["mel"], "mel": 8},
        {"features": ["centroid"], "sample_rate": 1000, "n_fft": 16, "hop": 16},
        {"sample_rate": 1000, "pitch_range": [65.0, 500.0]},
        {"features": ["flatness", "pitch"], "pitch": None, "duration": 0.02},
        {"pitch": "pyin", "features": ["pitch"], "duration": 0.1},
    ],
)
def test_settings_that_are_accepted_can_be_computed(change):
    settings = replace(SETTINGS, **change)
    check(settings, "speech.features")
    samples = np.random.default_rng(0).normal(0, 0.1, settings.samples).astype(np.float32)
    computed = channels.compute(samples, settings)
    assert computed.shape == settings.row_shape() and np.isfinite(computed).all()


def test_real_speech(real_data):
    path = sorted((real_data / "ravdess/speech_16khz/Actor_03").glob("*.flac"))[7]
    samples = waveform.load(path, 16000, 1.0)
    expected = np.concatenate(list(reference(samples).values()))
    np.testing.assert_allclose(channels.compute(samples, SETTINGS), expected, rtol=1e-4, atol=1e-4)


def test_nothing_of_the_spectrum_is_below_the_floor():
    samples = voice()
    mel = [name.startswith("mel_") for name in SETTINGS.channel_names()]
    whole, bounded = (channels.compute(samples, replace(SETTINGS, floor=floor)) for floor in (-100.0, -20.0))
    assert whole[mel].min() < -30
    np.testing.assert_array_equal(bounded[mel], np.maximum(whole[mel], -20.0))
    cepstrum = fft.dct(np.maximum(whole[mel], -20.0), axis=0, norm="ortho")[:40]
    np.testing.assert_allclose(bounded[:40], cepstrum, atol=1e-3)
