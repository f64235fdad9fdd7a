"""Recordings with noise, or compressed: the ratio computed by hand, what a codec leaves, and the files."""

import io

import av
import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image

from emofusion.errors import EmofusionError
from emofusion.recordings.distort import as_jpeg, compressed, distort, with_noise
from emofusion.recordings.pictures import decode_frames, decode_image
from emofusion.recordings.sound import decode, fault
from emofusion.settings.distortion import Distortion

MEDIA = ["audio", "image", "video"]


def chirp(rate=16000, seconds=1.5, loudness=0.3):
    time = np.arange(int(seconds * rate)) / rate
    return (loudness * np.sin(2 * np.pi * 300 * time * (1 + time)) * np.hanning(len(time))).astype(np.float32)


def ratio(signal, noise):
    """The signal-to-noise ratio in dB."""
    return 10 * np.log10((signal.astype(float) ** 2).sum() / (noise.astype(float) ** 2).sum())


def picture(width=48, height=32):
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.stack([5 * x, 7 * y, 3 * (x + y)], axis=2).astype(np.uint8))


def clips_of(**media):
    """A table of clips. media: medium → the path of each clip, or None."""
    number = len(next(iter(media.values())))
    table = pd.DataFrame({"clip": [f"c{n}" for n in range(number)]})
    return table.assign(**{name: [str(p) if p else None for p in media.get(name, [None] * number)] for name in MEDIA})


@pytest.mark.parametrize("snr", [30, 10, 0, -5.5])
def test_the_noise_is_white_and_has_the_stated_ratio(snr):
    clean = chirp()
    noise = with_noise(clean, snr, np.random.default_rng(1)).astype(float) - clean
    assert ratio(clean, noise) == pytest.approx(snr, abs=1e-3)
    assert abs(np.corrcoef(noise, clean)[0, 1]) < 0.03 and abs(noise.mean()) < 0.05 * noise.std()
    power = np.abs(np.fft.rfft(noise)) ** 2
    parts = [part.mean() for part in np.array_split(power[1:], 8)]
    assert max(parts) < 1.2 * min(parts)  # as loud in each part of the spectrum
    assert (np.abs(noise) < noise.std()).mean() == pytest.approx(0.683, abs=0.02)  # normally distributed


@pytest.mark.parametrize("codec", ["mp3", "opus"])
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_a_codec_keeps_length_and_time_and_costs_what_it_should(codec, rate, tmp_path):
    clean, left = chirp(rate), []
    for bitrate in (32, 128):
        file = tmp_path / f"{bitrate}.{codec}"
        file.write_bytes(compressed(clean, rate, codec, bitrate))
        assert 8 * file.stat().st_size / 1.5 / 1000 == pytest.approx(bitrate, rel=0.25)
        sound = decode(file)
        assert sound.rate in (rate, 48000) and fault(file) is None
        seconds = np.arange(len(clean)) / rate
        heard = np.interp(seconds, np.arange(len(sound.samples)) / sound.rate, sound.samples)
        assert len(sound.samples) / sound.rate == pytest.approx(1.5, abs=1e-3)
        lag = np.correlate(heard, clean[rate // 2 : rate], "valid").argmax() - rate // 2
        assert abs(lag) <= 2e-4 * rate
        scaled = heard * (heard @ clean) / (heard @ heard)  # MP3's encoder scales by 0.95
        left.append(ratio(clean, scaled - clean))
    assert left[0] > 8 and left[1] > left[0] - 1


def test_sound_beyond_full_scale_is_scaled_before_it_is_compressed(tmp_path):
    file = tmp_path / "loud.mp3"
    file.write_bytes(compressed(chirp(loudness=3.0), 16000, "mp3", 64))
    samples = decode(file).samples
    assert 0.85 < np.abs(samples).max() < 1.05
    assert np.corrcoef(samples, chirp())[0, 1] > 0.99  # not cut off at full scale


@pytest.mark.parametrize(
    ("rate", "bitrate", "has"), [(48000, 8, "32, 40, 48"), (16000, 320, "8, 16, 24"), (8000, 80, "8, .*, 56, 64")]
)
def test_a_bit_rate_that_mp3_does_not_have_is_refused(rate, bitrate, has, tmp_path):
    soundfile.write(tmp_path / "a.wav", chirp(rate), rate)
    worse = Distortion(codec="mp3", bitrate=bitrate)
    words = rf"a\.wav: mp3 cannot compress it with distortion\.bitrate={bitrate} \(at {rate} Hz it has {has}"
    with pytest.raises(EmofusionError, match=words):
        distort(clips_of(audio=[tmp_path / "a.wav"]), worse, tmp_path / "out", tmp_path / "out")


def test_each_clip_has_noise_of_its_own_whatever_stands_beside_it(tmp_path):
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", chirp(), 16000, subtype="FLOAT")
    paths = [tmp_path / "a.wav", tmp_path / "b.wav", tmp_path / "a.wav"]
    worse, table = Distortion(snr=10), clips_of(audio=[*paths[:2], None, paths[2]])
    made = distort(table, worse, tmp_path / "out", tmp_path / "out", workers=2)
    assert made["audio"].isna().tolist() == [False, False, True, False]
    noise = [decode(path).samples - chirp() for path in made["audio"].dropna()]
    assert [ratio(chirp(), one) for one in noise] == pytest.approx([10] * 3, abs=1e-3)
    assert abs(np.corrcoef(noise)[np.triu_indices(3, 1)]).max() < 0.05
    alone = distort(table[3:].reset_index(drop=True), worse, tmp_path / "alone", tmp_path / "alone")
    assert np.array_equal(decode(alone["audio"][0]).samples, decode(made["audio"][3]).samples)
    other = distort(table[3:].reset_index(drop=True), Distortion(snr=10, seed=1), tmp_path / "o", tmp_path / "o")
    assert not np.array_equal(decode(other["audio"][0]).samples, decode(made["audio"][3]).samples)


def test_noise_comes_before_the_codec_and_names_are_those_of_the_results(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([chirp(), chirp() / 2], axis=1), 16000)
    table = clips_of(audio=[tmp_path / "a.wav"], video=[tmp_path / "a.mp4"])
    made = distort(table, Distortion(snr=0, codec="opus", bitrate=64), tmp_path / "out", tmp_path / "named")
    assert made["audio"][0] == str(tmp_path / "named" / "000000-audio.opus")
    assert made["video"][0] == table["video"][0]  # pictures stay as they are
    heard, clean = decode(tmp_path / "out" / "000000-audio.opus"), 0.75 * chirp()
    assert ratio(clean, heard.samples[: len(clean)] - clean) == pytest.approx(0, abs=1.5)


def test_pictures_and_frames_are_jpegs_of_the_stated_quality(tmp_path):
    picture().save(tmp_path / "a.png")
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for _ in range(7):
            container.mux(stream.encode(av.VideoFrame.from_image(picture())))
        container.mux(stream.encode(None))
    table = clips_of(image=[tmp_path / "a.png", None], video=[None, tmp_path / "a.mp4"])
    made = distort(table, Distortion(jpeg=10), tmp_path / "out", tmp_path / "out")
    image = decode_image(made["image"][0])
    expected = Image.open(io.BytesIO(as_jpeg(picture(), 10)))
    assert np.array_equal(np.asarray(image), np.asarray(expected))
    with Image.open(made["image"][0]) as written:
        assert written.format == "JPEG" and written.size == (48, 32)
    frames = [np.asarray(frame.to_image()).astype(float) for frame in decode_frames(made["video"][1])]
    before = [np.asarray(frame.to_image()) for frame in decode_frames(tmp_path / "a.mp4")]
    assert len(frames) == len(before) == 7
    wanted = np.asarray(Image.open(io.BytesIO(as_jpeg(Image.fromarray(before[3]), 10)))).astype(float)
    assert np.abs(frames[3] - wanted).mean() < 4 < np.abs(frames[3] - before[3]).mean()
    with av.open(made["video"][1]) as container:
        assert container.streams.video[0].frames == 7  # so that features need not count them


def test_a_lower_quality_leaves_less():
    def error(quality):
        return np.abs(np.asarray(Image.open(io.BytesIO(as_jpeg(picture(), quality)))).astype(float) - picture()).mean()

    assert error(5) > 2 * error(30) > 2 * error(90)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"no sound")
    with pytest.raises(EmofusionError, match=r"a\.wav cannot be read .* leave the clip c0 out"):
        distort(clips_of(audio=[tmp_path / "a.wav"]), Distortion(snr=1), tmp_path / "out", tmp_path / "out")
