"""MELD's tables, its videos beside them, and the clips that are known to be broken or missing."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.meld import Meld
from emofusion.corpora.meld.names import part_of
from emofusion.counted import counting
from emofusion.errors import EmofusionError

HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime\n"
LINES = {
    "train": '1,"Hi, you.",Chandler,joy,positive,0,0,8,21,"00:16:16,059","00:16:21,731"\n'
    "2,Go away!,Janice,anger,negative,0,1,8,21,x,x\n",
    "dev": "1,What?,Monica,surprise,negative,0,0,4,7,x,x\n",
    "test": "1,Why?,The Director,neutral,neutral,0,0,3,19,x,x\n2,Boo,Ross,fear,negative,3,1,3,19,x,x\n",
}
FILES = [
    "train_splits/dia0_utt0.mp4",
    "train_splits/dia0_utt1.mp4",
    "dev_splits_complete/dia0_utt0.mp4",
    "output_repeated_splits_test/dia0_utt0.mp4",
    "output_repeated_splits_test/dia3_utt1.mp4",
]


@pytest.fixture
def meld(tmp_path):
    for part, lines in LINES.items():
        (tmp_path / "meld" / "tables").mkdir(parents=True, exist_ok=True)
        (tmp_path / "meld" / "tables" / f"{part}_sent_emo.csv").write_text(HEADER + lines, encoding="utf-8")
    return Meld(root=str(tmp_path / "meld"))


def read(corpus, medium, tmp_path):
    return read_corpus("meld", corpus.for_medium(medium), tmp_path / "unpacked", medium).set_index("clip")


def test_the_tables_alone_give_the_words_of_every_utterance(meld, tmp_path):
    clips = read(replace(meld, genders={"Janice": "female"}), "text", tmp_path)
    assert list(clips.index) == [
        "dev_dia0_utt0",
        "test_dia0_utt0",
        "test_dia3_utt1",
        "train_dia0_utt0",
        "train_dia0_utt1",
    ]
    about = clips[["actor", "gender", "emotion", "statement", "split", "dialogue", "sentiment"]]
    assert about.loc["train_dia0_utt0"].tolist() == [
        *("meld-Chandler", "male", "happy", "Hi, you.", "train", "train_0", "positive")
    ]
    assert clips["gender"].tolist() == ["female", "unknown", "male", "male", "female"]
    assert clips["emotion"].tolist() == ["surprised", "neutral", "fearful", "happy", "angry"]
    assert clips["split"].tolist() == ["dev", "test", "test", "train", "train"] and clips["audio"].isna().all()


def test_videos_belong_to_the_part_whose_folder_they_are_in(meld, tmp_path, write_video, pack):
    for name in FILES:
        write_video(tmp_path / "videos" / name)
    write_video(tmp_path / "videos" / "output_repeated_splits_test/final_videos_testdia0_utt0.mp4")
    write_video(tmp_path / "videos" / "output_repeated_splits_test/dia9_utt9.mp4")  # in no table
    pack(tmp_path / "videos", Path(meld.root) / "MELD.Raw.tar.gz")
    with counting() as counts:
        clips = read(meld, "video", tmp_path)
    assert {clip: path.split("/")[-2] for clip, path in clips["video"].items()} == {
        "dev_dia0_utt0": "dev_splits_complete",
        "test_dia0_utt0": "output_repeated_splits_test",
        "test_dia3_utt1": "output_repeated_splits_test",
        "train_dia0_utt0": "train_splits",
        "train_dia0_utt1": "train_splits",
    }
    assert Counter(counts)["recordings that no table has"] == 1
    clips = read(meld, "audio", tmp_path)
    assert (clips["audio"] == clips["video"]).all()


def test_the_known_broken_and_missing_clips_are_left_out_by_name(meld, tmp_path, repository, write_video, write_sound):
    root = Path(meld.root)
    for part, line in {
        "train": "9,Oh,Ross,neutral,neutral,125,3,1,1,x,x\n",
        "dev": "9,So,Ross,fear,x,110,7,1,1,x,x\n",
    }.items():
        with (root / "tables" / f"{part}_sent_emo.csv").open("a") as table:
            table.write(line)
    for name in FILES:
        write_video(root / name)
    (root / "train_splits" / "dia125_utt3.mp4").write_bytes(b"\0" * 500)
    with pytest.raises(
        EmofusionError, match=r"no video for 1 of 7 utterances: dev_dia110_utt7.*exclude=\['dev_dia110_utt7'\]"
    ):
        read(meld, "video", tmp_path)
    with pytest.raises(EmofusionError, match=r"dia125_utt3\.mp4 cannot be read as video"):
        read(replace(meld, exclude=["dev_dia110_utt7"]), "video", tmp_path)
    known = list(OmegaConf.load(repository / "conf/corpus/meld.yaml").exclude)
    for medium in ("video", "text"):
        assert len(read(replace(meld, exclude=known), medium, tmp_path)) == 5


def test_what_does_not_fit_is_refused(meld, tmp_path, write_video):
    root = Path(meld.root)
    for name in [*FILES, "videos/dia0_utt0.mp4"]:
        write_video(root / name)
    with pytest.raises(
        EmofusionError, match=r"videos/dia0_utt0\.mp4 is in no folder whose name has train, dev or test"
    ):
        read(meld, "video", tmp_path)
    table = root / "tables" / "dev_sent_emo.csv"
    table.write_text(HEADER + LINES["dev"].replace("surprise", "glee"))
    with pytest.raises(EmofusionError, match=r"line 2 of dev_sent_emo\.csv has the unknown emotion glee"):
        read(meld, "text", tmp_path)
    table.write_text(HEADER.replace("Speaker", "Name") + LINES["dev"])
    with pytest.raises(EmofusionError, match="has no column Speaker"):
        read(meld, "text", tmp_path)
    table.unlink()
    with pytest.raises(EmofusionError, match=r"no table dev_sent_emo\.csv.*declare-lab/MELD"):
        meld.for_medium("text").check_present("meld")


def test_parts_by_the_names_of_folders():
    assert part_of(["MELD.Raw", "train", "train_splits"]) == "train"
    assert part_of(["dev", "output_repeated_splits_test"]) == "test"
    assert part_of(["validation"]) == "dev" and part_of(["traintest"]) is None and part_of([]) is None


def test_the_distributed_tables(real_data, tmp_path):
    clips = read(Meld(root=str(real_data / "meld")), "text", tmp_path)
    assert clips["split"].value_counts().to_dict() == {"train": 9989, "test": 2610, "dev": 1109}
    test = clips[clips["split"] == "test"]["emotion"].value_counts().to_dict()
    assert test == {
        "neutral": 1256,
        "happy": 402,
        "angry": 345,
        "surprised": 281,
        "sad": 208,
        "disgust": 68,
        "fearful": 50,
    }
    assert clips["statement"].isna().sum() == 0 and {"male", "female", "unknown"} == set(clips["gender"])
