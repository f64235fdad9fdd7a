"""Tables that stages hand on: checked when they are written, and when something else wrote them."""

import pandas as pd
import pandera.pandas as pa
import pytest

from emofusion import tables
from emofusion.errors import EmofusionError
from emofusion.tables import fingerprint, read_table, sorted_by, write_table

SCHEMA = pa.DataFrameSchema(
    {"clip": pa.Column(str), "share": pa.Column("float64", pa.Check.in_range(0, 1), nullable=True)}, unique=["clip"]
)
FRAME = pd.DataFrame({"clip": ["b", "a", "é"], "share": [0.1, 1 / 3, float("nan")]})


@pytest.fixture
def checked(monkeypatch):
    """The tables that were checked."""
    seen, check = [], tables.check

    def spy(frame, schema, name):
        seen.append(name)
        return check(frame, schema, name)

    monkeypatch.setattr(tables, "check", spy)
    return seen


def test_a_table_is_checked_once(tmp_path, checked):
    path = tmp_path / "table.parquet"
    write_table(FRAME, path, SCHEMA)
    read = read_table(path, SCHEMA)
    pd.testing.assert_frame_equal(read, FRAME, check_exact=True)
    assert checked == [path] and read.attrs == FRAME.attrs == {}
    assert [file.name for file in tmp_path.iterdir()] == ["table.parquet"]


def test_the_same_table_is_the_same_file(tmp_path):
    for name in ("one.parquet", "two.parquet"):
        write_table(FRAME, tmp_path / name, SCHEMA)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (FRAME.assign(share=[0.1, 1.5, 0.2]), "share: in_range.* fails for 1.5"),
        (FRAME.assign(share=[1, 0, 1]), "share: dtype"),
        (FRAME.assign(clip=["a", "a", "b"]), "clip"),
        (FRAME.drop(columns="share"), "column_in_dataframe fails for share"),
    ],
)
def test_a_wrong_table_is_named_whoever_wrote_it(tmp_path, wrong, message):
    path = tmp_path / "table.parquet"
    with pytest.raises(EmofusionError, match=rf"table\.parquet is not the table it should be: .*{message}"):
        write_table(wrong, path, SCHEMA)
    assert not path.exists()
    wrong.to_parquet(path, index=False)
    with pytest.raises(EmofusionError, match=rf"table\.parquet is not the table it should be: .*{message}"):
        read_table(path, SCHEMA)


@pytest.mark.parametrize(
    "other",
    [
        SCHEMA.add_columns({"more": pa.Column(str, required=False)}),
        SCHEMA.update_column("share", checks=pa.Check.in_range(0, 0.2)),
        SCHEMA.update_column("share", nullable=False),
        SCHEMA.update_column("share", required=False),
        pa.DataFrameSchema(SCHEMA.columns),
        pa.DataFrameSchema(SCHEMA.columns, unique=["clip"], strict=True),
        pa.DataFrameSchema(SCHEMA.columns, unique=["clip"], checks=pa.Check(lambda frame: len(frame) > 0)),
    ],
)
def test_a_table_that_was_checked_against_another_schema_is_checked(tmp_path, checked, other):
    path = tmp_path / "table.parquet"
    write_table(FRAME[:1], path, SCHEMA)
    read_table(path, other)
    assert checked == [path, path] and fingerprint(other) != fingerprint(SCHEMA)


def test_a_file_that_is_cut_short_is_named(tmp_path):
    path = tmp_path / "table.parquet"
    write_table(FRAME, path, SCHEMA)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(EmofusionError, match=r"cannot read the table .*table\.parquet"):
        read_table(path, SCHEMA)


def test_rows_are_sorted_by_an_order_and_stay_in_theirs_within_it():
    frame = pd.DataFrame({"rule": ["b", "a", "b", "c"], "number": range(4)})
    assert sorted_by(frame, "rule", ["c", "b", "a"])["number"].tolist() == [3, 0, 2, 1]
