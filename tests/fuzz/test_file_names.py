"""File names of every corpus: a right one has its labels, and no other one is taken for a recording."""

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emofusion.corpora import emodb, kdef, savee, tess
from emofusion.corpora.common.archives import Entry
from emofusion.corpora.crema_d import names as crema_d
from emofusion.corpora.meld import names as meld
from emofusion.corpora.ravdess import names as ravdess
from emofusion.errors import EmofusionError
from emofusion.features.common.matching import matched
from emofusion.settings.exclude import leave_out, matches_clip
from emofusion.settings.overrides import parse, split_overrides

Labels = dict[str, str | None]
# What `int`, `upper`, `lower` or a pattern may take for other letters: digits of other scripts, a long s, the sign of
# the kelvin, i without and with a dot, an eszett, a superscript; and what separates words.
LOOKALIKES = "٣०３௧²ſKıİß①\n\t \u200b.-_0aAsSkK"


class Corpus(NamedTuple):
    """The file names of a corpus, as its authors describe them.

    parse: what is tested. folder, stem, suffix: patterns of the parts of a path. labels: what follows from a path with
    these patterns; None where its parts contradict each other, or it is not read.
    """

    parse: Callable[[Entry], tuple[Any, dict[str, Any]] | None]
    folder: str
    stem: str
    suffix: str
    labels: Callable[[PurePosixPath], Labels | None]


def of_ravdess(path: PurePosixPath) -> Labels | None:
    modality, channel, emotion, intensity, statement, repetition, actor = map(int, path.stem.split("-"))
    suffixes = (".wav", ".flac") if modality == 3 else (".mp4", ".csv")
    if channel == 2 or path.suffix.lower() not in suffixes or path.parent.name not in ("", f"Actor_{actor:02d}"):
        return None
    return {
        "actor": f"{actor:02d}",
        "gender": ["female", "male"][actor % 2],
        "emotion": ["neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"][emotion - 1],
        "intensity": ["normal", "strong"][intensity - 1],
        "statement": ["Kids are talking by the door", "Dogs are sitting by the door"][statement - 1],
        "repetition": str(repetition),
    }


def of_kdef(path: PurePosixPath) -> Labels | None:
    stem = {"AF31V": "AF31SAHL", "AM31H": "AM31SUHR"}.get(path.stem.upper(), path.stem.upper())
    if path.parent.name not in ("", stem[:4]):
        return None
    emotions = {"AF": "fearful", "AN": "angry", "DI": "disgust", "HA": "happy", "NE": "neutral", "SA": "sad"}
    angles = {"FL": "full_left", "HL": "half_left", "S": "straight", "HR": "half_right", "FR": "full_right"}
    return {
        "actor": stem[1:4],
        "gender": "female" if stem[1] == "F" else "male",
        "session": stem[0],
        "emotion": emotions.get(stem[4:6], "surprised"),
        "angle": angles[stem[6:]],
    }


def of_savee(path: PurePosixPath) -> Labels | None:
    *said, statement = path.stem.split("_")
    actors = {actor.upper() for actor in [*said, path.parent.name] if actor}
    emotions = {"a": "angry", "d": "disgust", "f": "fearful", "h": "happy", "n": "neutral", "sa": "sad"}
    emotion = emotions.get(statement[:-2].lower(), "surprised")
    if len(actors) != 1:
        return None
    return {"actor": actors.pop(), "gender": "male", "emotion": emotion, "statement": statement.lower()}


def of_tess(path: PurePosixPath) -> Labels | None:
    actor, word, emotion = path.stem.lower().split("_")
    if path.parent.name and path.parent.name[0].lower() != actor[0]:
        return None
    return {
        "actor": {"o": "OAF", "y": "YAF"}[actor[0]],
        "gender": "female",
        "age": {"o": "64", "y": "26"}[actor[0]],
        "emotion": {"fear": "fearful", "ps": "surprised"}.get(emotion, emotion),
        "statement": f"Say the word {word}",
    }


def of_emodb(path: PurePosixPath) -> Labels | None:
    men = {"03": "31", "10": "32", "11": "26", "12": "30", "15": "25"}
    women = {"08": "34", "09": "21", "13": "32", "14": "35", "16": "31"}
    emotions = {"A": "fearful", "E": "disgust", "F": "happy", "L": "boredom", "N": "neutral", "T": "sad", "W": "angry"}
    speaker = path.stem[:2]
    return {
        "actor": speaker,
        "gender": "male" if speaker in men else "female",
        "age": (men | women)[speaker],
        "take": path.stem[6],
        "emotion": emotions[path.stem[5]],
        "statement": emodb.SENTENCES[path.stem[2:5]],
    }


def of_crema_d(path: PurePosixPath) -> Labels | None:
    actor, sentence, emotion, level = path.stem.upper().split("_")
    emotions = {"ANG": "angry", "DIS": "disgust", "FEA": "fearful", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
    return {
        "actor": actor,
        "emotion": emotions[emotion],
        "intensity": {"LO": "low", "MD": "medium", "HI": "high"}.get(level),
        "statement": crema_d.STATEMENTS[sentence],
    }


CORPORA = {
    "ravdess": Corpus(
        ravdess.parse,
        "(Actor_(01|02)/)?",
        "0[123]-0[12]-(01-01|0[2-8]-0[12])-0[12]-0[12]-(0[1-9]|1[0-9]|2[0-4])",
        r"\.(wav|flac|mp4|MP4|csv)",
        of_ravdess,
    ),
    "kdef": Corpus(
        kdef._parse,
        "(AF01/|BM35/)?",
        r"[AB][FM](0[1-9]|[12]\d|3[0-5])(AF|AN|DI|HA|NE|SA|SU)(S|HL|HR|FL|FR)|AF31V|AM31H",
        r"\.(JPG|jpg|png)",
        of_kdef,
    ),
    "savee": Corpus(savee._parse, "(DC/|jk/)?", r"((DC|JE|JK|KL)_)?(a|d|f|h|n|sa|su)\d\d", r"\.(wav|flac)", of_savee),
    "tess": Corpus(
        tess._parse,
        "(OAF_angry/|yaf_sad/)?",
        "(OAF?|YAF?)_[a-z]+_(angry|disgust|fear|happy|neutral|ps|sad)",
        r"\.wav",
        of_tess,
    ),
    "crema_d": Corpus(
        crema_d.parse,
        "",
        r"10(0[1-9]|[1-8]\d|9[01])_(DFA|IEO|IOM|ITH|ITS|IWL|IWW|MTI|TAI|TIE|TSI|WSI)"
        "_(ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX?)",
        r"\.(wav|mp3|flv)",
        of_crema_d,
    ),
    "emodb": Corpus(
        emodb._parse, "", "(0[389]|1[0-6])(a0[12457]|b0[1239]|b10)[AEFLNTW][a-z]", r"\.(wav|WAV)", of_emodb
    ),
}
EVERY = pytest.mark.parametrize("name", CORPORA)


MELD = ["train_splits", "dev_splits_complete", "valid", "output_repeated_splits_test", "Final.Test", "x", "traindev"]
PARTS = ["train", "dev", "dev", "test", "test", None, None]


def told(parse: Callable[[Entry], Any], path: PurePosixPath) -> Any:
    """Key and labels of a file; None where it is refused or does not belong to the corpus."""
    try:
        return parse(Entry(Path("/corpus"), path))
    except ValueError as error:
        assert str(error)
        return None


def texts(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)


LETTERS = st.characters(exclude_characters="/\0", exclude_categories=["Cs"])


@st.composite
def names(draw: st.DrawFn, pattern: str) -> str:
    """A right name; one in which letters are replaced, left out or inserted, or have another case; or any text."""
    letters = list(draw(texts(pattern)))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(letters) - 1))
        new = draw(st.sampled_from([letters[place].swapcase(), *LOOKALIKES]) | LETTERS)
        letters[place : place + draw(st.integers(0, 1))] = draw(st.sampled_from([[], [new]]))
        letters = letters or ["x"]
    return draw(st.sampled_from(["".join(letters)] * 9 + [draw(st.text(LETTERS, min_size=1))]))


@EVERY
@given(data=st.data())
def test_a_right_name_has_its_labels_and_no_other_name_has_any(name, data):
    corpus = CORPORA[name]
    parts = [data.draw(texts(corpus.folder)), data.draw(names(corpus.stem)), data.draw(texts(corpus.suffix))]
    path = PurePosixPath("".join(parts))
    case = re.ASCII if name == "emodb" else re.ASCII | re.IGNORECASE
    expected = corpus.labels(path) if re.fullmatch(corpus.stem, path.stem, case) else None
    parsed = told(corpus.parse, path)
    assert (parsed and {column: parsed[1][column] for column in parsed[1] if column != "also_named"}) == expected


@given(st.lists(st.sampled_from(MELD)), names(r"dia(0|[1-9]\d?)_utt(0|[1-9]\d?)"))
def test_an_utterance_has_two_numbers_and_the_part_of_its_innermost_folder(folders, stem):
    said = [part for folder in folders if (part := PARTS[MELD.index(folder)])]
    path = PurePosixPath(*folders, f"{stem}.mp4")
    numbers = re.fullmatch(r"dia(\d+)_utt(\d+)", path.stem, re.ASCII | re.IGNORECASE)
    expected = None
    if numbers and said:
        expected = (f"{said[-1]}_dia{int(numbers[1])}_utt{int(numbers[2])}", ".mp4"), {}
    assert told(meld.parse, path) == expected


FILES = st.lists(st.sampled_from(["a", "b", "a b", "A", "ä", "a.b", ".a"]), min_size=1, max_size=3).map("/".join)


@given(st.lists(FILES, max_size=5, unique=True), st.lists(FILES, max_size=4, unique=True))
def test_a_file_belongs_to_the_clip_that_its_path_ends_with(files, clips):
    """As `matched` does it with tables of names, and a plain search through all of them."""
    ends = {clip: [file for file in files if f"/{file}".endswith(f"/{clip}")] for clip in clips}
    chosen = [found[0] for found in ends.values() if found]
    distinct = all(len(found) == 1 for found in ends.values()) and len(set(chosen)) == len(chosen)
    table = pd.DataFrame({"clip": clips})
    if distinct:
        assert matched({file: file for file in files}, table, "there", "files") == {
            clip: found[0] for clip, found in ends.items()
        }
    else:
        with pytest.raises(EmofusionError):
            matched({file: file for file in files}, table, "there", "files")


@given(st.text(LETTERS, min_size=1))
@example("[a]*?")
@example("it's, {a}: ~/b")
def test_the_pattern_in_a_message_leaves_out_the_clip_that_it_is_for(clip):
    """It is pasted as an override, so it goes through quotes and the grammar."""
    override = leave_out("mine", [clip])
    assert split_overrides(override) == [override]
    (pattern,) = parse(override).value
    assert not clip.strip("/. ") or matches_clip(pattern, clip)
