"""Counts of cells against counts by pandas."""

import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.evaluation.grid.counting import count_cells
from emofusion.predictions.table import labels


def test_counts_are_those_of_the_tables(made):
    random = np.random.default_rng(0)
    rights = {name: random.random(len(made.clips)) < 0.6 for name in ("one", "two")}
    (tested,) = count_cells(made.cells(rights))
    assert tested.cells == ["one", "two"] and tested.genders.tolist() == ["female", "male"] * 4
    for number, right in enumerate(rights.values()):
        table = made.clips.assign(right=labels(made.table(right)) == made.clips["emotion"])
        expected = table.pivot_table(index="actor", columns="emotion", values="right", aggfunc="sum")
        # the order of the classes
        assert tested.correct[number].tolist() == expected[["happy", "sad", "angry"]].to_numpy().tolist()
    assert (tested.clips == 4).all()


def test_actors_have_the_fold_that_tests_them(made):
    right = np.ones(len(made.clips), dtype=bool)
    table = made.table(right)
    by_actor = table["actor"].str[1:].astype(int) % 3
    paths = {name: made.folder / f"{name}.parquet" for name in ("one", "two", "clips")}
    table.assign(fold=by_actor).to_parquet(paths["one"], index=False)
    table.assign(fold=by_actor).sample(frac=1, random_state=0).to_parquet(paths["two"], index=False)
    table.assign(fold=[0, 1] * 6 + [0] * (len(table) - 12)).to_parquet(paths["clips"], index=False)
    (tested,) = count_cells(paths)
    assert tested.shared_folds([0, 1]).tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert tested.folds[2].tolist() == [-1, *[0] * 7] and tested.shared_folds([2]) is None
    assert tested.shared_folds([0, 2]) is None


def test_the_order_of_rows_and_classes_and_other_splits_do_not_count(made):
    right = np.random.default_rng(1).random(len(made.clips)) < 0.5
    files = {"one": made.write("one", right), "two": made.folder / "two.parquet"}
    shuffled = made.table(right).sample(frac=1, random_state=1)
    columns = [*[c for c in shuffled if not c.startswith("logit_")], "logit_angry", "logit_sad", "logit_happy"]
    others = shuffled.head(5).assign(split="validation")
    pd.concat([others, shuffled])[columns].to_parquet(files["two"], index=False)
    (tested,) = count_cells(files)
    assert (tested.correct[0] == tested.correct[1]).all() and tested.correct[0].sum() == right.sum()


def test_other_clips_and_other_emotions_of_a_clip_are_another_test_set(made):
    right = np.ones(len(made.clips), dtype=bool)
    files = made.cells({"one": right, "two": right})
    fewer, renamed = made.folder / "fewer.parquet", made.folder / "renamed.parquet"
    made.table(right).iloc[1:].to_parquet(fewer, index=False)
    made.table(right).assign(emotion=["sad", *made.clips["emotion"][1:]]).to_parquet(renamed, index=False)
    groups = count_cells({"one": files["one"], "fewer": fewer, "renamed": renamed, "two": files["two"]})
    assert [group.cells for group in groups] == [["one", "two"], ["fewer"], ["renamed"]]


def test_an_emotion_that_no_class_is_counts_as_wrong(made):
    right = np.ones(len(made.clips), dtype=bool)
    path = made.folder / "without.parquet"
    made.table(right).drop(columns="logit_angry").to_parquet(path, index=False)
    (tested,) = count_cells({"one": path})
    assert tested.correct[0].sum(axis=0).tolist() == [32, 32, 0] and tested.clips.sum() == 96


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.assign(split="train"), "the cell one has no test clip"),
        (lambda table: pd.concat([table, table.assign(fold=1)]), "the cell one tests 96 clips in several folds"),
        (lambda table: table.drop(columns="actor"), "is no table of predictions"),
    ],
)
def test_bad_tables_are_refused(made, change, message):
    path = made.folder / "bad.parquet"
    change(made.table(np.ones(len(made.clips), dtype=bool))).to_parquet(path, index=False)
    with pytest.raises(EmofusionError, match=message):
        count_cells({"one": path})


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(EmofusionError, match="cannot read the fused predictions"):
        count_cells({"one": tmp_path / "none.parquet"})
