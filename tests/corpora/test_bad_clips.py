"""A clip whose file is bad: it stops the workflow, or is skipped, listed, and no other clip changes its fold."""

import re
import zipfile

import numpy as np
import pandas as pd
import pytest
import soundfile

from emofusion.corpora.common.bad_clips import reasons_of, skip_notes, whole
from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.folder import Folder
from emofusion.corpora.savee import Savee
from emofusion.errors import EmofusionError
from emofusion.protocols.common.split import make_split
from emofusion.protocols.random_clips import RandomClips
from emofusion.protocols.speaker_independent import SpeakerIndependent
from emofusion.settings.experiment import Emotions

HAPPY_SAD = Emotions(classes=["happy", "sad"])
BAD = ["c03", "c17", "c20"]  # c20 has neither class


@pytest.fixture
def corpus(tmp_path, write_sound):
    """A function that reads 6 people with 4 clips each, of which it spoils some."""
    rows = ["clip,actor,gender,emotion,audio"]
    for number in range(24):
        person, emotion = number % 6, "bored" if number == 20 else ["happy", "sad"][number // 6 % 2]
        write_sound(tmp_path / f"c{number:02}.wav", seconds=0.05 + number / 1000)  # no two are the same recording
        rows.append(f"c{number:02},{person},{'fm'[person % 2]},{emotion},c{number:02}.wav")
    (tmp_path / "clips.csv").write_text("\n".join(rows), encoding="utf-8")

    def read(bad=(), **settings):
        for clip in bad:
            soundfile.write(tmp_path / f"{clip}.wav", np.zeros(16000), 16000)
        return read_corpus(
            "mine", Folder(table=str(tmp_path / "clips.csv"), **settings), tmp_path / "unpacked", "audio"
        )

    return read


def test_a_bad_clip_stops_the_corpus_unless_the_setting_skips_it(corpus):
    with pytest.raises(EmofusionError, match=r"3 files are not .*: c03\.wav is silent; c17\.wav is silent; c20\.wav"):
        corpus(BAD)
    clips = corpus(BAD, on_bad_clip="skip")
    assert len(clips) == 24 and clips.loc[clips["skipped"].notna(), "clip"].tolist() == BAD
    assert clips.loc[clips["skipped"].notna(), ["audio", "content"]].isna().all(axis=None)
    assert reasons_of([clips])["c03"] == "c03.wav is silent"
    assert len(whole(clips)) == 21 and whole(clips)["audio"].notna().all()
    (note,) = skip_notes(clips, reasons_of([clips]))
    assert "3 clips: c03 (c03.wav is silent); c17 (c17.wav is silent); c20 (c20.wav is silent)." in note


def test_without_a_bad_clip_the_setting_changes_nothing(corpus):
    pd.testing.assert_frame_equal(corpus(on_bad_clip="skip"), corpus())


def test_files_that_are_not_there_are_bad_and_contradictions_are_not(corpus, tmp_path):
    (tmp_path / "c05.wav").unlink()
    assert reasons_of([corpus(on_bad_clip="skip")]) == {"c05": "c05.wav is not there"}
    table = tmp_path / "clips.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("c07,1,m", "c07,1,x"), encoding="utf-8")
    with pytest.raises(EmofusionError, match=r"line 9 \(c07\) has the gender 'x'"):
        corpus(on_bad_clip="skip")


def test_a_corpus_without_any_good_clip_is_refused(corpus):
    bad = [f"c{number:02}" for number in range(24)]
    with pytest.raises(
        EmofusionError, match=r"no clip left: corpora\.mine\.on_bad_clip=skip skips all of them, as c00"
    ):
        corpus(bad, on_bad_clip="skip")


def test_an_excluded_clip_is_not_skipped(corpus):
    assert "skipped" not in corpus(BAD, on_bad_clip="skip", exclude=BAD)


@pytest.mark.parametrize(
    "protocol",
    [
        SpeakerIndependent(corpora=["mine"], number_of_folds=3, validation=0.3),
        RandomClips(corpora=["mine"], number_of_folds=3, validation=0.3),
    ],
)
def test_all_other_clips_keep_their_folds(corpus, protocol):
    before, _ = make_split(corpus(), protocol, HAPPY_SAD)
    clips = corpus(BAD, on_bad_clip="skip")
    after, left_out = make_split(clips, protocol, HAPPY_SAD, skipped=reasons_of([clips]))
    pd.testing.assert_frame_equal(after, before[~before["clip"].isin(BAD)].reset_index(drop=True))
    assert len(after) == len(before) - 6 and left_out.empty  # c20 is no clip of another emotion, but a bad one


def test_a_person_without_a_good_clip_takes_a_fold_along_and_it_is_told(corpus):
    protocol = SpeakerIndependent(corpora=["mine"], folds=[["0"], ["1", "2", "3", "4", "5"]], validation=0)
    clips = corpus(["c00", "c06", "c12", "c18"], on_bad_clip="skip")
    with pytest.raises(EmofusionError, match=re.escape("protocol: fold 0 has no clip to test with")):
        make_split(clips, protocol, HAPPY_SAD, skipped=reasons_of([clips]))


@pytest.fixture
def archived(tmp_path, write_sound):
    """A function that reads SAVEE from a zip archive of three clips, after changing the archive's bytes."""

    def read(damage, on_bad_clip):
        root = tmp_path / "root"
        root.mkdir()
        with zipfile.ZipFile(root / "AudioData.zip", "w") as archive:
            for number in range(1, 4):
                write_sound(tmp_path / f"s{number}.wav", seconds=0.2)
                archive.write(tmp_path / f"s{number}.wav", f"DC/a0{number}.wav")
        content = bytearray((root / "AudioData.zip").read_bytes())
        damage(content)
        (root / "AudioData.zip").write_bytes(content)
        return read_corpus("savee", Savee(root=str(root), on_bad_clip=on_bad_clip), tmp_path / "unpacked", "audio")

    return read


def with_a_damaged_member(content):
    place = content.index(b"DC/a02.wav") + 2000
    content[place : place + 8] = bytes(8)


def cut_short(content):
    del content[len(content) // 2 :]


def test_a_damaged_member_of_an_archive_is_a_bad_clip(archived):
    clips = archived(with_a_damaged_member, "skip")
    assert reasons_of([clips]) == {"DC_a02": "AudioData.zip:DC/a02.wav is damaged (Bad CRC-32 for file 'DC/a02.wav')"}
    assert whole(clips)["clip"].tolist() == ["DC_a01", "DC_a03"]


def test_a_damaged_member_of_an_archive_stops_the_corpus_otherwise(archived):
    with pytest.raises(EmofusionError, match=r"AudioData\.zip \(Bad CRC-32 for file 'DC/a02\.wav'\)"):
        archived(with_a_damaged_member, "fail")


@pytest.mark.parametrize(
    ("on_bad_clip", "more"), [("fail", "take it away$"), ("skip", "It is not skipped as a bad clip")]
)
def test_an_archive_that_is_damaged_as_a_whole_stops_the_corpus_in_either_case(archived, on_bad_clip, more):
    with pytest.raises(EmofusionError, match=rf"cannot unpack the archive .*AudioData\.zip .*Get it again or .*{more}"):
        archived(cut_short, on_bad_clip)
