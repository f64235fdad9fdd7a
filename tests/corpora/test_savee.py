"""SAVEE's layouts."""

from dataclasses import replace
from pathlib import Path

import pytest

from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.savee import Savee
from emofusion.errors import EmofusionError

FILES = {
    "DC_a01": ("DC", "angry"),
    "DC_sa15": ("DC", "sad"),
    "JE_su02": ("JE", "surprised"),
    "JK_n30": ("JK", "neutral"),
    "KL_d03": ("KL", "disgust"),
    "KL_f04": ("KL", "fearful"),
    "KL_h05": ("KL", "happy"),
}


@pytest.fixture
def savee(tmp_path):
    (tmp_path / "savee").mkdir()
    return Savee(root=str(tmp_path / "savee"))


@pytest.mark.parametrize("layout", ["{0}_{1}.wav", "ALL/{0}_{1}.wav", "{0}/{1}.wav", "AudioData/{0}/{1}.wav"])
@pytest.mark.parametrize("archive", [None, "AudioData.zip", "AudioData.tar"])
def test_layouts(savee, tmp_path, write_sound, pack, layout, archive):
    root = Path(savee.root)
    inside = root if archive is None else tmp_path / "inside"
    for clip in FILES:
        write_sound(inside / layout.format(*clip.split("_")))
    if archive:
        (inside / "Info.txt").write_text("about")
        pack(inside, root / archive)
    savee.check_present("savee")
    clips = read_corpus("savee", savee, tmp_path / "unpacked").set_index("clip")
    assert sorted(clips.index) == sorted(FILES)
    for clip, (actor, emotion) in FILES.items():
        row = clips.loc[clip]
        assert (row.actor, row.emotion, row.gender) == (f"savee-{actor}", emotion, "male")
        assert row.statement == clip[3:]
        assert Path(row.audio).is_file()


def test_bad_files(savee, tmp_path, write_sound):
    root = Path(savee.root)
    for name in ("DC/a01.wav", "DC/KL_a01.wav", "DC/x01.wav", "a02.wav", "ZZ_a01.wav", "ALL/DC_a01.wav"):
        write_sound(root / name)
    with pytest.raises(EmofusionError) as error:
        read_corpus("savee", savee, tmp_path / "unpacked")
    message = str(error.value)
    assert "5 files" in message
    assert "DC/KL_a01.wav is in the folder DC of someone else" in message
    assert "DC/x01.wav has the unknown emotion code x" in message
    assert "a02.wav does not have a name" in message
    assert "ZZ_a01.wav does not have a name" in message
    assert "there twice" in message and "DC/a01.wav" in message and "ALL/DC_a01.wav" in message


def test_unreadable_sound(savee, tmp_path, write_sound):
    root = Path(savee.root)
    write_sound(root / "DC" / "a01.wav")
    write_sound(root / "DC" / "a02.wav", seconds=0)
    (root / "DC" / "a03.wav").write_bytes(b"")
    (root / "DC" / "a04.wav").write_text("words")
    write_sound(root / "DC" / "a05.flac", seconds=2)
    cut = root / "DC" / "a05.flac"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    with pytest.raises(EmofusionError) as error:
        read_corpus("savee", savee, tmp_path / "unpacked")
    message = str(error.value)
    assert "4 files" in message
    assert "DC/a02.wav holds no sound" in message
    assert "DC/a03.wav is empty" in message
    assert "DC/a04.wav cannot be read as audio" in message
    assert "DC/a05.flac" in message
    left = replace(savee, exclude=["DC/a02.wav", "DC/a03.wav", "DC/a04.wav", "*.flac"])
    assert read_corpus("savee", left, tmp_path / "unpacked")["clip"].tolist() == ["DC_a01"]


def test_absent(savee):
    with pytest.raises(EmofusionError, match=r"Surrey.*AudioData\.zip.*corpora\.savee\.root="):
        savee.check_present("savee")
