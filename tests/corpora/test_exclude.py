"""`exclude` in every corpus: files, clips, what matches nothing, and advice that is pasted."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from emofusion.corpora.common.read import notes_of_corpus, read_corpus
from emofusion.corpora.folder import Folder
from emofusion.corpora.kdef import Kdef
from emofusion.corpora.ravdess import Ravdess
from emofusion.corpora.savee import Savee
from emofusion.counted import Note, counting
from emofusion.errors import EmofusionError
from emofusion.settings.overrides import parse


@pytest.fixture
def corpora(tmp_path, write_sound, write_image):
    """Name → a corpus of two clips: its settings, the clips, and the file of the first."""
    write_image(tmp_path / "kdef" / "AF01" / "AF01ANS.JPG")
    write_image(tmp_path / "kdef" / "AF01" / "AF01HAS.JPG")
    write_sound(tmp_path / "savee" / "DC" / "a01.wav")
    write_sound(tmp_path / "savee" / "DC" / "h01.wav")
    write_sound(tmp_path / "ravdess" / "03-01-05-02-01-02-12.wav")
    write_sound(tmp_path / "ravdess" / "03-01-03-02-01-02-12.wav")
    write_sound(tmp_path / "folder" / "x.wav")
    write_sound(tmp_path / "folder" / "y.wav")
    table = tmp_path / "folder" / "clips.csv"
    table.write_text("actor,gender,emotion,audio,clip\n1,f,sad,x.wav,first\n1,f,sad,y.wav,second\n")
    scored = tmp_path / "scored.csv"
    pd.DataFrame({"clip": ["03-01-05-02-01-02-12", "03-01-03-02-01-02-12"]}).to_csv(scored, index=False)
    ravdess = Ravdess(root=str(tmp_path / "ravdess"), media=["audio"])
    units = tmp_path / "units"
    units.mkdir()
    for name in ("01-01-05-02-01-02-12", "01-01-03-02-01-02-12"):
        (units / f"{name}.csv").write_text("frame\n1\n")
    clips = ["03-01-05-02-01-02-12", "03-01-03-02-01-02-12"]
    own = Folder(root=str(table.parent), table=str(table))
    return {
        "kdef": (Kdef(root=str(tmp_path / "kdef")), ["AF01ANS", "AF01HAS"], "AF01ANS.JPG"),
        "savee": (Savee(root=str(tmp_path / "savee")), ["DC_a01", "DC_h01"], "DC/a01.wav"),
        "ravdess": (ravdess, clips, f"{clips[0]}.wav"),
        "posteriors of ravdess": (ravdess.without_recordings(str(scored)), clips, f"{clips[0]}.wav"),
        "units of ravdess": (replace(ravdess, root=str(units), media=["action_units"]), clips, f"{clips[0]}.wav"),
        "folder": (own, ["first", "second"], "x.wav"),
        "posteriors of folder": (own.without_recordings("scores.csv"), ["first", "second"], "x.wav"),
        "units of folder": (own.for_medium("action_units"), ["first", "second"], "x.wav"),
    }


NAMES = ["kdef", "savee", "ravdess", "folder"]
NAMES += ["posteriors of ravdess", "units of ravdess", "posteriors of folder", "units of folder"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_or_a_clip_is_left_out_of_every_corpus(corpora, name, tmp_path):
    corpus, (first, second), file = corpora[name]
    assert sorted(read_corpus("mine", corpus, tmp_path / "unpacked")["clip"]) == sorted([first, second])
    for pattern in (file, first, f"{first}.wav", f"{first}.*", f"{first[:-1]}?"):
        with counting() as counts:
            excluding = replace(corpus, exclude=[pattern, "nothing.wav"])
            clips = read_corpus("mine", excluding, tmp_path / "unpacked")
        assert clips["clip"].tolist() == [second], pattern
        patterns = notes_of_corpus("mine", excluding, counts)[:2]
        assert patterns == [
            Note("corpora.mine.exclude", pattern, 1), Note("corpora.mine.exclude", "nothing.wav", 0),
        ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_leaving_all_out_is_told(corpora, name, tmp_path):
    corpus, clips, _ = corpora[name]
    with pytest.raises(EmofusionError, match="has no clip left"):
        read_corpus("mine", replace(corpus, exclude=clips), tmp_path / "unpacked")


@pytest.mark.parametrize(
    "name", ["d'été.wav", "a[1].wav", 'say "yes".wav', "生气/angry 1.wav", "$x,y;#2.wav", "{a: b}.wav"]
)
def test_the_advice_about_a_bad_file_can_be_pasted(tmp_path, write_sound, name):
    write_sound(tmp_path / "good.wav")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("words")
    rows = [{"actor": "1", "gender": "f", "emotion": "sad", "audio": file} for file in ("good.wav", name)]
    pd.DataFrame(rows).to_csv(tmp_path / "clips.csv", index=False)
    corpus = Folder(root=str(tmp_path), table=str(tmp_path / "clips.csv"))
    with pytest.raises(EmofusionError) as error:
        read_corpus("mine", corpus, tmp_path / "unpacked")
    advice = re.search(r"corpora\.mine\.exclude=\[.*\](?=\.)", str(error.value))[0]
    left = read_corpus("mine", replace(corpus, exclude=parse(advice).value), tmp_path / "unpacked")
    assert left["clip"].tolist() == ["good"]


def test_advice_is_enough_for_all_faults_and_keeps_what_was_left_out(tmp_path, write_sound):
    root = tmp_path / "savee"
    write_sound(root / "DC" / "a01.wav")
    for number in range(2, 20):
        (root / "DC" / f"a{number:02}.wav").write_text("words")
    with pytest.raises(EmofusionError) as error:
        read_corpus("savee", Savee(root=str(root), exclude=["a02.wav"]), tmp_path / "unpacked")
    assert "17 files are not" in str(error.value)
    exclude = parse(re.search(r"corpora\.savee\.exclude=\[.*\]", str(error.value))[0]).value
    assert exclude[0] == "a02.wav" and len(exclude) == 18
    assert len(read_corpus("savee", Savee(root=str(root), exclude=exclude), tmp_path / "unpacked")) == 1


def test_advice_for_clips_that_lack_a_medium(tmp_path, write_sound, write_video):
    root = tmp_path / "ravdess"
    write_sound(root / "03-01-03-01-01-01-01.wav")
    write_sound(root / "03-01-04-01-01-01-01.wav")
    write_video(root / "02-01-04-01-01-01-01.mp4", sound=False)
    both = Ravdess(root=str(root), media=["audio", "video"])
    with pytest.raises(EmofusionError, match="not complete") as error:
        read_corpus("ravdess", both, tmp_path / "unpacked")
    exclude = parse(re.search(r"corpora\.ravdess\.exclude=\[.*?\]", str(error.value))[0]).value
    left = read_corpus("ravdess", replace(both, exclude=exclude), tmp_path / "unpacked")
    assert left["clip"].tolist() == ["03-01-04-01-01-01-01"] and Path(left["video"][0]).name.startswith("02")


def test_a_pattern_about_files_leaves_no_clip_out(tmp_path, write_sound, write_video):
    root = tmp_path / "ravdess"
    write_sound(root / "03-01-03-01-01-01-01.wav")
    write_video(root / "01-01-03-01-01-01-01.mp4")
    audio = Ravdess(root=str(root), media=["audio"], exclude=["03-*.wav"])
    assert Path(read_corpus("ravdess", audio, tmp_path / "unpacked")["audio"][0]).suffix == ".mp4"
