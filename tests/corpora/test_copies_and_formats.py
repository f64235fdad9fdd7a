"""Doubled archives, formats that a reader does not read, and the sound of videos."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from emofusion.corpora.common.read import notes_of_corpus, read_corpus
from emofusion.corpora.folder import Folder
from emofusion.corpora.kdef import Kdef
from emofusion.corpora.ravdess import Ravdess
from emofusion.corpora.savee import Savee
from emofusion.counted import Note, counting
from emofusion.errors import EmofusionError
from emofusion.settings.kinds import Corpus

NAMES = ["Actor_01/03-01-03-01-01-01-01.wav", "Actor_02/03-01-04-01-01-01-02.wav"]


@pytest.fixture
def doubled(tmp_path, write_sound):
    """RAVDESS's speech as Kaggle has it: every file twice, the second time in a folder of its own."""
    for name in NAMES:
        write_sound(tmp_path / "kaggle" / name)
        copy = tmp_path / "kaggle" / "audio_speech_actors_01-24" / name
        copy.parent.mkdir(parents=True)
        shutil.copy(tmp_path / "kaggle" / name, copy)
    return tmp_path / "kaggle"


@pytest.mark.parametrize("packed", ["", ".zip", ".tar.gz"])
def test_identical_copies_are_one_clip(doubled, tmp_path, pack, packed):
    root = tmp_path / "root"
    root.mkdir()
    pack(doubled, root / f"archive{packed}") if packed else doubled.rename(root / "tree")
    corpus = Ravdess(root=str(root), media=["audio"])
    with counting() as counts:
        clips = read_corpus("ravdess", corpus, tmp_path / "unpacked")
    assert clips["clip"].tolist() == ["03-01-03-01-01-01-01", "03-01-04-01-01-01-02"]
    (note,) = notes_of_corpus("ravdess", corpus, counts)
    assert note == Note("corpus ravdess", "files that are copies of others with the same content", 2)


@pytest.mark.parametrize("packed", [False, True])
def test_copies_that_differ_are_refused(doubled, tmp_path, write_sound, pack, packed):
    write_sound(doubled / NAMES[0], seconds=0.1)
    if packed:
        (tmp_path / "root").mkdir()
        pack(doubled, tmp_path / "root" / "archive.zip")
    root = tmp_path / "root" if packed else doubled
    with pytest.raises(EmofusionError, match=r"is there twice, also as .*, which has another content"):
        read_corpus("ravdess", Ravdess(root=str(root), media=["audio"]), tmp_path / "unpacked")


def read(corpus: Corpus, tmp_path: Path):
    return read_corpus("mine", corpus, tmp_path / "unpacked")


@pytest.mark.parametrize(
    ("kind", "unread", "good", "suffix"),
    [
        (Ravdess(media=["audio"]), "03-01-03-01-01-01-01.mp3", "03-01-04-01-01-01-01.wav", ".wav"),
        (Ravdess(media=["audio"]), "03-01-03-01-01-01-01.OGG", "03-01-04-01-01-01-01.flac", ".wav"),
        (Ravdess(media=["video"]), "02-01-03-01-01-01-01.avi", "02-01-04-01-01-01-01.mp4", ".mp4"),
        (Savee(), "DC/a01.mp3", "DC/h01.wav", ".wav"),
        (Kdef(), "AF01/AF01ANS.bmp", "AF01/AF01HAS.JPG", ".jpg"),
    ],
)
def test_a_format_that_is_not_read_is_told(tmp_path, write_sound, write_image, write_video, kind, unread, good, suffix):
    root = tmp_path / "root"
    corpus = replace(kind, root=str(root))
    (root / unread).parent.mkdir(parents=True)
    (root / unread).write_text("in another format")
    (root / "notes.mp3").write_text("of no recording")
    with pytest.raises(EmofusionError, match=rf"not read: .*{Path(unread).name}.*Convert"):
        corpus.check_present("mine")
    write = {".jpg": write_image, ".mp4": write_video}.get(Path(good).suffix.lower(), write_sound)
    write(root / good)
    with pytest.raises(
        EmofusionError, match=rf"a file is not .*{Path(unread).name} is not read: convert it to {suffix}"
    ):
        read(corpus, tmp_path)
    assert len(read(replace(corpus, exclude=[unread]), tmp_path)) == 1
    write(root / Path(unread).with_suffix(Path(good).suffix))  # somebody converted it and left the original there
    assert len(read(corpus, tmp_path)) == 2


def own(tmp_path, rows: str) -> Folder:
    (tmp_path / "clips.csv").write_text(f"actor,gender,emotion,audio,image,video,clip\n{rows}")
    return Folder(root=str(tmp_path), table=str(tmp_path / "clips.csv"))


def test_a_video_gives_its_sound(tmp_path, write_video, write_sound):
    write_video(tmp_path / "a.mp4")
    write_video(tmp_path / "b.mp4")
    write_video(tmp_path / "mute.mp4", sound=False)
    write_sound(tmp_path / "b.wav")
    corpus = own(tmp_path, "1,f,sad,,,a.mp4,a\n1,f,sad,b.wav,,b.mp4,b\n2,m,sad,,,mute.mp4,c\n")
    with counting() as counts:
        heard = read_corpus("mine", corpus, tmp_path, "audio").set_index("clip")["audio"]
    assert [Path(heard[clip]).name for clip in "ab"] == ["a.mp4", "b.wav"] and heard.isna()["c"]
    assert counts["videos without a sound track"] == 1
    for medium in ("", "image", "video"):
        assert read_corpus("mine", corpus, tmp_path, medium)["audio"].notna().sum() == 1


def test_a_corpus_of_videos_provides_sound():
    class Films(Corpus):
        provides = ("video",)

    assert Films().media_provided() == ("video", "audio")
    assert Folder(table="x").media_provided() == ("audio", "image", "video")
    assert Kdef().media_provided() == ("image",) and Savee().media_provided() == ("audio",)


def test_silent_sound_of_a_video_is_told_to_those_who_read_sound(tmp_path, real_data):
    shutil.copy(real_data / "ravdess" / "video" / "02-01-04-01-02-01-01.mp4", tmp_path / "a.mp4")
    corpus = own(tmp_path, "1,f,sad,,,a.mp4,a\n")
    assert len(read_corpus("mine", corpus, tmp_path, "image")) == 1
    with pytest.raises(EmofusionError, match=r"a\.mp4, of the clip a, is silent.*corpora\.mine\.exclude=\['a'\]"):
        read_corpus("mine", corpus, tmp_path, "audio")
