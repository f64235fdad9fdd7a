"""A file's sound in blocks is the sound that features get."""

import numpy as np
import pytest
import soundfile

from emofusion.features.common.sound import waveform
from emofusion.recordings.blocks import Resampling, blocks
from emofusion.recordings.sound import NoSound, NoTrack


def noise(rate, channels=2, seconds=3.3):
    samples = np.random.default_rng(0).standard_normal((round(rate * seconds), channels)).cumsum(axis=0)
    return (samples / np.abs(samples).max()).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.1, 8.0])
@pytest.mark.parametrize(("name", "rate"), [("a.wav", 48_000), ("a.flac", 16_000), ("a.ogg", 44_100)])
def test_blocks_are_together_what_features_get(tmp_path, name, rate, seconds):
    path = tmp_path / name
    soundfile.write(path, noise(rate), rate)
    found = list(blocks(path, 16_000, seconds))
    assert all(block.dtype == np.float32 and 0 < len(block) <= 16_000 * seconds + 2000 for block in found)
    whole = waveform.read(path, 16_000, None)
    together = np.concatenate(found)
    assert len(together) == len(whole)
    np.testing.assert_allclose(together, whole, atol=2e-4)


def test_the_sound_of_a_video_comes_in_blocks(tmp_path):
    import av

    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        track = container.add_stream("aac", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(noise(48_000).T.copy(), format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        for packet in (*track.encode(frame), *track.encode(None)):
            container.mux(packet)
    found = list(blocks(path, 16_000, 1.0))
    assert len(found) >= 3
    whole, together = waveform.read(path, 16_000, None), np.concatenate(found)
    assert len(together) == len(whole)
    np.testing.assert_allclose(together, whole, atol=2e-4)


def test_files_without_sound_are_told_as_by_decode(tmp_path):
    empty, text = tmp_path / "empty.wav", tmp_path / "text.wav"
    empty.touch()
    text.write_text("no sound\n" * 100)
    with pytest.raises(NoSound, match="is empty"):
        list(blocks(empty, 16_000))
    with pytest.raises(NoSound, match="cannot be read as audio"):
        list(blocks(text, 16_000))
    with pytest.raises(FileNotFoundError):
        list(blocks(tmp_path / "absent.wav", 16_000))


def test_a_video_without_a_sound_track_is_told(tmp_path):
    import av

    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        track = container.add_stream("mpeg4", rate=10)
        track.width = track.height = 32
        for _ in range(5):
            container.mux(track.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        container.mux(track.encode(None))
    with pytest.raises(NoTrack):
        list(blocks(path, 16_000))


def test_sound_at_the_wanted_rate_is_not_filtered():
    same, samples = Resampling(16_000, 16_000), noise(16_000, 1)[:, 0]
    np.testing.assert_array_equal(same.push(samples), samples)
    assert len(same.finish()) == 0
