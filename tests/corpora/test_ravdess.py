"""RAVDESS's names, folders and archives, and the real corpus where it is at hand."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.ravdess import Ravdess
from emofusion.corpora.ravdess.names import has_medium
from emofusion.errors import EmofusionError

STEM = "01-05-02-01-02-12"  # speech, angry, strong, kids, second repetition, actor 12


@pytest.fixture
def ravdess(tmp_path):
    (tmp_path / "ravdess").mkdir()
    return Ravdess(root=str(tmp_path / "ravdess"), media=["audio"])


def test_all_media_of_a_performance_are_one_row(ravdess, tmp_path, write_sound, write_video):
    root = Path(ravdess.root)
    write_sound(root / "Actor_12" / f"03-{STEM}.wav")
    write_video(root / "Actor_12" / f"01-{STEM}.mp4")
    write_video(root / "Actor_12" / f"02-{STEM}.mp4", sound=False)
    write_sound(root / "Actor_01" / "03-01-01-01-02-01-01.flac")
    write_video(root / "Actor_01" / "01-01-01-01-02-01-01.mp4")
    write_video(root / "Actor_02" / "01-01-08-01-01-01-02.mp4")
    write_sound(root / "Actor_12" / "03-02-05-02-01-02-12.wav")  # sung
    clips = read_corpus("ravdess", replace(ravdess, media=["audio", "video"]), tmp_path / "unpacked").set_index("clip")
    assert list(clips.index) == ["03-01-01-01-02-01-01", f"03-{STEM}", "03-01-08-01-01-01-02"]
    row = clips.loc[f"03-{STEM}"]
    assert (row.actor, row.gender, row.emotion, row.intensity, row.repetition) == (
        "ravdess-12",
        "female",
        "angry",
        "strong",
        "2",
    )
    assert row.statement.startswith("Kids")
    assert Path(row.audio).name == f"03-{STEM}.wav"
    assert Path(row.video).name == f"02-{STEM}.mp4"
    both = clips.loc["03-01-01-01-02-01-01"]
    assert (Path(both.audio).suffix, Path(both.video).name[:2], both.gender) == (".flac", "01", "male")
    assert both.statement.startswith("Dogs")
    only = clips.loc["03-01-08-01-01-01-02"]
    assert only.audio == only.video and only.emotion == "surprised"
    assert read_corpus("ravdess", ravdess, tmp_path / "unpacked").video.isna().all()


@pytest.mark.parametrize("emotion", range(1, 9))
def test_emotion_codes(ravdess, tmp_path, write_sound, emotion):
    names = ["neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"]
    write_sound(Path(ravdess.root) / f"03-01-0{emotion}-01-01-01-07.wav")
    assert read_corpus("ravdess", ravdess, tmp_path / "unpacked").emotion.tolist() == [names[emotion - 1]]


def test_zenodo_archives(ravdess, tmp_path, write_sound, write_video, pack):
    root = Path(ravdess.root)
    for actor in ("01", "02"):
        clip = f"01-03-01-01-01-{actor}"
        write_sound(tmp_path / "sound" / f"Actor_{actor}" / f"03-{clip}.wav")
        write_video(tmp_path / "video" / f"Actor_{actor}" / f"01-{clip}.mp4")
        write_video(tmp_path / "video" / f"Actor_{actor}" / f"02-{clip}.mp4", sound=False)
        pack(tmp_path / "video", root / f"Video_Speech_Actor_{actor}.zip")
    pack(tmp_path / "sound", root / "Audio_Speech_Actors_01-24.zip")
    write_sound(tmp_path / "song" / "Actor_01" / "03-02-03-01-01-01-01.wav")
    pack(tmp_path / "song", root / "Audio_Song_Actors_01-24.zip")
    both = replace(ravdess, media=["audio", "video"])
    both.check_present("ravdess")
    clips = read_corpus("ravdess", both, tmp_path / "unpacked")
    assert clips["clip"].tolist() == ["03-01-03-01-01-01-01", "03-01-03-01-01-01-02"]
    extracted = [path.name[:5] for path in (tmp_path / "unpacked").rglob("*.*") if path.is_file()]
    assert sorted(extracted) == ["02-01", "02-01", "03-01", "03-01"]  # no song, and no video that nothing needs
    assert has_medium(root, "audio") and not has_medium(root, "action_units")


def test_mislabelled_files(ravdess, tmp_path, write_sound, write_video):
    root = Path(ravdess.root)
    bad = {
        "Actor_03/03-01-03-01-01-01-04.wav": "is in the folder of actor 03",
        "Actor_03/03-01-09-01-01-01-03.wav": "has the unknown emotion code 09",
        "Actor_03/03-01-01-02-01-01-03.wav": "has the unknown intensity code 02 for neutral",
        "Actor_25/03-01-03-01-01-01-25.wav": "has the unknown actor code 25",
        "Actor_03/interview.wav": "does not have a name such as",
    }
    for name in bad:
        write_sound(root / name)
    write_sound(root / "Actor_05" / "03-01-03-01-01-01-05.wav")
    with pytest.raises(EmofusionError) as error:
        read_corpus("ravdess", ravdess, tmp_path / "unpacked")
    for name, reason in bad.items():
        assert f"{name} {reason}" in str(error.value)
    assert len(read_corpus("ravdess", replace(ravdess, exclude=list(bad)), tmp_path / "unpacked")) == 1
    write_sound(root / "copy" / "03-01-03-01-01-01-05.wav")
    write_video(root / "Actor_05" / "03-01-04-01-01-01-05.mp4")
    with pytest.raises(EmofusionError) as error:
        read_corpus("ravdess", replace(ravdess, exclude=list(bad)), tmp_path / "unpacked")
    assert "copy/03-01-03-01-01-01-05.wav is there twice, also as Actor_05/" in str(error.value)
    assert "03-01-04-01-01-01-05.mp4 is a .mp4 file" in str(error.value)


def test_folder_in_an_archives_name(ravdess, tmp_path, write_video, pack):
    write_video(tmp_path / "video" / "01-01-03-01-01-01-02.mp4")
    pack(tmp_path / "video", Path(ravdess.root) / "Video_Speech_Actor_01.zip")
    with pytest.raises(EmofusionError, match="is in the folder of actor 01"):
        read_corpus("ravdess", replace(ravdess, media=["video"]), tmp_path / "unpacked")


def test_streams_that_lack(ravdess, tmp_path, write_video):
    root = Path(ravdess.root)
    write_video(root / "01-01-03-01-01-01-01.mp4", sound=False)
    write_video(root / "01-01-03-01-01-01-02.mp4", picture=False)
    (root / "02-01-03-01-01-01-03.mp4").write_bytes(b"\0" * 100)
    with pytest.raises(EmofusionError, match=r"01-01-03-01-01-01-01\.mp4 has no sound track"):
        read_corpus("ravdess", replace(ravdess, exclude=["02-*"]), tmp_path / "unpacked")
    with pytest.raises(EmofusionError) as error:
        read_corpus("ravdess", replace(ravdess, media=["video"]), tmp_path / "unpacked")
    assert "01-01-03-01-01-01-02.mp4 holds no picture" in str(error.value)
    assert "02-01-03-01-01-01-03.mp4 cannot be read as video" in str(error.value)


def test_medium_missing_for_some_clips(ravdess, tmp_path, write_sound, write_video):
    root = Path(ravdess.root)
    for repetition in ("01", "02"):
        for actor in range(1, 5):
            write_sound(root / f"03-01-03-01-01-{repetition}-{actor:02d}.wav")
    write_video(root / "02-01-03-01-01-01-01.mp4", sound=False)
    with pytest.raises(EmofusionError) as error:
        read_corpus("ravdess", replace(ravdess, media=["audio", "video"]), tmp_path / "unpacked")
    message = str(error.value)
    assert "of 8 clips there is audio for 8, video for 1" in message
    assert "video lacks for 03-01-03-01-01-01-02, " in message and "and 2 more" in message
    assert "audio lacks" not in message
    rest = replace(ravdess, media=["audio", "video"], exclude=["*-02-??.*", "*-0[2-4].*"])
    assert read_corpus("ravdess", rest, tmp_path / "unpacked")["clip"].tolist() == ["03-01-03-01-01-01-01"]


def test_action_units_by_clip(ravdess, tmp_path, write_sound, pack):
    root, inside = Path(ravdess.root), tmp_path / "tracking"
    inside.mkdir()
    for stem in ("01-01-03-01-01-01-01", "01-01-04-01-01-01-01", "01-02-04-01-01-01-01"):
        (inside / f"{stem}.csv").write_text("frame, AU01_r\n1, 0.5\n")
    pack(inside, root / "FacialTracking_Actors_01-24.zip")
    (root / "notes.csv").write_text("a,b\n")
    alone = replace(ravdess, media=["action_units"])
    alone.check_present("ravdess")
    clips = read_corpus("ravdess", alone, tmp_path / "unpacked")
    assert clips["clip"].tolist() == ["03-01-03-01-01-01-01", "03-01-04-01-01-01-01"]
    assert not (tmp_path / "unpacked").exists()  # the features read the archive itself
    assert clips[["audio", "video", "image"]].isna().all(axis=None)
    write_sound(root / "03-01-03-01-01-01-01.wav")
    with_sound = read_corpus("ravdess", replace(ravdess, media=["audio", "action_units"]), tmp_path / "unpacked")
    assert with_sound["clip"].tolist() == ["03-01-03-01-01-01-01"]
    write_sound(root / "03-01-03-01-01-01-02.wav")
    with pytest.raises(EmofusionError, match="audio for 2, action_units for 1"):
        read_corpus("ravdess", replace(ravdess, media=["audio", "action_units"]), tmp_path / "unpacked")


def test_action_units_as_a_table(ravdess, tmp_path):
    root = Path(ravdess.root)
    (root / "openface_au_mean.csv").write_text("clip,AU01_r\n03-01-03-01-01-01-01,0.1\n03-01-04-01-01-01-02,0.2\n")
    alone = replace(ravdess, media=["action_units"])
    clips = read_corpus("ravdess", alone, tmp_path / "unpacked")
    assert clips.emotion.tolist() == ["happy", "sad"]
    assert clips.gender.tolist() == ["male", "female"]
    assert len(read_corpus("ravdess", replace(alone, exclude=["*-01-03-01-01-01-01.*"]), tmp_path / "unpacked")) == 1
    (root / "openface_au_mean.csv").write_text("clip,AU01_r\n03-01-09-01-01-01-01,0.1\nx,0.2\n")
    with pytest.raises(EmofusionError, match=r"unknown emotion code 09.*clip is 'x'"):
        read_corpus("ravdess", alone, tmp_path / "unpacked")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("clip,AU01_r\n03-01-03-01-01-01-01,0.1,0.2\n", "line 2 has 3 values, and there are 2 columns"),
        ("name,AU01_r\n03-01-03-01-01-01-01,0.1\n", "has no column clip; it has name, AU01_r"),
    ],
)
def test_broken_tables_of_action_units(ravdess, tmp_path, table, said):
    Path(ravdess.root, "openface_au_mean.csv").write_text(table)
    with pytest.raises(EmofusionError, match=said):
        read_corpus("ravdess", replace(ravdess, media=["action_units"]), tmp_path / "unpacked")


def test_absent_media(ravdess, write_sound):
    root = Path(ravdess.root)
    with pytest.raises(EmofusionError, match=r"Audio_Speech_Actors_01-24\.zip.*1188976.*corpora\.ravdess\.root="):
        ravdess.check_present("ravdess")
    write_sound(root / "03-02-03-01-01-01-01.wav")  # only a song
    with pytest.raises(EmofusionError, match="is not there"):
        ravdess.check_present("ravdess")
    write_sound(root / "03-01-03-01-01-01-01.wav")
    ravdess.check_present("ravdess")
    with pytest.raises(EmofusionError, match=r"FacialTracking_Actors_01-24\.zip of record 3255102") as error:
        replace(ravdess, media=["audio", "action_units"]).check_present("ravdess")
    assert "1188976" not in str(error.value)


@pytest.mark.parametrize("media", [["audio"], ["audio", "action_units"]])
def test_the_real_corpus(ravdess, real_data, tmp_path, media):
    corpus = replace(ravdess, root=str(real_data / "ravdess"), media=media)
    clips = read_corpus("ravdess", corpus, tmp_path / "unpacked")
    assert len(clips) == 1440
    assert clips.actor.value_counts().to_dict() == {f"ravdess-{actor:02d}": 60 for actor in range(1, 25)}
    counts = pd.crosstab(clips["actor"], clips["emotion"])
    assert (counts["neutral"] == 4).all()
    assert (counts.drop(columns="neutral") == 8).all(axis=None) and counts.shape == (24, 8)
    odd = clips.actor.str[-2:].astype(int) % 2 == 1
    assert (clips.gender == odd.map({True: "male", False: "female"})).all()
    assert (clips[clips.emotion == "neutral"].intensity == "normal").all()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_posteriors_name_the_clips_without_any_recording(tmp_path, suffix):
    table = pd.DataFrame(
        {"clip": ["03-01-05-02-01-02-12", "03-01-01-01-02-01-03"], "fold": [0, 1], "p_happy": [0.5, 1]}
    )
    path = tmp_path / f"theirs{suffix}"
    table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
    ravdess = Ravdess(root=str(tmp_path / "nowhere"))
    clips = read_corpus("ravdess", ravdess.without_recordings(str(path)), tmp_path / "unpacked").set_index("clip")
    assert clips.loc["03-01-05-02-01-02-12", ["actor", "gender", "emotion"]].tolist() == [
        "ravdess-12", "female", "angry",
    ]  # fmt: skip
    assert clips[["audio", "image", "video"]].isna().all(axis=None) and len(clips) == 2
    other = ravdess.without_recordings(str(tmp_path / "other.csv"))
    pd.DataFrame({"clip": ["clip1"]}).to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(EmofusionError, match=r"other\.csv has a row whose clip is 'clip1'"):
        read_corpus("ravdess", other, tmp_path / "unpacked")

    for table, message in (
        (pd.DataFrame({"clip": ["01-01-05-02-01-02-12"]}), r"names begin with 03-01"),
        (pd.DataFrame({"name": ["03-01-05-02-01-02-12"]}), r"other\.csv: has no column clip"),
    ):
        table.to_csv(tmp_path / "other.csv", index=False)
        with pytest.raises(EmofusionError, match=message):
            read_corpus("ravdess", other, tmp_path / "unpacked")
    (tmp_path / "other.csv").write_bytes(b"clip,fold\n\xff\xfe,1\n")
    with pytest.raises(EmofusionError, match=r"other\.csv: cannot be read"):
        read_corpus("ravdess", other, tmp_path / "unpacked")
