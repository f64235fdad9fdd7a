"""Files and rows are matched to clips exactly, or refused: the action units of one clip are never another's."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.features.action_units import ActionUnits
from emofusion.features.action_units.columns import COLUMNS


def write_units(path, value: float) -> None:
    """A file of OpenFace whose units all have one value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"frame": [1], " confidence": [0.98], " success": [1]})
    frame.assign(**{f" {column}": value for column in COLUMNS}).to_csv(path, index=False)


def write_means(path, rows: list[tuple[str, float]]) -> None:
    means = pd.DataFrame([{"clip": clip, **dict.fromkeys(COLUMNS, value)} for clip, value in rows])
    means.to_csv(path, index=False)


def units_of(table, *clips: str, **columns) -> list[float]:
    """The first unit of each clip."""
    frame = pd.DataFrame({"clip": list(clips), "corpus": "mine", **columns})
    compute = ActionUnits(table=str(table)).prepare(frame)
    return [float(compute(clip)[0, 0]) for clip in frame.itertuples()]


@pytest.mark.parametrize(
    "names",
    [
        ("01-happy", "02-happy"),
        ("01-a", "03-a"),
        ("12-01", "13-01"),
        ("01-01-03-01-01-01-01", "02-01-03-01-01-01-01"),
        ("x", "01-x"),
        ("HAPPY", "happy"),
    ],
)
@pytest.mark.parametrize("kind", ["files", "rows", "archive"])
def test_names_that_differ_in_their_beginning_are_different_people(tmp_path, names, kind):
    for value, name in zip((1.0, 5.0), names, strict=True):
        write_units(tmp_path / "units" / f"{name}.csv", value)
    table = tmp_path / "units"
    if kind == "rows":
        table = tmp_path / "means.csv"
        write_means(table, list(zip(names, (1.0, 5.0), strict=True)))
    elif kind == "archive":
        table = tmp_path / "units.zip"
        with zipfile.ZipFile(table, "w") as archive:
            for name in names:
                archive.write(tmp_path / "units" / f"{name}.csv", f"openface/{name}.csv")
    assert units_of(table, *names) == [1, 5] and units_of(table, *names[::-1]) == [5, 1]


def test_a_clip_never_gets_what_belongs_to_another(tmp_path):
    write_units(tmp_path / "01-happy.csv", 1)
    with pytest.raises(EmofusionError, match=r"of 1 of 2 clips, for example 02-happy.*exclude=\['02-happy'\]"):
        units_of(tmp_path, "01-happy", "02-happy")
    write_means(tmp_path / "means.csv", [("01-01-03-01-01-01-01", 1)])
    with pytest.raises(EmofusionError, match="of 1 of 1 clips, for example 03-01-03-01-01-01-01"):
        units_of(tmp_path / "means.csv", "03-01-03-01-01-01-01")  # as the corpus does not say that it is the same


def test_two_files_of_one_name_are_ambiguous(tmp_path):
    write_units(tmp_path / "train" / "x.csv", 1)
    write_units(tmp_path / "dev" / "x.csv", 5)
    with pytest.raises(EmofusionError, match=r"several .* of the clip x: .*dev/x\.csv, train/x\.csv"):
        units_of(tmp_path, "x")
    assert units_of(tmp_path, "train/x", "dev/x") == [1, 5]
    with pytest.raises(EmofusionError, match=r"no .* for example test/x"):
        units_of(tmp_path, "test/x")


def test_the_same_file_twice_counts_once(tmp_path):
    for folder in ("a", "b/c"):
        write_units(tmp_path / folder / "x.csv", 2)
    assert units_of(tmp_path, "x") == [2]
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.write(tmp_path / "a" / "x.csv", "x.csv")
    assert units_of(tmp_path, "x") == [2]
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("x.csv", (tmp_path / "a" / "x.csv").read_text().replace("2", "3"))
    with pytest.raises(EmofusionError, match="several"):
        units_of(tmp_path, "x")


def test_one_file_for_two_clips_is_ambiguous(tmp_path):
    write_units(tmp_path / "dev" / "x.csv", 1)
    with pytest.raises(EmofusionError, match="belong to the clip x as well as to the clip dev/x"):
        units_of(tmp_path, "x", "dev/x")


def test_two_rows_of_one_clip_are_ambiguous_unless_they_are_the_same(tmp_path):
    write_means(tmp_path / "means.csv", [("x", 1), ("y", 3), ("x", 1)])
    assert units_of(tmp_path / "means.csv", "x", "y") == [1, 3]
    write_means(tmp_path / "means.csv", [("x", 1), ("y", 3), ("x", 5)])
    with pytest.raises(EmofusionError, match=r"several rows of action units of the clip x"):
        units_of(tmp_path / "means.csv", "x", "y")


def test_further_names_count_where_a_clip_has_none_of_its_own(tmp_path):
    for value, name in enumerate(["02-a", "01-a", "01-b", "03-b"]):
        write_units(tmp_path / f"{name}.csv", value)
    assert units_of(tmp_path, "03-a", "03-b", also_named=["01-a|02-a", "01-b|02-b"]) == [1, 3]
    assert units_of(tmp_path, "02-a", "03-b", also_named=[None, np.nan]) == [0, 3]


def test_advice_keeps_what_is_left_out_already(tmp_path):
    write_units(tmp_path / "a.csv", 1)
    clips = pd.DataFrame({"clip": ["a", "b [2]"], "corpus": "mine"})
    clips.attrs["exclude"] = {"mine": ["c.wav"], "other": ["d.wav"]}
    with pytest.raises(EmofusionError, match=r"corpora\.mine\.exclude=\['c\.wav','b \[\[\]2\[\]\]'\]"):
        ActionUnits(table=str(tmp_path)).prepare(clips)
