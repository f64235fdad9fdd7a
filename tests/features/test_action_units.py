import zipfile

import numpy as np
import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import names_of_videos
from emofusion.errors import EmofusionError
from emofusion.features.action_units import ActionUnits
from emofusion.features.action_units.columns import COLUMNS
from emofusion.features.action_units.files import find_table
from emofusion.settings.fields import check

CLIP = "03-01-05-02-01-02-12"


def clips_of(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"clip": list(names), "corpus": "mine"})


def performances(*names: str) -> pd.DataFrame:
    """Clips of RAVDESS, with what its reader says about their videos' names."""
    return clips_of(*names).assign(also_named=[names_of_videos(name) for name in names])


def features_of(clips: pd.DataFrame, table, *statistics: str) -> np.ndarray:
    compute = ActionUnits(table=str(table), statistics=list(statistics or ["mean"])).prepare(clips)
    return np.concatenate([compute(clip) for clip in clips.itertuples()])


def openface(values: list[float], success: list[int]) -> pd.DataFrame:
    """As OpenFace writes it: blanks before the names, and more columns than needed; unit n of a frame is value + n."""
    frame = pd.DataFrame(
        {"frame": range(1, len(values) + 1), " confidence": 0.9, " success": success, " gaze_0_x": 0.5}
    )
    units = pd.DataFrame({f" {column}": np.array(values) + number for number, column in enumerate(COLUMNS)})
    return pd.concat([frame, units[units.columns[::-1]]], axis=1)  # the order of columns is not to be relied on


def test_the_columns_are_openfaces():
    assert len(COLUMNS) == 35
    assert sum(column.endswith("_r") for column in COLUMNS) == 17
    assert "AU28_c" in COLUMNS and "AU28_r" not in COLUMNS


def test_means_by_clip_are_read_by_column_name(tmp_path):
    table = pd.DataFrame({column: [number, 10 * number] for number, column in enumerate(COLUMNS)})
    table.insert(0, "clip", [CLIP, "03-01-01-01-01-01-01"])
    table[table.columns[::-1]].to_csv(tmp_path / "means.csv", index=False)
    features = features_of(clips_of("03-01-01-01-01-01-01", CLIP), tmp_path / "means.csv")
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, [10 * np.arange(35), np.arange(35)])


def test_roots_and_shares_of_the_means_stand_where_they_are_named(tmp_path):
    table = pd.DataFrame({column: [float(number**2)] for number, column in enumerate(COLUMNS)})
    table.assign(clip=CLIP).to_csv(tmp_path / "means.csv", index=False)
    features = features_of(clips_of(CLIP), tmp_path / "means.csv", "root", "mean")
    assert features.shape == (1, *ActionUnits(statistics=["root", "mean"]).row_shape()) == (1, 70)
    np.testing.assert_allclose(features[0], [*range(35), *np.arange(35) ** 2])
    shares = features_of(clips_of(CLIP), tmp_path / "means.csv", "share")[0]
    np.testing.assert_allclose(shares[:17], np.arange(17) / np.sqrt(sum(np.arange(17) ** 2)), rtol=1e-6)
    np.testing.assert_allclose(shares[17:], np.arange(17, 35) / np.sqrt(sum(np.arange(17, 35) ** 2)), rtol=1e-6)
    (table * 0).assign(clip=CLIP).to_csv(tmp_path / "still.csv", index=False)
    assert not features_of(clips_of(CLIP), tmp_path / "still.csv", "share").any()
    with pytest.raises(
        EmofusionError,
        match=r"face\.features\.statistics=\[median\]: at least 1 entry, each once",
    ):
        check(ActionUnits(statistics=["median"]), "face.features")


def test_video_files_are_averaged_over_frames_with_a_face(tmp_path):
    folder = tmp_path / "Actor_12"
    folder.mkdir()
    openface([1.0, 99.0, 2.0], [1, 0, 1]).to_csv(folder / "01-01-05-02-01-02-12.csv", index=False)
    np.testing.assert_allclose(features_of(performances(CLIP), tmp_path), [1.5 + np.arange(35)])


def test_of_two_recordings_of_a_performance_the_full_one_counts(tmp_path):
    openface([1.0], [1]).to_csv(tmp_path / "01-01-05-02-01-02-12.csv", index=False)
    openface([2.0], [1]).to_csv(tmp_path / "02-01-05-02-01-02-12.csv", index=False)
    np.testing.assert_allclose(features_of(performances(CLIP), tmp_path), [1 + np.arange(35)])


@pytest.mark.parametrize("named", [True, False], ids=["named", "found in the folder"])
def test_files_are_read_straight_from_an_archive(tmp_path, named):
    path = tmp_path / "FacialTracking_Actors_01-24.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tracking/01-01-05-02-01-02-12.csv", openface([3.0], [1]).to_csv(index=False))
        archive.writestr("tracking/readme.txt", "not a table")
    table = path if named else tmp_path
    np.testing.assert_allclose(features_of(performances(CLIP), table), [3 + np.arange(35)])


def test_other_corpora_match_by_their_whole_name(tmp_path):
    openface([0.0], [1]).to_csv(tmp_path / "AF01ANS.csv", index=False)
    np.testing.assert_allclose(features_of(clips_of("AF01ANS"), tmp_path), [np.arange(35)])


def test_missing_clips_are_counted_and_named(tmp_path):
    openface([0.0], [1]).to_csv(tmp_path / "01-01-05-02-01-02-12.csv", index=False)
    with pytest.raises(EmofusionError, match="2 of 3 clips, for example x, y"):
        features_of(performances(CLIP, "x", "y"), tmp_path)


def test_video_without_any_face_is_named(tmp_path):
    openface([0.0], [0]).to_csv(tmp_path / "01-01-05-02-01-02-12.csv", index=False)
    with pytest.raises(EmofusionError, match=r"no frame of .*01-01-05-02-01-02-12\.csv"):
        features_of(performances(CLIP), tmp_path)


@pytest.mark.parametrize("value", [np.nan, "high"])
def test_values_that_are_not_numbers_are_named(tmp_path, value):
    frame = openface([1.0], [1])
    frame[" AU01_r"] = value
    frame.to_csv(tmp_path / "01-01-05-02-01-02-12.csv", index=False)
    with pytest.raises(EmofusionError, match=r"12\.csv.*(1 frames|'high')"):
        features_of(performances(CLIP), tmp_path)


@pytest.mark.parametrize("content", ["clip,AU01_r\na,1\n", "", "a"])
def test_another_table_is_refused(tmp_path, content):
    (tmp_path / "other.csv").write_text(content)
    with pytest.raises(EmofusionError, match=r"other\.csv"):
        features_of(clips_of("a"), tmp_path / "other.csv")


def test_absent_table_is_named(tmp_path):
    with pytest.raises(EmofusionError, match=r"absent\.csv"):
        features_of(clips_of("a"), tmp_path / "absent.csv")


def test_find_table_prefers_the_means_to_files_by_video(tmp_path):
    with pytest.raises(EmofusionError, match="no action units in"):
        find_table(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "01-01-05-02-01-02-12.csv").touch()
    assert find_table(tmp_path) == tmp_path
    (tmp_path / "openface_au_mean.csv").touch()
    assert find_table(tmp_path).name == "openface_au_mean.csv"


def test_real_table(real_data):
    table = find_table(real_data / "ravdess")
    features = features_of(clips_of("03-01-01-01-01-01-02", "03-01-01-01-01-01-01"), table)
    np.testing.assert_allclose(features[1, :3], [0.071939, 0.061633, 0.933673], rtol=1e-5)
    np.testing.assert_allclose(features[0, -1], 0.137615, rtol=1e-5)


def test_the_corpus_folder_is_the_table_where_none_is_set():
    assert ActionUnits().for_corpus("data/ravdess").table == "data/ravdess"
    assert ActionUnits(table="mine.csv").for_corpus("data/ravdess").table == "mine.csv"
    with pytest.raises(EmofusionError, match="no table of action units is named"):
        ActionUnits().prepare(clips_of(CLIP))


def sources(table) -> list[str]:
    return [str(path.relative_to(table)) for path in ActionUnits(table=str(table)).sources()]


def test_sources_are_the_files_that_are_read(tmp_path, monkeypatch):
    assert ActionUnits().sources() == [] and ActionUnits(table=str(tmp_path / "absent.csv")).sources() == []
    for name in ("b/2.CSV", "a/1.csv", ".hidden/3.csv", "a/.4.csv", "__MACOSX/5.csv", "a/readme.txt", "a/inner.zip"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("FacialTracking.zip", "sound.tar", ".hidden.zip"):
        (tmp_path / name).touch()
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    monkeypatch.setattr(zipfile, "ZipFile", None)  # no file is opened: these are no archives at all
    assert sources(tmp_path) == ["FacialTracking.zip", "a/1.csv", "b/2.CSV"]
    assert ActionUnits(table=str(tmp_path / "FacialTracking.zip")).sources() == [tmp_path / "FacialTracking.zip"]
    (tmp_path / "openface_au_mean.csv").touch()
    assert sources(tmp_path) == ["openface_au_mean.csv"]


def test_sources_hold_every_file_that_prepare_reads(tmp_path):
    (tmp_path / "a").mkdir()
    openface([0.0], [1]).to_csv(tmp_path / "a" / "01-01-05-02-01-02-12.csv", index=False)
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("01-01-05-02-01-02-13.csv", openface([3.0], [1]).to_csv(index=False))
    assert sources(tmp_path) == ["a/01-01-05-02-01-02-12.csv", "more.zip"]
    assert len(features_of(performances(CLIP, "03-01-05-02-01-02-13"), tmp_path)) == 2
