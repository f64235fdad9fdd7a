"""Posteriors made elsewhere: which part of a table becomes predictions, and messages about tables that do not fit."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from emofusion.counted import counting
from emofusion.errors import EmofusionError
from emofusion.plan.settings import PosteriorsSettings
from emofusion.predictions.posteriors import MISSING_CLIPS, check_table, read_posteriors
from emofusion.predictions.table import posteriors
from emofusion.settings.experiment import Posteriors
from emofusion.settings.fields import check
from emofusion.tables import classes_of, unknown_to

EMOTIONS = ["neutral", "happy", "sad"]


@pytest.fixture
def split() -> pd.DataFrame:
    """12 clips of four actors, each tested in one of two folds, and trained on or validated with in the other."""
    rows = []
    for n in range(12):
        actor, emotion = n % 4, EMOTIONS[n % 3]
        about = {"clip": f"03-{n:02d}", "corpus": "c", "actor": f"c-{actor}", "emotion": emotion}
        about["gender"] = "male" if actor % 2 else "female"
        rows.append(about | {"fold": actor // 2, "split": "test"})
        rows.append(about | {"fold": 1 - actor // 2, "split": "validation" if actor % 2 else "train"})
    return pd.DataFrame(rows)


@pytest.fixture
def table(split) -> pd.DataFrame:
    test = split[split["split"] == "test"]
    logits = np.random.default_rng(0).normal(size=(len(test), 3))
    return pd.DataFrame({"clip": test["clip"], "fold": test["fold"]}).assign(
        **{f"logit_{emotion}": logits[:, [2, 0, 1][i]] for i, emotion in enumerate(["sad", "neutral", "happy"])}
    )


def read(
    table: pd.DataFrame, split: pd.DataFrame, folder, name="mine.csv", merge=None, scale="logits", **settings
) -> pd.DataFrame:
    path = folder / name
    table.to_csv(path, index=False) if name.endswith("csv") else table.to_parquet(path)
    about = Posteriors(table=str(path), scale=scale, **settings)
    check(about, "speech.posteriors")
    return read_posteriors(PosteriorsSettings(about, merge or {}), split, EMOTIONS, "speech.posteriors")


@pytest.mark.parametrize("name", ["mine.csv", "mine.parquet"])
def test_columns_are_found_by_name_in_any_order_and_rows_too(table, split, tmp_path, name):
    shuffled = table.sample(frac=1, random_state=0).assign(other="x")
    scored = read(shuffled, split, tmp_path, name)
    assert scored["clip"].tolist() == split.loc[split["split"] == "test", "clip"].tolist()
    ours = [f"logit_{emotion}" for emotion in EMOTIONS]
    np.testing.assert_allclose(posteriors(scored), softmax(table[ours].to_numpy(), axis=1))
    actor = scored.set_index("clip")["actor"]
    assert actor["03-05"] == "c-1" and set(scored["split"]) == {"test"}


def test_probabilities_and_foreign_words(table, split, tmp_path):
    ours = [f"logit_{emotion}" for emotion in EMOTIONS]
    shares = softmax(table[ours].to_numpy(), axis=1).round(6)
    shares[0] = [1, 0, 0]
    theirs = table[["clip", "fold"]].assign(p_joy=shares[:, 1], p_sad=shares[:, 2], p_neutral=shares[:, 0])
    scored = read(theirs, split, tmp_path, scale="probabilities", labels={"joy": "happy"})
    np.testing.assert_allclose(posteriors(scored), shares / shares.sum(axis=1, keepdims=True), atol=1e-12)


def test_a_class_that_counts_as_another_gives_it_its_probability(table, split, tmp_path):
    clips = split.assign(emotion=split["emotion"].replace("sad", "neutral"))
    scored = read(table, clips, tmp_path, merge={"sad": "neutral"})
    ours = softmax(table[[f"logit_{emotion}" for emotion in EMOTIONS]].to_numpy(), axis=1)
    np.testing.assert_allclose(posteriors(scored), np.stack([ours[:, 0] + ours[:, 2], ours[:, 1]], axis=1))


def test_a_class_that_is_not_known_on_purpose(table, split, tmp_path):
    scored = read(table.drop(columns="logit_sad"), split, tmp_path, without=["sad"])
    assert classes_of(scored) == EMOTIONS and unknown_to(scored) == ["sad"]
    assert (posteriors(scored)[:, 2] == 0).all() and (scored["logit_sad"] == -np.inf).all()


def test_clips_that_may_be_missing_lack_the_modality(table, split, tmp_path):
    """One is not in the table, and one has only empty cells. An emotion without a column stays unknown elsewhere."""
    ours = [f"logit_{emotion}" for emotion in EMOTIONS]
    lacking = table[table["clip"] != "03-04"].copy()
    lacking.loc[lacking["clip"] == "03-00", ours] = np.nan
    with counting() as counts:
        scored = read(lacking.drop(columns="logit_sad"), split, tmp_path, without=["sad"], missing_clips="allow")
    assert counts[MISSING_CLIPS] == 2
    there = read(table, split, tmp_path)
    there = there[~there["clip"].isin(["03-00", "03-04"])]
    assert scored["clip"].tolist() == there["clip"].tolist() and len(scored) == 10
    assert (scored["logit_sad"] == -np.inf).all()
    np.testing.assert_array_equal(scored[ours[:2]], there[ours[:2]])
    with pytest.raises(EmofusionError, match=r"leave them out with .* set speech\.posteriors\.missing_clips=allow$"):
        read(table[table["clip"] != "03-04"], split, tmp_path)
    with pytest.raises(EmofusionError, match="has nothing but empty cells for the 12 clips of the protocol"):
        read(table.assign(**dict.fromkeys(ours, np.nan)), split, tmp_path, missing_clips="allow")
    # half a row, and words, are wrong values; a table of other clips is the wrong table
    for change in (wrong("logit_happy", np.nan), wrong("logit_happy", "high")):
        with pytest.raises(EmofusionError, match="1 rows have a value that is no number, as that of 03-04"):
            read(change(table), split, tmp_path, missing_clips="allow")
    with pytest.raises(EmofusionError, match="12 of 12 clips are missing"):
        read(table.assign(clip="x" + table["clip"]), split, tmp_path, missing_clips="allow")


def test_validation_rows_where_the_table_has_them(table, split, tmp_path):
    validation = split[split["split"] == "validation"][["clip", "fold", "split"]]
    both = pd.concat([table.assign(split="test"), validation.assign(logit_sad=0.0, logit_happy=1.0, logit_neutral=2.0)])
    scored = read(both, split, tmp_path)
    assert scored["split"].value_counts().to_dict() == {"test": 12, "validation": 6}


def wrong(column, value):
    def change(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(**{column: table[column].where(table["clip"] != "03-04", value)})

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="fold"), "no column fold; there are clip"),
        (lambda t: t.drop(columns="clip"), "no column clip"),
        (
            lambda t: t.drop(columns="logit_sad"),
            r"no column for sad; name what it does not know in speech\.posteriors\.without",
        ),
        (
            lambda t: t.assign(p_sad=0.1),
            "p_sad and logit_neutral both look like columns of classes; say which .* speech.posteriors.prefix=p_ or",
        ),
        (lambda t: t[t["clip"] != "03-04"], "1 of 12 clips are missing, as 03-04; in the table they are such as 03-00"),
        (lambda t: t[t["fold"] == 0], "6 of 12 clips are missing"),
        (lambda t: t.assign(fold=0), r"has no row of the folds 1 of the protocol"),
        (lambda t: pd.concat([t, t[:1]]), "1 clips are there twice in a fold, as 03-00"),
        (wrong("fold", 1), "1 clips are in another fold .* as 03-04: 1 in the table, 0 by the protocol"),
        (wrong("logit_happy", np.nan), "1 rows have a value that is no number, as that of 03-04"),
        (wrong("logit_happy", "high"), "1 rows have a value that is no number, as that of 03-04"),
        (wrong("logit_happy", np.inf), "no number, as that of 03-04"),
        (
            lambda t: t.assign(split="Test"),
            "12 rows have in the column split 'Test', as 03-00",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_its_name(table, split, tmp_path, change, message):
    with pytest.raises(EmofusionError, match=rf"mine\.csv: .*{message}"):
        read(change(table), split, tmp_path)


def test_logits_are_not_taken_for_probabilities(table, split, tmp_path):
    with pytest.raises(EmofusionError, match=r"rows are not 0 or more with sum 1, as that of 03-"):
        read(table, split, tmp_path, scale="probabilities")


def test_a_file_that_is_absent_or_of_another_kind(tmp_path, split):
    with pytest.raises(EmofusionError, match=r"posteriors\.table=.*none\.csv: no such file\. It has a row for each"):
        check_table(Posteriors(table=str(tmp_path / "none.csv"), scale="logits"))
    (tmp_path / "x.xlsx").write_text("")
    with pytest.raises(EmofusionError, match=r"the name must end in \.csv or \.parquet"):
        check_table(Posteriors(table=str(tmp_path / "x.xlsx"), scale="logits"))
    (tmp_path / "x.parquet").write_text("no parquet")
    with pytest.raises(EmofusionError, match=r"x\.parquet: cannot be read"):
        check_table(Posteriors(table=str(tmp_path / "x.parquet"), scale="logits"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[:0], "12 of 12 clips are missing"),
        (lambda t: t.assign(split="validation"), "has no test clip: the column split has only validation"),
        (wrong("fold", "one"), "1 rows have in the column fold no whole number, as 'one'"),
        (wrong("fold", 0.5), "1 rows have in the column fold no whole number, as 0.5"),
        (wrong("fold", None), "1 rows have in the column fold no whole number"),
    ],
)
def test_a_table_without_test_clips_or_folds_is_refused(table, split, tmp_path, change, message):
    with pytest.raises(EmofusionError, match=message):
        read(change(table), split, tmp_path)


def test_things_that_are_no_numbers_are_not_taken_for_numbers(table, split, tmp_path):
    """A Parquet file may have dates, lists and decimals."""
    for cells in (pd.Timestamp("2020-01-01"), b"1", [[1.0]] * len(table)):
        with pytest.raises(EmofusionError, match=r"mine\.parquet: .* rows have a value that is no number"):
            read(table.assign(logit_sad=cells), split, tmp_path, "mine.parquet")


def test_a_spreadsheets_decimal_comma_where_the_first_line_has_whole_numbers(split, tmp_path):
    test = split[split["split"] == "test"]
    lines = [
        f"{row.clip};{row.fold};{'1;0;0' if n == 0 else '0,25;0,5;0,25'}" for n, row in enumerate(test.itertuples())
    ]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["clip;fold;happy;sad;neutral", *lines]))
    about = PosteriorsSettings(Posteriors(table=str(path), scale="probabilities"), {})
    shares = posteriors(read_posteriors(about, split, EMOTIONS))
    np.testing.assert_allclose(shares[:2], [[0, 1, 0], [0.25, 0.25, 0.5]], atol=1e-12)
