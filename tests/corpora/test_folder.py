"""A corpus of your own."""

import pytest

from emofusion.corpora.common.read import notes_of_corpus, read_corpus
from emofusion.corpora.folder import Folder
from emofusion.counted import Note, counting
from emofusion.errors import EmofusionError
from emofusion.settings import registry
from emofusion.settings.fields import check

LABELS = ["生气/angry", "<unk>", "0", "1.0", "NA", "xxx", ""]


@pytest.fixture
def corpus(tmp_path, write_sound, write_image):
    write_sound(tmp_path / "own" / "sound" / "a.wav")
    write_sound(tmp_path / "own" / "sound" / "b.wav")
    write_image(tmp_path / "own" / "faces" / "a.jpg")
    write_image(tmp_path / "elsewhere" / "c.jpg")
    table = tmp_path / "own" / "clips.csv"

    def write(text, **more):
        table.write_text(text, encoding="utf-8")
        return read_corpus("mine", Folder(root=str(tmp_path / "own"), table=str(table), **more), tmp_path / "unpacked")

    return write


def test_reads_paths_and_labels(corpus, tmp_path):
    clips = corpus(
        "\ufeffactor,gender,emotion,audio,image,clip,intensity\n"
        f"01,F,joy,sound/a.wav,faces/a.jpg,first,high\n7,male,sad,sound/b.wav,,,\n8,m,happy,,{tmp_path}/elsewhere/c.jpg,,\n",
        labels={"joy": "happy"},
    ).set_index("clip")
    assert sorted(clips.index) == ["b", "c", "first"]
    first = clips.loc["first", ["corpus", "actor", "gender", "emotion", "intensity"]].tolist()
    assert first == ["mine", "mine-01", "female", "happy", "high"]
    assert clips.loc["first", "audio"] == str(tmp_path / "own" / "sound" / "a.wav")
    assert clips.loc["c", "image"] == str(tmp_path / "elsewhere" / "c.jpg")
    assert clips.loc["b", ["image", "video", "intensity", "statement"]].isna().all()


def test_exclude_leaves_a_row_out(corpus):
    clips = corpus("actor,gender,emotion,audio\n1,f,sad,sound/a.wav\n1,f,sad,sound/b.wav\n", exclude=["sound/a.wav"])
    assert clips["clip"].tolist() == ["b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clip;sex\n", "lacks the column emotion, actor, gender, one of audio, image, video; it has clip, sex"),
        ("actor,gender,emotion\n1,f,sad\n", "lacks the column one of audio, image, video"),
        ("actor,gender,emotion,audio\n1,x,sad,sound/a.wav\n", r"line 2 \(a\) has the gender 'x'"),
        ("actor,gender,emotion,audio\n,f,sad,sound/a.wav\n", "and actor ''"),
        ("actor,gender,emotion,audio\n1,f,sad,\n", "line 2 .* names no file"),
        ("actor,gender,emotion,audio\n1,f,sad,sound/a.wav\n1,f,sad,sound/a.wav\n", "line 3 .* has the clip of line 2"),
        ("actor,gender,emotion,audio\n1,f,sad,sound/z.wav\n", r"sound/z\.wav is not there"),
        ("actor,gender,emotion,audio\n1,f,sad,faces/a.jpg\n", r"faces/a\.jpg has no sound track"),
        ("actor,gender,emotion,audio\n", "the corpus mine at .* has no clip left"),
    ],
)
def test_what_is_wrong_is_told(corpus, text, message):
    with pytest.raises(EmofusionError, match=message):
        corpus(text)


def test_a_line_that_is_there_twice_is_not_to_be_left_out_with_the_other_one(corpus):
    """A pattern for it would match both lines."""
    twice = "1,f,sad,sound/a.wav\n1,f,sad,sound/a.wav\n"
    with pytest.raises(EmofusionError, match=r"and the same files; remove one of the two lines\. Correct them\.$"):
        corpus("actor,gender,emotion,audio\n" + twice)
    with pytest.raises(EmofusionError, match=r"of line 2; give each a name of its own in a column clip\. Correct"):
        corpus("actor,gender,emotion,audio,clip\n1,f,sad,sound/a.wav,x\n1,f,sad,sound/b.wav,x\n")
    with pytest.raises(EmofusionError, match=r"corpora\.mine\.exclude=\['sound/b\.wav'\]") as error:
        corpus("actor,gender,emotion,audio\n" + twice + "1,x,sad,sound/b.wav\n")
    assert "a.wav" not in str(error.value).split("exclude")[1]


def test_a_label_that_is_almost_one_of_the_corpus_is_a_slip(corpus):
    """Its clips would stay what they are, or be left out."""
    text = "actor,gender,emotion,audio\n1,f,angry,sound/a.wav\n1,f,sad,sound/b.wav\n"
    for word in ("Angry", "angy", "ANGRY"):
        message = rf"corpora\.mine\.labels: {word} is no label of the corpus mine, but angry is; write angry, or remove"
        with pytest.raises(EmofusionError, match=message):
            corpus(text, labels={word: "sad"})
    # a spelling of what clips have is none, and neither is another word; a report tells of both
    labels = {"Angry": "angry", "sadness": "sad", "bored": "sad"}
    with counting() as counts:
        assert corpus(text, labels=labels)["emotion"].tolist() == ["angry", "sad"]
    assert notes_of_corpus("mine", Folder(table="clips.csv", labels=labels), counts) == [
        Note("corpora.mine.labels", f"no clip has the label {word}", 0) for word in labels
    ]


def test_labels_are_any_words_and_an_empty_cell_is_one_too(corpus):
    rows = [f"1,f,{label},sound/{name}.wav,c{n}" for n, (label, name) in enumerate(zip(LABELS, "abababa", strict=True))]
    clips = corpus("\n".join(["actor,gender,emotion,audio,clip", *rows]), labels={"生气/angry": "angry", "0": "bored"})
    assert clips["emotion"].tolist() == ["angry", "<unk>", "bored", "1.0", "NA", "xxx", "unlabelled"]
    with pytest.raises(EmofusionError, match=r"corpora\.mine\.labels=\{joy:  \}: not empty"):
        check(Folder(table="clips.csv", labels={"joy": " "}), "corpora.mine")


def test_absent(tmp_path):
    with pytest.raises(EmofusionError, match=r"clips\.csv.*corpora\.mine\.table="):
        Folder(root=str(tmp_path), table=str(tmp_path / "clips.csv")).check_present("mine")


def test_an_unknown_kind_of_corpus_is_told_which_there_are():
    with pytest.raises(
        EmofusionError, match=r"corpora\.enterface\.kind=enterface: no such kind; there are crema_d, emodb, folder,"
    ):
        registry.kind("corpora", "enterface", "corpora.enterface.kind")


def test_clips_that_others_scored_need_no_files(corpus):
    clips = corpus("clip,actor,gender,emotion,audio\nx,1,f,sad,\ny,1,f,happy,nowhere.wav\n", recordings=False)
    assert clips["clip"].tolist() == ["x", "y"] and clips[["audio", "image", "video"]].isna().all(axis=None)
    assert corpus("clip,actor,gender,emotion\nx,1,f,sad\n", recordings=False)["emotion"].tolist() == ["sad"]
    with pytest.raises(EmofusionError, match="names no clip"):
        corpus("clip,actor,gender,emotion\n,1,f,sad\n", recordings=False)
    with pytest.raises(EmofusionError, match="lacks the column one of audio, clip, image, video"):
        corpus("actor,gender,emotion\n1,f,sad\n", recordings=False)
