"""What files hold, and what cannot be used."""

import os

import numpy as np
import pytest
import soundfile
from PIL import Image

from emofusion.errors import EmofusionError
from emofusion.scoring import recordings
from emofusion.scoring.recordings import clip_table, find, look_at

RATE = 16000


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    soundfile.write(tmp_path / "voice.wav", random.normal(0, 0.1, RATE), RATE)
    soundfile.write(tmp_path / "silent.flac", np.zeros(RATE), RATE)
    soundfile.write(tmp_path / "short.wav", random.normal(0, 0.1, 50), RATE)
    Image.fromarray(random.integers(0, 255, (20, 20, 3)).astype(np.uint8)).save(tmp_path / "face.png")
    Image.new("RGB", (20, 20)).save(tmp_path / "black.jpg")
    (tmp_path / "cut.png").write_bytes((tmp_path / "face.png").read_bytes()[:100])
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "notes.md").write_text("not looked at")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "media", "fault"),
    [
        ("voice.wav", ("audio",), ""),
        ("face.png", ("image",), ""),
        ("silent.flac", (), "is silent"),
        ("short.wav", (), "lasts 3 ms"),
        ("black.jpg", (), "it is black"),
        ("cut.png", (), "cannot be read as image"),
        ("empty.mp4", (), "is empty"),
        ("text.mp4", (), "cannot be read as audio"),
        ("absent.wav", (), "cannot be opened"),
    ],
)
def test_a_file_has_media_or_a_fault(folder, name, media, fault):
    found = look_at(folder / name)
    assert found.media == media and fault in found.fault and bool(found.fault) == (not media)
    assert found.name == str(folder / name)


def test_a_name_that_is_not_utf_8_is_a_fault_and_can_be_shown(folder):
    name = os.fsdecode(b"voice-\xe4.wav")
    (folder / "voice.wav").rename(folder / name)
    found = look_at(folder / name)
    assert found.name == str(folder / "voice-?.wav") and "has a name that is not UTF-8" in found.fault
    assert look_at(folder / name, "given").name == "given"


def test_a_folder_is_no_recording(folder):
    assert look_at(folder).fault == "is a folder, and no recording"


def test_a_video_without_sound_is_a_video(folder, write_video_without_sound):
    path = write_video_without_sound(folder / "mute.mp4")
    found = look_at(path)
    assert found.media == ("video",) and found.fault == "" and found.faults == {"audio": "has no sound track"}


def test_a_long_recording_is_refused_before_it_is_decoded(folder, monkeypatch):
    """Two hours of sound, of which only the header is read."""
    monkeypatch.setattr(recordings, "stated_seconds", lambda path: 7200.0)
    monkeypatch.setattr(recordings.sound, "fault", lambda path: pytest.fail("decoded"))
    assert "lasts 7200 s, and one clip is at most 10 minutes long" in look_at(folder / "voice.wav").fault


def test_folders_give_their_recordings_in_order(folder):
    (folder / "deeper").mkdir()
    (folder / "voice.wav").rename(folder / "deeper" / "voice.WAV")
    names = [path.relative_to(folder).as_posix() for path in find([folder])]
    assert names == sorted(names) and "deeper/voice.WAV" in names and "notes.md" not in names
    assert find([folder / "notes.md"]) == [folder / "notes.md"]  # what is named is looked at
    assert len(find([folder, folder / "face.png"])) == len(names)


def test_absent_and_empty_folders_are_refused(tmp_path):
    with pytest.raises(EmofusionError, match="absent is not there"):
        find([tmp_path / "absent"])
    (tmp_path / "notes.md").write_text("")
    with pytest.raises(EmofusionError, match="has no recording"):
        find([tmp_path])


def test_the_table_of_clips_has_no_recording_with_a_fault(folder):
    table = clip_table([look_at(folder / name) for name in ("voice.wav", "black.jpg", "face.png")], "sad")
    assert list(table["clip"]) == [str(folder / "voice.wav"), str(folder / "face.png")]
    assert list(table["audio"].notna()) == [True, False] and list(table["image"].notna()) == [False, True]
    assert table["video"].isna().all() and set(table["actor"]) == {recordings.NEW}
