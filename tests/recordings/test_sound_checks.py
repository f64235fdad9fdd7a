"""What is told of a recording before anything runs: cut files, silence, and formats that load under any name."""

import struct

import av
import numpy as np
import pytest
import soundfile

from emofusion.corpora.common.media import fault
from emofusion.errors import EmofusionError
from emofusion.features.common.sound.waveform import load

RATE = 16000
TONE = (0.3 * np.sin(np.arange(3 * RATE) / 20)).astype(np.float32)
SOUND_FILES = [("wav", "WAV", None), ("aiff", "AIFF", None), ("au", "AU", None), ("caf", "CAF", None)]
SOUND_FILES += [("w64", "W64", None), ("rf64", "RF64", None), ("nist", "NIST", None), ("flac", "FLAC", None)]
SOUND_FILES += [("ogg", "OGG", "VORBIS"), ("mp3", "MP3", None), ("wav", "WAV", "FLOAT"), ("wav", "WAVEX", "PCM_24")]
# suffix → format, codec of the sound, codec of the picture, options
TRACKS = {
    "mp4": ("mp4", "aac", "mpeg4", {}),
    "first.mp4": ("mp4", "aac", "mpeg4", {"movflags": "faststart"}),
    "m4a": ("ipod", "aac", None, {"movflags": "faststart"}),
    "wav": ("ipod", "aac", None, {}),  # a wrong name
    "mov": ("mov", "aac", "mpeg4", {}),
    "fragments.mp4": ("mp4", "aac", "mpeg4", {"movflags": "frag_keyframe+empty_moov"}),
    "aac": ("adts", "aac", None, {}),
    "flv": ("flv", "aac", "flv1", {}),
    "mkv": ("matroska", "aac", "mpeg4", {}),
    "webm": ("webm", "libopus", "libvpx", {}),
    "avi": ("avi", "mp3", "mpeg4", {}),
    "amr": ("amr", "libopencore_amrnb", None, {}),
}


def write_track(path, kind: str, samples=TONE) -> None:
    container_format, sound, picture, options = TRACKS[kind]
    rate = {"libopus": 48000, "libopencore_amrnb": 8000}.get(sound, RATE)
    with av.open(str(path), "w", format=container_format, options=options) as container:
        video = container.add_stream(picture, rate=10) if picture else None
        track = container.add_stream(sound, rate=rate, layout="mono")
        if video is not None:
            video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
            random = np.random.default_rng(0)
            for _ in range(30):
                pixels = random.integers(0, 255, (64, 64, 3), dtype=np.uint8)
                container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(video.encode())
        code = track.codec_context
        resampler = av.AudioResampler(code.format, "mono", rate, frame_size=code.frame_size or 1024)
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(track.encode(piece))
        container.mux(track.encode())


def cut(path, share: float):
    content = path.read_bytes()
    shorter = path.with_name(f"cut.{path.name}")
    shorter.write_bytes(content[: int(len(content) * share)])
    return shorter


@pytest.mark.parametrize(("suffix", "kind", "coding"), SOUND_FILES)
@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
def test_a_sound_file_that_is_cut_is_named(tmp_path, suffix, kind, coding, share):
    path = tmp_path / f"x.{suffix}"
    soundfile.write(path, TONE, RATE, format=kind, subtype=coding)
    assert fault(path, "audio") is None
    named = ("is cut short: ", "cannot be read as audio (", "holds no sound")
    assert (kind, share) == ("MP3", 0.9) or fault(cut(path, share), "audio").startswith(named)  # it ends with padding


def test_32000_bytes_of_a_wav(tmp_path):
    soundfile.write(tmp_path / "x.wav", TONE, RATE)
    (tmp_path / "y.wav").write_bytes((tmp_path / "x.wav").read_bytes()[:32000])
    assert fault(tmp_path / "y.wav", "audio") == "is cut short: 1.00 s are there, and its header promises more"


@pytest.mark.parametrize("coding", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("share", [0.9, 0.5])
def test_an_ogg_file_that_is_cut_between_pages_is_named(tmp_path, coding, share):
    noise = np.random.default_rng(0).normal(0, 0.1, 20 * RATE)
    soundfile.write(tmp_path / "x.ogg", noise, RATE, format="OGG", subtype=coding)
    assert fault(tmp_path / "x.ogg", "audio") is None
    assert fault(cut(tmp_path / "x.ogg", share), "audio").startswith("is cut short: ")


@pytest.mark.parametrize("kind", TRACKS)
@pytest.mark.parametrize("share", [0.9, 0.5, 0.2])
def test_a_track_that_is_cut_is_named(tmp_path, kind, share):
    path = tmp_path / f"x.{kind}"
    write_track(path, kind)
    shorter = cut(path, share)
    assert fault(shorter, "audio").startswith(("is cut short: ", "cannot be read as audio ("))
    if TRACKS[kind][2]:
        assert fault(path, "video") is None
        assert fault(shorter, "video").startswith(("is cut short: ", "cannot be read as video ("))


@pytest.mark.parametrize("kind", TRACKS)
def test_what_loads_is_accepted(tmp_path, kind):
    path = tmp_path / f"x.{kind}"
    write_track(path, kind)
    assert fault(path, "audio") is None
    loaded = load(path, RATE, None)
    assert len(loaded) == pytest.approx(len(TONE), abs=0.15 * RATE)
    assert np.argmax(np.abs(np.fft.rfft(loaded[8000:24000]))) == pytest.approx(16000 / (2 * np.pi * 20), abs=2)


@pytest.mark.parametrize("content", [b"words", b"RIFF\x00\x00\x00\x00WAVEfmt ", b"\0" * 5000, b"ID3\x04" + b"\0" * 50])
def test_what_does_not_load_is_not_accepted(tmp_path, content):
    (tmp_path / "x.wav").write_bytes(content)
    reason = fault(tmp_path / "x.wav", "audio")
    assert reason is not None
    with pytest.raises(EmofusionError) as error:
        load(tmp_path / "x.wav", RATE, 1.0)
    assert reason in str(error.value) or "holds no sound" in reason


@pytest.mark.parametrize("stated", [0xFFFFFFFF, 0x7FFFFFFF - 36, 0x7FFFF000])
def test_a_length_that_was_unknown_when_the_header_was_written_promises_nothing(tmp_path, stated):
    soundfile.write(tmp_path / "x.wav", TONE, RATE)
    content = bytearray((tmp_path / "x.wav").read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = content[4:8] = struct.pack("<I", stated)
    (tmp_path / "x.wav").write_bytes(content)
    assert fault(tmp_path / "x.wav", "audio") is None


def test_an_mp3_without_a_length_promises_nothing(tmp_path):
    soundfile.write(tmp_path / "x.mp3", TONE, RATE, format="MP3")
    content = (tmp_path / "x.mp3").read_bytes()
    assert b"Xing" in content[:400] or b"Info" in content[:400]
    assert fault(cut(tmp_path / "x.mp3", 0.5), "audio").startswith("is cut short")
    (tmp_path / "y.mp3").write_bytes(content.replace(b"Xing", b"\0" * 4).replace(b"Info", b"\0" * 4))
    assert fault(tmp_path / "y.mp3", "audio") is None
    header = b"ID3\x04\0\0" + bytes([0, 0, 7, 104])  # 1000 bytes of another tag come first
    (tmp_path / "z.mp3").write_bytes(header + b"\0" * 1000 + content)
    assert fault(tmp_path / "z.mp3", "audio") is None
    assert fault(cut(tmp_path / "z.mp3", 0.5), "audio").startswith("is cut short")


@pytest.mark.parametrize("level", [0, 1e-5, 0.25])
@pytest.mark.parametrize("channels", [1, 2])
def test_silence_is_named_with_and_without_an_offset(tmp_path, level, channels):
    samples = np.full((RATE, channels), level, np.float32)
    soundfile.write(tmp_path / "x.wav", samples, RATE, subtype="FLOAT")
    assert fault(tmp_path / "x.wav", "audio") == "is silent"
    samples[100:200] += 0.001
    soundfile.write(tmp_path / "x.wav", samples, RATE, subtype="FLOAT")
    assert fault(tmp_path / "x.wav", "audio") is None


@pytest.mark.parametrize("kind", ["mp4", "flv", "aac", "mkv"])
def test_a_silent_track_is_named(tmp_path, kind):
    write_track(tmp_path / f"x.{kind}", kind, np.zeros_like(TONE))
    assert fault(tmp_path / f"x.{kind}", "audio") == "is silent"


def test_values_that_are_not_finite_are_named(tmp_path):
    samples = TONE.copy()
    samples[-1] = np.inf
    soundfile.write(tmp_path / "x.wav", samples, RATE, subtype="FLOAT")
    assert fault(tmp_path / "x.wav", "audio") == "holds samples that are not finite numbers"


def test_what_is_not_there_is_named(tmp_path):
    for medium in ("audio", "image", "video"):
        assert fault(tmp_path / "absent.x", medium) == "is not there"
        (tmp_path / "empty.x").touch()
        assert fault(tmp_path / "empty.x", medium) == "is empty"


def test_real_recordings_have_no_fault(real_data):
    folder = real_data / "ravdess"
    assert {fault(path, "audio") for path in sorted((folder / "speech_16khz").rglob("*.flac"))[::20]} == {None}
    videos = sorted((folder / "video").glob("*.mp4"))
    assert [fault(path, "video") for path in videos] == [None] * 3
    # they have edit lists, which hide some of their packets; the sound track of the picture alone is silent
    assert [fault(path, "audio") for path in videos] == [None, None, "is silent"]
