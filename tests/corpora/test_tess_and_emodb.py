"""TESS's and EmoDB's names: what they say about a clip, and which are refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.emodb import EmoDb
from emofusion.corpora.tess import Tess
from emofusion.errors import EmofusionError


@pytest.fixture
def tess(tmp_path):
    (tmp_path / "tess").mkdir()
    return Tess(root=str(tmp_path / "tess"))


@pytest.fixture
def emodb(tmp_path):
    (tmp_path / "emodb").mkdir()
    return EmoDb(root=str(tmp_path / "emodb"))


def test_names_of_tess(tess, tmp_path, write_sound, pack):
    root = Path(tess.root)
    emotions = ["angry", "disgust", "fear", "happy", "neutral", "ps", "sad"]
    for emotion in emotions:
        write_sound(root / f"OAF_{emotion}" / f"OAF_back_{emotion}.wav")
    write_sound(root / "OAF_neutral" / "OA_bite_neutral.wav")  # as it is distributed
    write_sound(tmp_path / "zip" / "YAF_fear" / "YAF_youth_fear.wav")
    pack(tmp_path / "zip", root / "YAF.zip")
    clips = read_corpus("tess", tess, tmp_path / "unpacked").set_index("clip")
    ours = ["angry", "disgust", "fearful", "happy", "neutral", "surprised", "sad"]
    assert clips.loc[[f"OAF_back_{emotion}" for emotion in emotions], "emotion"].tolist() == ours
    about = clips[["actor", "gender", "age", "statement", "emotion"]]
    assert about.loc["OAF_bite_neutral"].tolist() == ["tess-OAF", "female", "64", "Say the word bite", "neutral"]
    assert about.loc["YAF_youth_fear"].tolist() == ["tess-YAF", "female", "26", "Say the word youth", "fearful"]
    assert len(clips) == 9 and Path(clips.loc["YAF_youth_fear", "audio"]).is_file()


def test_names_of_emodb(emodb, tmp_path, write_sound):
    root = Path(emodb.root)
    for letter in "AEFLNTW":
        write_sound(root / "wav" / f"03a01{letter}a.wav")
    write_sound(root / "wav" / "16b10Wb.wav")
    clips = read_corpus("emodb", emodb, tmp_path / "unpacked").set_index("clip")
    emotions = ["fearful", "disgust", "happy", "boredom", "neutral", "sad", "angry"]
    assert clips.loc[[f"03a01{letter}a" for letter in "AEFLNTW"], "emotion"].tolist() == emotions
    about = clips[["actor", "gender", "age", "take"]]
    assert about.loc["03a01Aa"].tolist() == ["emodb-03", "male", "31", "a"]
    assert about.loc["16b10Wb"].tolist() == ["emodb-16", "female", "31", "b"]
    assert clips.loc["16b10Wb", "statement"].startswith("Die wird auf dem Platz sein")
    # a class of the experiment may have another name
    named = read_corpus("emodb", replace(emodb, labels={"boredom": "bored"}), tmp_path / "unpacked")
    assert sorted(set(named["emotion"]) - set(emotions)) == ["bored"]


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("tess", "OAF_back_joy.wav", "has the unknown emotion joy"),
        ("tess", "back_angry.wav", "does not have a name such as OAF_back_angry.wav"),
        ("tess", "YAF_angry/OAF_back_angry.wav", "is in the folder YAF_angry of someone else"),
        ("emodb", "03a01Xa.wav", "has the unknown emotion code X"),
        ("emodb", "04a01Fa.wav", "has the unknown speaker code 04"),
        ("emodb", "03a03Fa.wav", "has the unknown sentence code a03"),
        ("emodb", "03a01fa.wav", "does not have a name such as 03a01Fa.wav"),
    ],
)
def test_other_names_are_refused(request, tmp_path, write_sound, kind, name, reason):
    corpus = request.getfixturevalue(kind)
    write_sound(Path(corpus.root) / name)
    with pytest.raises(EmofusionError, match=f"{name} {reason}".replace(".", r"\.")):
        read_corpus(kind, corpus, tmp_path / "unpacked")
    with pytest.raises(EmofusionError, match="no clip left"):
        read_corpus(kind, replace(corpus, exclude=[name]), tmp_path / "unpacked")


@pytest.mark.parametrize(("kind", "words"), [("tess", "10.5683/SP2/E8H2MF"), ("emodb", "emodb.bilderbar.info")])
def test_where_to_get_a_corpus_that_is_not_there(request, kind, words):
    with pytest.raises(EmofusionError, match=words):
        request.getfixturevalue(kind).check_present(kind)
