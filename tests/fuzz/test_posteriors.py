"""Tables of posteriors: a right one gives the probabilities that are in it, and no other one ends in a traceback."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from emofusion.errors import EmofusionError
from emofusion.plan.settings import PosteriorsSettings
from emofusion.predictions.posteriors import read_posteriors
from emofusion.predictions.table import posteriors
from emofusion.settings.experiment import Posteriors
from emofusion.settings.fields import check

EMOTIONS = ["neutral", "happy", "sad"]
CLIPS = [f"03-{number:02d}" for number in range(6)]
WHOLE = {"probabilities": 1, "percent": 100}
SCALES = ["logits", *WHOLE]
FEWER = settings(max_examples=settings.default.max_examples // 3)


def split() -> pd.DataFrame:
    """Six clips of three actors, each tested in one of two folds and trained on in the other."""
    rows = []
    for number, clip in enumerate(CLIPS):
        actor, emotion = number % 3, EMOTIONS[number // 2]
        about = {"clip": clip, "corpus": "c", "actor": f"c-{actor}", "gender": "female", "emotion": emotion}
        rows += [about | {"fold": fold, "split": "train" if (actor > 0) != fold else "test"} for fold in (0, 1)]
    return pd.DataFrame(rows)


SPLIT = split()
TESTED = SPLIT[SPLIT["split"] == "test"].reset_index(drop=True)


def read(path, scale: str, **more: Any) -> pd.DataFrame:
    about = Posteriors(table=str(path), scale=scale, **more)
    check(about, "speech.posteriors")
    return read_posteriors(PosteriorsSettings(about, {}), SPLIT, EMOTIONS, "speech.posteriors")


@st.composite
def values(draw: st.DrawFn, scale: str) -> np.ndarray:
    """(clips, emotions). Those of a scale with a sum are rounded as people round them."""
    if scale == "logits":
        drawn = draw(st.lists(st.floats(-60, 60), min_size=18, max_size=18))
        return np.array([-1.0, *drawn[1:]]).reshape(6, 3)  # from 0 to 1 they would be no logits
    shares = np.array(draw(st.lists(st.integers(1, 40) | st.just(0), min_size=18, max_size=18)), float).reshape(6, 3)
    shares[shares.sum(axis=1) == 0] = [1, 0, 0]
    return (shares / shares.sum(axis=1, keepdims=True) * WHOLE[scale]).round(draw(st.integers(4, 9)))


@FEWER
@given(st.data(), st.sampled_from(SCALES), st.sampled_from(["", "p_", "logit_", "a.b "]))
def test_a_right_table_gives_its_probabilities_in_whatever_form_it_is(folder, data, scale, prefix):
    numbers = data.draw(values(scale))
    words = data.draw(st.sampled_from([EMOTIONS, ["neutral", "joy", "sad"], ["N", "happy", "悲"]]))
    table = TESTED[["clip", "fold"]].copy()
    table[[prefix + word for word in words]] = numbers
    if data.draw(st.booleans()):
        table["note"] = data.draw(st.sampled_from([["a"] * 6, ["1,5", *"abcde"], [None, *"abcde"]]))
    table = table[data.draw(st.permutations(list(table)))].loc[data.draw(st.permutations(range(6)))]
    if data.draw(st.booleans()):
        table.to_parquet(path := folder / "mine.parquet")
    else:
        separator, decimal = data.draw(st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")]))
        form = {"sep": separator, "decimal": decimal, "lineterminator": data.draw(st.sampled_from(["\n", "\r\n"]))}
        encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig"]))
        table.to_csv(path := folder / "mine.csv", index=False, encoding=encoding, **form)
    labels = {word: emotion for word, emotion in zip(words, EMOTIONS, strict=True) if word != emotion}
    scored = read(path, scale, labels=labels, **({} if prefix in ("", "p_", "logit_") else {"prefix": prefix}))
    expected = softmax(numbers, axis=1) if scale == "logits" else numbers / numbers.sum(axis=1, keepdims=True)
    assert scored["clip"].tolist() == TESTED["clip"].tolist() and scored["fold"].tolist() == TESTED["fold"].tolist()
    np.testing.assert_allclose(posteriors(scored), expected, atol=1e-12)


ODD = [None, "", "x", "nan", "inf", "-inf", "1e400", "0,5", "½", "٠.٥", "0x10", "1_0", " 0.5 ", "1%", "True"]
NUMBERS = st.floats() | st.integers(-(2**70), 2**70) | st.sampled_from([0, 1, 0.5, -0.0])
COLUMNS = ["clip", "fold", "split", *EMOTIONS, "p_sad", "logit_happy", "Clip", " fold", "emotion", "gender", "n.1", ""]
OTHERS = st.booleans() | st.lists(st.integers(), max_size=2) | st.dates().map(pd.Timestamp) | st.binary(max_size=3)


@st.composite
def broken(draw: st.DrawFn) -> pd.DataFrame:
    """A right table with other values in some cells, other types, and other columns or rows."""
    table = TESTED[["clip", "fold"]].assign(split="test")
    table[EMOTIONS] = draw(values(draw(st.sampled_from(SCALES))))
    table = table.drop(columns=draw(st.sampled_from([[], ["split"], ["fold"], ["sad"]])))
    for _ in range(draw(st.integers(1, 3))):
        column = draw(st.sampled_from([*table, *table, *COLUMNS]))
        kind = draw(st.sampled_from([NUMBERS, st.sampled_from(ODD), st.sampled_from(CLIPS), OTHERS]))
        cells = list(table[column].astype(object)) if column in table else [draw(kind)] * 6
        for place in draw(st.lists(st.integers(0, 5), max_size=6)):
            cells[place] = draw(kind)
        table[column] = pd.Series(cells, table.index, dtype=object)
    rows = draw(st.lists(st.integers(0, 5), max_size=8) | st.just(list(range(6))))
    table = table.loc[rows].rename(columns={draw(st.sampled_from(list(table))): draw(st.sampled_from(COLUMNS))})
    return table.infer_objects() if draw(st.booleans()) else table


def must_be_read_or_refused(path, **more: Any) -> None:
    """Read a table, or refuse it in a message that names the file."""
    try:
        scored = read(path, **more)
    except EmofusionError as error:
        assert path.name in str(error)
        return
    assert scored["clip"].tolist() == TESTED["clip"].tolist()
    np.testing.assert_allclose(posteriors(scored).sum(axis=1), 1)


SETTINGS = st.fixed_dictionaries(
    {"scale": st.sampled_from(SCALES)},
    optional={
        "other_columns": st.sampled_from(["fail", "drop", "keep"]),
        "every_fold": st.booleans(),
        "without": st.sampled_from([["sad"], EMOTIONS[:2]]),
        "labels": st.sampled_from([{"p_sad": "happy"}, {"n.1": "sad"}]),
    },
)


@FEWER
@given(broken(), SETTINGS)
def test_a_broken_table_is_read_or_refused(folder, table, chosen):
    table.to_csv(path := folder / "mine.csv", index=False)
    must_be_read_or_refused(path, **chosen)
    try:
        table.to_parquet(path := folder / "mine.parquet", index=False)
    except (ValueError, TypeError, OverflowError):  # pyarrow cannot write it: values of several types, a name twice
        return
    must_be_read_or_refused(path, **chosen)


@FEWER
@given(st.data(), st.sampled_from(["csv", "parquet"]), st.sampled_from(list(WHOLE)))
def test_a_damaged_file_is_read_or_refused(folder, data, suffix, scale):
    path = folder / f"mine.{suffix}"
    table = TESTED[["clip", "fold"]].assign(**dict(zip(EMOTIONS, data.draw(values(scale)).T, strict=True)))
    table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        start, length = data.draw(st.integers(0, len(content))), data.draw(st.integers(0, 4))
        new = st.binary(max_size=3) | st.sampled_from([b'"', b"\n", b",", b";", b"\0", b"\xef\xbb\xbf"])
        content[start : start + length] = data.draw(new)
    path.write_bytes(content if data.draw(st.booleans()) else content[: data.draw(st.integers(0, len(content)))])
    must_be_read_or_refused(path, scale=scale)
