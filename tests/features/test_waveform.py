import av
import numpy as np
import pytest
import soundfile

from emofusion.counted import counting
from emofusion.errors import EmofusionError
from emofusion.features.common.sound.waveform import load

RATE = 16000


def tone(rate: int, seconds: float, frequency: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def write_video(path, sound: np.ndarray | None, rate: int = 44100) -> None:
    """An MP4 of black pictures, with AAC sound if any."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=10)
        picture.width = picture.height = 32
        track = container.add_stream("aac", rate=rate, layout="mono") if sound is not None else None
        for _ in range(5):
            container.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        container.mux(picture.encode())
        if track is not None:
            frame = av.AudioFrame.from_ndarray(sound[np.newaxis], format="fltp", layout="mono")
            frame.rate, frame.pts = rate, 0
            container.mux(track.encode(frame))
            container.mux(track.encode())


def test_short_recording_is_padded_with_zeros_at_the_end(tmp_path):
    sound = tone(RATE, 0.5)
    soundfile.write(tmp_path / "short.wav", sound, RATE, subtype="FLOAT")
    loaded = load(tmp_path / "short.wav", RATE, 1.0)
    assert loaded.dtype == np.float32
    assert loaded.shape == (16000,)
    np.testing.assert_array_equal(loaded[:8000], sound)
    assert not loaded[8000:].any()


def test_long_recording_is_cut_and_keeps_its_start(tmp_path):
    sound = tone(RATE, 2.0)
    soundfile.write(tmp_path / "long.flac", sound, RATE)
    np.testing.assert_allclose(load(tmp_path / "long.flac", RATE, 0.75), sound[:12000], atol=1 / 2**15)


def test_stereo_at_another_rate_is_averaged_and_resampled(tmp_path):
    stereo = np.stack([tone(44100, 1.0), np.zeros(44100, np.float32)], axis=1)
    soundfile.write(tmp_path / "stereo.wav", stereo, 44100, subtype="FLOAT")
    loaded = load(tmp_path / "stereo.wav", RATE, 1.0)
    inner = slice(500, -500)  # the filter rings at the ends
    np.testing.assert_allclose(loaded[inner], 0.5 * tone(RATE, 1.0)[inner], atol=1e-3)


CONTAINERS = [("WAV", None), ("AIFF", None), ("FLAC", None), ("CAF", None), ("AU", None), ("W64", None)]
CONTAINERS += [
    ("WAV", "PCM_U8"),
    ("WAV", "ULAW"),
    ("WAVEX", "DOUBLE"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", None),
]


@pytest.mark.parametrize(("container", "coding"), CONTAINERS)
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (48000, 2)])
def test_every_container_coding_rate_and_number_of_channels(tmp_path, container, coding, rate, channels):
    sound = np.stack([tone(rate, 1.0)] * channels, axis=1)
    path = tmp_path / f"sound.{container.lower()}"
    soundfile.write(path, sound, rate, format=container, subtype=coding)
    loaded = load(path, RATE, 1.0)
    spectrum = np.abs(np.fft.rfft(loaded[2000:-2000] * np.hanning(12000)))
    assert loaded.shape == (16000,)
    assert np.argmax(spectrum) * RATE / 12000 == pytest.approx(440, abs=2)
    assert np.sqrt(np.mean(loaded[2000:-2000] ** 2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("channels", [3, 6])
def test_many_channels_are_averaged(tmp_path, channels):
    several = np.stack([tone(RATE, 0.5) * number for number in range(channels)], axis=1) / channels
    soundfile.write(tmp_path / "several.wav", several, RATE, subtype="FLOAT")
    np.testing.assert_allclose(load(tmp_path / "several.wav", RATE, 0.5), several.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize(("rate", "seconds"), [(RATE, 0.3), (RATE, 4.7), (44100, 4.7)])
def test_without_a_duration_all_of_a_recording_is_read(tmp_path, rate, seconds):
    soundfile.write(tmp_path / "whole.wav", tone(rate, seconds), rate, subtype="FLOAT")
    loaded = load(tmp_path / "whole.wav", RATE, None)
    assert loaded.dtype == np.float32
    assert loaded.shape == (round(RATE * seconds),)
    np.testing.assert_allclose(loaded[500:-500], tone(RATE, seconds)[500:-500], atol=1e-3)


def test_without_a_duration_all_of_a_sound_track_is_read(tmp_path):
    write_video(tmp_path / "clip.mp4", tone(44100, 2.5))
    assert len(load(tmp_path / "clip.mp4", RATE, None)) == pytest.approx(2.5 * RATE, abs=0.1 * RATE)


def test_cutting_a_resampled_recording_equals_resampling_all_of_it(tmp_path):
    sound = np.random.default_rng(0).normal(0, 0.1, 44100 * 2).astype(np.float32)
    soundfile.write(tmp_path / "noise.wav", sound, 44100, subtype="FLOAT")
    np.testing.assert_allclose(
        load(tmp_path / "noise.wav", RATE, 0.5), load(tmp_path / "noise.wav", RATE, 1.9)[:8000], atol=1e-4
    )


@pytest.mark.parametrize(("rate", "told"), [(8000, 1), (11025, 1), (16000, 0), (44100, 0)])
def test_a_recording_of_a_lower_sample_rate_is_counted(tmp_path, rate, told):
    soundfile.write(tmp_path / "low.wav", np.full(rate, 0.1), rate)
    with counting() as counts:
        load(tmp_path / "low.wav", 16000, 1.0)
    assert counts == ({f"recorded at {rate} Hz, below the 16000 Hz of the features": 1} if told else {})


def test_sound_track_of_a_video(tmp_path):
    write_video(tmp_path / "clip.mp4", tone(44100, 1.0))
    loaded = load(tmp_path / "clip.mp4", RATE, 1.0)
    inner = slice(2000, -2000)
    assert np.corrcoef(loaded[inner], tone(RATE, 1.0)[inner])[0, 1] > 0.99  # in phase: the encoder's delay is gone


def test_video_without_sound_is_named(tmp_path):
    write_video(tmp_path / "mute.mp4", None)
    with pytest.raises(EmofusionError, match=r"mute\.mp4 has no sound track"):
        load(tmp_path / "mute.mp4", RATE, 1.0)


@pytest.mark.parametrize("content", [b"", b"this is no recording", b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_unreadable_file_is_named(tmp_path, content):
    (tmp_path / "broken.wav").write_bytes(content)
    with pytest.raises(EmofusionError, match=r"broken\.wav"):
        load(tmp_path / "broken.wav", RATE, 1.0)


def test_absent_file_is_named(tmp_path):
    with pytest.raises(EmofusionError, match=r"absent\.wav"):
        load(tmp_path / "absent.wav", RATE, 1.0)


def test_recording_without_samples_is_named(tmp_path):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0, np.float32), RATE)
    with pytest.raises(EmofusionError, match=r"empty\.wav holds no sound"):
        load(tmp_path / "empty.wav", RATE, 1.0)


def test_samples_that_are_not_finite_are_named(tmp_path):
    soundfile.write(tmp_path / "nan.wav", np.full(100, np.nan, np.float32), RATE, subtype="FLOAT")
    with pytest.raises(EmofusionError, match=r"nan\.wav .* not finite"):
        load(tmp_path / "nan.wav", RATE, 1.0)
