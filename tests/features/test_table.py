"""Features that were made elsewhere: what is matched to which clip, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from emofusion.counted import counting
from emofusion.errors import EmofusionError
from emofusion.features.common.extract import extract
from emofusion.features.common.feature_set import FeatureSet
from emofusion.features.table import Table
from emofusion.settings.fields import check

NAMES = ["a", "b", "c", "d", "e", "f"]
CLIPS = pd.DataFrame({"clip": NAMES, "corpus": "mine", "emotion": ["happy", "sad"] * 3})
FRAME = pd.DataFrame({"clip": NAMES, "x": range(6), "y2": [0.5, -1, 2, 3e5, -4, 5]})


def features_of(path, clips=CLIPS, **settings) -> np.ndarray:
    features = Table(table=str(path), **settings)
    check(features, "speech.features")
    features.check_present()
    compute = features.prepare(clips)
    rows = [compute(clip) for clip in clips.itertuples(index=False)]
    assert all(row.shape == (1, *features.row_shape()) and row.dtype == np.float32 for row in rows)
    return np.concatenate(rows)


@pytest.fixture
def csv(tmp_path):
    def write(frame: pd.DataFrame, **options):
        frame.to_csv(tmp_path / "t.csv", index=False, **options)
        return tmp_path / "t.csv"

    return write


def test_rows_are_found_by_name_in_any_order_and_others_are_counted(csv):
    path = csv(pd.concat([FRAME.assign(clip=FRAME["clip"] + "x"), FRAME[::-1]]))
    with counting() as counts:
        values = features_of(path, CLIPS[1:4])
    np.testing.assert_array_equal(values, FRAME[["x", "y2"]][1:4].to_numpy(np.float32))
    assert list(counts.values()) == [9]


@pytest.mark.parametrize("name", ["A", " a", "a.wav", "01", "1.0"])
def test_names_are_compared_letter_by_letter(csv, name):
    path = csv(FRAME.replace({"a": name}))
    with pytest.raises(
        EmofusionError, match=r"no rows of 1 of 6 clips, for example a; .* corpora\.mine\.exclude=\['a'\]"
    ):
        features_of(path)


def test_names_that_look_like_numbers_stay_apart(csv):
    clips = CLIPS.assign(clip=["007", "7", "7.0", "1e3", "1000", "NA"])
    path = csv(FRAME.assign(number=clips["clip"], clip="z"))
    with pytest.raises(EmofusionError, match="which is no number"):
        features_of(path, clips, clip="number")
    np.testing.assert_array_equal(features_of(path, clips, clip="number", without=["clip"])[:, 0], range(6))


def test_a_clip_that_is_there_twice_is_refused(csv):
    with pytest.raises(EmofusionError, match="has several rows of the clip b: 2, 7"):
        features_of(csv(pd.concat([FRAME, FRAME[1:2]])))
    # of a clip that nobody asks for, nobody cares
    assert features_of(csv(pd.concat([FRAME, FRAME[1:2]])), CLIPS[:1]).shape == (1, 2)


def test_columns_are_chosen_by_patterns(csv):
    path = csv(FRAME.assign(x10=1.0, age=30, label=[2, 1] * 3))
    both = features_of(path, columns=["x*"])
    np.testing.assert_array_equal(both, np.stack([range(6), np.ones(6)], axis=1))
    assert features_of(path, columns=["x*"], without=["x1?"]).shape == (6, 1)
    assert features_of(path, columns=["age", "label"]).shape == (6, 2)
    with pytest.raises(EmofusionError, match=r"label may be no feature.*features\.without=\['age','label'\]"):
        features_of(path, without=["age"])
    with pytest.raises(EmofusionError, match=r"features\.columns: .* has nothing named z\*; there are x, y2, x10"):
        features_of(path, columns=["z*"])
    with pytest.raises(EmofusionError, match="leave no column"):
        features_of(path, columns=["x"], without=["x*"])


@pytest.mark.parametrize("values", [[0, 1] * 3, [3.5, 2.5] * 3])
def test_the_label_under_another_name_is_refused(csv, values):
    path = csv(FRAME.assign(condition=values))
    with pytest.raises(EmofusionError, match=r"each value of condition belongs to one emotion.*\['condition'\]"):
        features_of(path)
    assert features_of(path, columns=["x", "condition"]).shape == (6, 2)
    assert features_of(csv(FRAME.assign(condition=[0, 1, 0, 1, 0, 0]))).shape == (6, 3)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("much", "y2 has 'much' in row 2, which is no number"),
        ("", "1 clips have a value that is empty or not finite, such as y2 of b"),
        ("inf", "such as y2 of b"),
        ("1e300", "such as y2 of b"),
    ],
)
def test_a_value_that_is_no_number_is_named(csv, cell, words):
    path = csv(FRAME.assign(y2=["1", cell, "3", "4", "5", "6"]))
    with pytest.raises(EmofusionError, match=words):
        features_of(path)
    assert features_of(path, without=["y2"]).shape == (6, 1)


def test_parquet_may_have_lists(tmp_path):
    vectors = [[number, 2.0 * number] for number in range(6)]
    FRAME.assign(vector=vectors).to_parquet(tmp_path / "t.parquet")
    values = features_of(tmp_path / "t.parquet")
    np.testing.assert_array_equal(values[:, 2:], vectors)
    FRAME.assign(vector=[*vectors[:5], [1.0]]).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(EmofusionError, match="the lists in vector have 1 to 2 values"):
        features_of(tmp_path / "t.parquet")
    FRAME.assign(clip=[1, 2, 3, 4, 5, 6]).to_parquet(tmp_path / "t.parquet")
    assert features_of(tmp_path / "t.parquet", CLIPS.assign(clip=list("654321")))[0, 0] == 5


def test_npz_may_have_arrays_of_any_shape(tmp_path):
    path, cube = tmp_path / "t.npz", np.arange(6 * 3 * 4).reshape(6, 3, 4)
    np.savez(path, clip=np.array(NAMES), cube=cube)
    np.testing.assert_array_equal(features_of(path, CLIPS[::-1]), cube[::-1])
    np.savez(path, clip=np.array(NAMES), cube=cube, one=np.ones(6), matrix=np.zeros((6, 2), int))
    with pytest.raises(EmofusionError, match=r"cube has the shape \(6, 3, 4\), so it cannot stand beside"):
        features_of(path)
    assert features_of(path, without=["cube"]).shape == (6, 3)
    np.savez(path, clip=np.array(NAMES), cube=cube[:5])
    with pytest.raises(EmofusionError, match="but there are 6 names in clip"):
        features_of(path)


def test_npz_runs_no_code(tmp_path):
    np.savez(tmp_path / "t.npz", clip=np.array(NAMES, dtype=object), x=np.ones(6))
    with pytest.raises(EmofusionError, match=r"t\.npz: cannot be read: .*allow_pickle"):
        features_of(tmp_path / "t.npz")


def test_what_is_not_there_or_no_table_is_said(tmp_path):
    for name in ("t.csv", "t.parquet", "t.npz"):
        with pytest.raises(EmofusionError, match=r"features\.table=.*there is no such file"):
            Table(table=str(tmp_path / name)).check_present()
        (tmp_path / name).write_bytes(b"PK\x03\x04\x00\xff")
        with pytest.raises(EmofusionError, match=r"cannot be read|has nothing named clip"):
            features_of(tmp_path / name)
    with pytest.raises(EmofusionError, match=r"speech\.features\.table=t\.xlsx: the name must end in \.csv"):
        check(Table(table="t.xlsx"), "speech.features")
    with pytest.raises(EmofusionError, match=r"has nothing named clip, .* there are name, x"):
        pd.DataFrame({"name": ["a"], "x": [1]}).to_csv(tmp_path / "t.csv", index=False)
        features_of(tmp_path / "t.csv")


def test_a_row_without_a_name_is_refused(csv):
    with pytest.raises(EmofusionError, match="row 3 has no name in clip"):
        features_of(csv(FRAME.replace({"c": ""})))


def test_a_feature_set_has_the_numbers(csv, tmp_path):
    features = Table(table=str(csv(FRAME)))
    assert features.planned_shape() is None and features.sources() == [tmp_path / "t.csv"]
    for workers in (1, 2):
        extract(CLIPS, features, tmp_path / f"out{workers}", workers)
        stored = FeatureSet.open([tmp_path / f"out{workers}"])
        np.testing.assert_array_equal(stored.take(range(6)), FRAME[["x", "y2"]].to_numpy(np.float32))
        assert stored.rows["clip"].tolist() == NAMES and not stored.is_sparse
    # another content under the same name is read
    features = Table(table=str(csv(FRAME.assign(z=1.0))))
    assert features.row_shape() == (3,)
