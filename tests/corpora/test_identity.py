"""Who is who in a corpus: one spelling for each person, one gender for each person, and equal files."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from emofusion.corpora.common.identity import spelling_notes
from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.folder import Folder
from emofusion.errors import EmofusionError
from emofusion.people import normal


@pytest.fixture
def corpus(tmp_path, write_sound):
    table = tmp_path / "clips.csv"

    def read(*lines):
        for number in range(len(lines)):
            write_sound(tmp_path / f"{number}.wav", 0.05 + number / 100)
        rows = [f"{line},sad,{number}.wav" for number, line in enumerate(lines)]
        table.write_text("\n".join(["actor,gender,emotion,audio", *rows]), encoding="utf-8")
        return read_corpus("mine", Folder(root=str(tmp_path), table=str(table)), tmp_path / "unpacked")

    return read


@pytest.mark.parametrize(
    "spellings",
    [
        ["1", "01", "1.0", "001", "１"],
        ["P_07", "p 7", "P-007", " p7 ".replace("p7", "p_7")],
        ["Zoë", "ZOË", "Zoe\u0308"],
        ["Anna  Lee", "anna_lee"],
        ["0", "00", "0.0"],
    ],
)
def test_spellings_of_one_name(spellings):
    assert len({normal(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "10"), ("1", "11"), ("1.1", "1.10"), ("1-1", "11"), ("f01", "m01"), ("1.5", "1"), ("Zoe", "Zoë")],
)
def test_other_names_stay_apart(one, other):
    assert normal(one) != normal(other)


def test_one_person_with_three_spellings_is_one_person(corpus):
    clips = corpus("1,f", "01,f", "1.0,f", "02,m")
    assert clips["actor"].tolist() == ["mine-1", "mine-1", "mine-1", "mine-02"]
    (note,) = spelling_notes(clips)
    assert note == "In mine, a person is spelled in several ways and taken for one each: mine-01, mine-1, mine-1.0."


def test_names_that_are_spelled_in_one_way_stay_as_they_are(corpus):
    clips = corpus("01,f", "01,f", "DC,m")
    assert clips["actor"].tolist() == ["mine-01", "mine-01", "mine-DC"]
    assert "spelling" not in clips and not spelling_notes(clips)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["1,f", "1,m"], "mine-1 has two genders, female in 0 and male in 1"),
        (["1,f", "01,m"], r"mine-1 \(written mine-1 and mine-01\) has two genders, female in 0 and male in 1"),
        (["a,f", "A,m", "b,f", "b,m"], r"mine-A .* has two genders, .* and so have 1 more"),
    ],
)
def test_one_person_has_one_gender(corpus, lines, message):
    with pytest.raises(EmofusionError, match=message):
        corpus(*lines)


def test_equal_files_have_equal_content(corpus, tmp_path):
    content = corpus("1,f", "1,f")["content"]
    assert content.nunique() == 2 and content.str.fullmatch(r"audio:[0-9a-f]{24}").all()
    (tmp_path / "same").mkdir()
    (tmp_path / "same" / "copy.wav").write_bytes((tmp_path / "0.wav").read_bytes())
    (tmp_path / "clips.csv").write_text("actor,gender,emotion,audio\n1,f,sad,0.wav\n1,f,sad,same/copy.wav\n")
    read = Folder(root=str(tmp_path), table=str(tmp_path / "clips.csv"))
    assert len(set(read_corpus("mine", read, tmp_path)["content"])) == 1


def test_lossless_copies_of_a_sound_have_its_content(tmp_path):
    """Another container, metadata, coding or a doubled channel. Other sound, or another rate, is another recording."""
    sound = (np.random.default_rng(0).normal(0, 0.1, 16000) * 2**15).round() / 2**15
    louder = np.clip(sound + 2.0**-15, -1, 1)
    soundfile.write(tmp_path / "original.wav", sound, 16000)
    soundfile.write(tmp_path / "a.flac", sound, 16000)
    soundfile.write(tmp_path / "b.wav", sound, 16000, subtype="FLOAT")
    soundfile.write(tmp_path / "c.aiff", np.stack([sound, sound], axis=1), 16000, subtype="PCM_24")
    with soundfile.SoundFile(tmp_path / "d.wav", "w", 16000, 1) as file:
        file.title = "a title"
        file.write(sound)
    soundfile.write(tmp_path / "other.wav", louder, 16000)
    soundfile.write(tmp_path / "faster.wav", sound, 22050)
    names = ["original.wav", "a.flac", "b.wav", "c.aiff", "d.wav", "other.wav", "faster.wav"]
    lines = "".join(f"1,f,sad,{name},{number}\n" for number, name in enumerate(names))
    (tmp_path / "clips.csv").write_text(f"actor,gender,emotion,audio,clip\n{lines}")
    content = read_corpus("mine", Folder(root=str(tmp_path), table=str(tmp_path / "clips.csv")), tmp_path)["content"]
    assert len(set(content[:5])) == 1 and len(set(content)) == 3


def test_large_files_are_told_apart_by_what_is_at_their_end(tmp_path, monkeypatch):
    from emofusion.corpora.common import identity

    monkeypatch.setattr(identity, "_WHOLE", 100)
    monkeypatch.setattr(identity, "_PART", 40)
    for name, content in {"a": b"x" * 400, "b": b"x" * 399 + b"y", "c": b"x" * 401, "d": b"x" * 400}.items():
        (tmp_path / name).write_bytes(content)
    hashes = identity._hashes([str(tmp_path / name) for name in "abcd"], "video")
    assert hashes[str(tmp_path / "a")] == hashes[str(tmp_path / "d")] and len(set(hashes.values())) == 3


def test_clips_without_files_have_no_content(tmp_path):
    (tmp_path / "clips.csv").write_text("clip,actor,gender,emotion\nx,1,f,sad\n")
    folder = Folder(table=str(tmp_path / "clips.csv"), recordings=False)
    clips = read_corpus("mine", folder, tmp_path)
    assert clips["content"].isna().all() and isinstance(clips["content"].dtype, pd.StringDtype)


def test_a_gender_may_be_unknown_and_is_then_taken_from_the_person_s_other_clips(corpus):
    clips = corpus("1,", "2,f", "02,unknown", "3,m")
    assert clips["gender"].tolist() == ["unknown", "female", "female", "male"]
