"""CREMA-D's names, its people, its votes, and the download of its tables."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.crema_d import CremaD, tables
from emofusion.corpora.crema_d.download import Download
from emofusion.corpora.crema_d.reading import age_band
from emofusion.corpora.crema_d.votes import Votes, read_votes
from emofusion.errors import EmofusionError

PEOPLE = """"ActorID","Age","Sex","Race","Ethnicity"
1001,51,"Male","Caucasian","Not Hispanic"
1002,21,"Female","African American","Hispanic"
1003,35,"Female","Unknown","Not Hispanic"
"""
# As in the distributed table: an unnamed column with the row's number, counts of votes, and further columns.
VOTES = """"","A","D","F","H","N","S","fileName","numResponses"
"100001",2,0,0,1,7,0,"1001_DFA_ANG_XX",10
"100002",0,0,0,0,0,4,"1002_IEO_SAD_LO",4
"200001",9,0,0,0,0,0,"1001_DFA_ANG_XX",9
"200002",0,0,0,0,3,3,"1002_IEO_SAD_LO",6
"300001",10,0,0,0,0,0,"1001_DFA_ANG_XX",10
"300002",0,0,0,0,4,6,"1002_IEO_SAD_LO",10
"""


@pytest.fixture
def corpus(tmp_path):
    root = tmp_path / "crema_d"
    root.mkdir()
    (root / "VideoDemographics.csv").write_text(PEOPLE)
    (root / "tabulatedVotes.csv").write_text(VOTES)
    return CremaD(root=str(root))


def read(corpus, medium, tmp_path):
    return read_corpus("crema_d", corpus.for_medium(medium), tmp_path / "unpacked", medium).set_index("clip")


def test_a_clone_gives_every_clip_once_with_what_is_known_of_its_actor(corpus, tmp_path, write_sound, write_video):
    root = Path(corpus.root)
    write_sound(root / "AudioWAV" / "1001_DFA_ANG_XX.wav")
    write_sound(root / "AudioMP3" / "1001_DFA_ANG_XX.mp3")
    write_sound(root / "AudioMP3" / "1002_IEO_SAD_LO.mp3")
    write_video(root / "VideoFlash" / "1003_WSI_HAP_HI.mp4")
    write_sound(root / "AudioWAV" / "1003_IWW_NEU_X.wav")  # as one name in circulation ends
    clips = read(corpus, "audio", tmp_path)
    assert list(clips.index) == ["1001_DFA_ANG_XX", "1002_IEO_SAD_LO", "1003_IWW_NEU_XX", "1003_WSI_HAP_HI"]
    files = ["1001_DFA_ANG_XX.wav", "1002_IEO_SAD_LO.mp3", "1003_IWW_NEU_X.wav", "1003_WSI_HAP_HI.mp4"]
    assert [Path(path).name for path in clips["audio"]] == files
    first, last = clips.iloc[0], clips.iloc[3]
    about = ["actor", "gender", "emotion", "statement", "age", "age_band", "race", "ethnicity"]
    assert list(first[about]) == [
        *("crema_d-1001", "male", "angry", "Don't forget a jacket", "51", "50 and over", "Caucasian", "Not Hispanic")
    ]
    assert list(last[about[:3]]) == ["crema_d-1003", "female", "happy"] and last["age_band"] == "35 to 49"
    assert last[["race"]].isna().all() and last["intensity"] == "high" and pd.isna(first["intensity"])
    assert clips["intensity"].tolist()[1] == "low"
    assert list(read(corpus, "video", tmp_path).index) == ["1003_WSI_HAP_HI"]


@pytest.mark.parametrize(("age", "band"), [(20, "under 35"), (35, "35 to 49"), (49, "35 to 49"), (50, "50 and over")])
def test_bands_of_age(age, band):
    assert age_band(age, [35, 50]) == band
    assert age_band(age, []) == "any age"


def test_files_that_are_no_recordings_of_the_corpus_are_named(corpus, tmp_path, write_sound):
    root = Path(corpus.root)
    write_sound(root / "1001_DFA_ANG_XX.wav")
    bad = {
        "1001_DFA_JOY_XX.wav": "has the unknown emotion code JOY",
        "1001_XYZ_ANG_XX.wav": "has the unknown sentence code XYZ",
        "2001_DFA_ANG_XX.wav": "has the unknown actor code 2001",
        "interview.wav": "does not have a name such as 1001_DFA_ANG_XX.wav",
    }
    for name in bad:
        write_sound(root / name)
    pointer = root / "1001_DFA_SAD_XX.wav"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")
    with pytest.raises(EmofusionError) as error:
        read(corpus, "audio", tmp_path)
    for name, reason in bad.items():
        assert f"{name} {reason}" in str(error.value)
    for name in bad:
        (root / name).unlink()
    with pytest.raises(EmofusionError, match=r"1001_DFA_SAD_XX\.wav was not fetched by Git LFS: run git lfs pull"):
        read(corpus, "audio", tmp_path)
    assert list(read(replace(corpus, exclude=["1001_DFA_SAD_X*"]), "audio", tmp_path).index) == ["1001_DFA_ANG_XX"]
    with pytest.raises(EmofusionError, match=r"1001_DFA_ANG_XX\.wav has no video beside it"):
        read(replace(corpus, exclude=[pointer.name], media=["video"]), "audio", tmp_path)


def test_what_is_missing_is_named_with_its_remedy(corpus, tmp_path, write_sound):
    with pytest.raises(EmofusionError, match=r"no recording such as 1001_DFA_ANG_XX\.wav.*git lfs install"):
        corpus.for_medium("audio").check_present("crema_d")
    write_sound(Path(corpus.root) / "1001_DFA_ANG_XX.wav")
    (Path(corpus.root) / "VideoDemographics.csv").unlink()
    with pytest.raises(EmofusionError, match=r"no VideoDemographics\.csv.*corpora\.crema_d\.download=true"):
        corpus.for_medium("audio").check_present("crema_d")
    (Path(corpus.root) / "tabulatedVotes.csv").unlink()
    with pytest.raises(EmofusionError, match=r"no file .*tabulatedVotes\.csv.*corpora\.crema_d\.download=true"):
        corpus.posteriors("crema_d").check_present()
    write_sound(Path(corpus.root) / "1004_DFA_ANG_XX.wav")
    (Path(corpus.root) / "VideoDemographics.csv").write_text(PEOPLE)
    with pytest.raises(EmofusionError, match="has no actor 1004, who is in 1004_DFA_ANG_XX"):
        read(corpus, "audio", tmp_path)


def test_votes_become_posteriors(corpus, tmp_path):
    Votes(corpus.root, 0.5, "crema_d").run(tmp_path / "out")
    made = {path.stem: pd.read_parquet(path).set_index("clip") for path in (tmp_path / "out" / "tables").iterdir()}
    assert sorted(made) == sorted(CremaD.brings)
    emotions = ["angry", "disgust", "fearful", "happy", "neutral", "sad"]
    voice = made["voice"].loc["1001_DFA_ANG_XX", emotions]
    np.testing.assert_allclose(voice.to_numpy(float), np.array([2.5, 0.5, 0.5, 1.5, 7.5, 0.5]) / 13)
    np.testing.assert_allclose(made["face"].loc["1002_IEO_SAD_LO", ["neutral", "sad"]].to_numpy(float), 3.5 / 9)
    assert [table[emotions].sum(axis=1).round(12).unique().tolist() for table in made.values()] == [[1.0]] * 3
    shares = read_votes(Path(corpus.root) / "tabulatedVotes.csv", 0)["both"]
    assert [shares[1][emotion] for emotion in emotions] == [0, 0, 0, 0, 0.4, 0.6]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"300002",', '"400002",', r"row 400002: .*does not begin with 1, 2 or 3"),
        ('"300002",', '"300003",0,0,0,0,4,6,"1002_IEO_SAD_LO",10\n"300002",', "1002_IEO_SAD_LO is there twice"),
        (
            '"300002",0,0,0,0,4,6,"1002_IEO_SAD_LO",10\n',
            "",
            "1 clips have no row of the raters both, as 1002_IEO_SAD_LO",
        ),
        ("4,6,", "4,many,", "row 300002: 1002_IEO_SAD_LO has 'many' votes, which is no number"),
        ("4,6,", "4,-6,", "row 300002: 1002_IEO_SAD_LO has '-6' votes"),
        ("4,6,", "4,1_0,", "row 300002: 1002_IEO_SAD_LO has '1_0' votes"),
        ("4,6,", "4,٦,", "row 300002: 1002_IEO_SAD_LO has '٦' votes"),
        ("4,6,", "4,,", "row 300002: 1002_IEO_SAD_LO has '' votes"),
        ('"1002_IEO_SAD_LO",10', '"film",10', "cannot read the votes on film"),
        ('"S"', '"s"', "has no column S; it has , A, D, F, H, N, s, fileName, numResponses"),
    ],
)
def test_a_table_of_votes_that_is_none_is_refused(corpus, old, new, message):
    path = Path(corpus.root) / "tabulatedVotes.csv"
    assert old in VOTES
    path.write_text(VOTES.replace(old, new))
    with pytest.raises(EmofusionError, match=message):
        read_votes(path, 0.5)


def test_clips_that_only_a_table_names(corpus, tmp_path):
    theirs = tmp_path / "theirs.csv"
    theirs.write_text("clip,fold,happy\n1001_DFA_ANG_XX,0,1\n1002_IEO_SAD_LO,0,1\n")
    scored = corpus.without_recordings(str(theirs))
    clips = read_corpus("crema_d", scored, tmp_path)
    assert clips["clip"].tolist() == ["1001_DFA_ANG_XX", "1002_IEO_SAD_LO"] and clips["audio"].isna().all()
    assert clips["gender"].tolist() == ["male", "female"]
    assert [path.name for path in scored.sources()] == ["VideoDemographics.csv", "theirs.csv"]
    left = read_corpus("crema_d", replace(scored, exclude=["1002_IEO_SAD_LO.*"]), tmp_path)
    assert left["clip"].tolist() == ["1001_DFA_ANG_XX"]
    theirs.write_text("clip,fold\n1001-happy,0\n1001_DFA_ANG_X,0\n")
    with pytest.raises(EmofusionError, match=r"1001-happy does not have a name.*1001_DFA_ANG_X is not written as 1001"):
        read_corpus("crema_d", scored, tmp_path)


def test_tables_are_fetched_once_and_checked(server, tmp_path, monkeypatch):
    contents = {"people": PEOPLE.encode(), "votes": VOTES.encode()}
    for table, content in contents.items():
        file = tables.FILES[table]
        server.files[f"/master/{file.path}"] = content
        known = file._replace(size=len(content), sha256=hashlib.sha256(content).hexdigest())
        monkeypatch.setitem(tables.FILES, table, known)
    root = tmp_path / "new"
    corpus = CremaD(root=str(root), download=True, repository=f"{server.url}/master/")
    assert replace(corpus, download=False).fetching("crema_d", "votes") is None
    for medium, table in (("votes", "votes"), ("audio", "people"), ("posteriors", "people")):
        fetching = corpus.fetching("crema_d", medium)
        assert fetching == Download(corpus.repository, str(root), table, "crema_d")
        fetching.run(tmp_path / "receipt")
    assert (root / "tabulatedVotes.csv").read_text() == VOTES and len(server.asked) == 2
    server.files[f"/master/{tables.FILES['votes'].path}"] = VOTES.replace("7", "8").encode()
    (root / "tabulatedVotes.csv").unlink()
    with pytest.raises(EmofusionError, match="its sha256 is"):
        corpus.fetching("crema_d", "votes").run(tmp_path / "receipt")
    assert not (root / "tabulatedVotes.csv").exists()


def test_the_distributed_tables_are_those_that_are_fetched(real_data):
    root = real_data / "crema_d"
    for table, file in tables.FILES.items():
        path = tables.place(str(root), table)
        assert path.stat().st_size == file.size and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    votes = read_votes(tables.place(str(root), "votes"), 0.5)
    assert [len(rows) for rows in votes.values()] == [7442] * 3
