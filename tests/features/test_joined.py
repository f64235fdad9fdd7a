"""Joined features: rows side by side, of the clips that have all parts."""

import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.features.acoustic_statistics import AcousticStatistics
from emofusion.features.action_units import ActionUnits
from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.features.common.joined import JoinedFeatures, open_features
from emofusion.features.functionals import Functionals
from emofusion.features.joined import Joined
from emofusion.features.pixels import Pixels
from emofusion.features.table import Table
from emofusion.settings.fields import check


def a_set(folder, clips, views=(0,), width=2, frames=1):
    """A feature set with the values 100 * (number of the clip) + 10 * view + column."""
    rows = [(clip, frame, view) for clip in clips for frame in range(frames) for view in views]
    values = [[100 * int(clip[1:]) + 10 * view + column for column in range(width)] for clip, _, view in rows]
    folder.mkdir()
    np.save(folder / "features.npy", np.array(values, np.float32))
    write_rows(pd.DataFrame(rows, columns=["clip", "frame", "view"]).assign(row=range(len(rows))), folder)
    return folder


def test_rows_of_a_clip_stand_side_by_side_whatever_their_order(tmp_path):
    folders = [a_set(tmp_path / "a", ["c1", "c2", "c3"]), a_set(tmp_path / "b", ["c3", "c1"], width=3)]
    joined = open_features(folders, ["voice", "face"])
    assert joined.rows["clip"].tolist() == ["c1", "c3"] and joined.rows["row"].tolist() == [0, 1]
    assert joined.shape == (5,) and len(joined) == 2 and not joined.is_sparse
    assert joined.columns == {"voice": slice(0, 2), "face": slice(2, 5)}
    np.testing.assert_array_equal(joined.take([1, 0]), [[300, 301, 300, 301, 302], [100, 101, 100, 101, 102]])
    assert joined.take([0]).dtype == np.float32
    assert len(joined.stamp()) == 2


def test_a_part_without_altered_copies_stands_beside_all_of_the_others(tmp_path):
    first = FeatureSet.open([a_set(tmp_path / "a", ["c1", "c2"], views=(0, 1))])
    second = FeatureSet.open([a_set(tmp_path / "b", ["c1", "c2"], width=1)])
    joined = JoinedFeatures({"a": first, "b": second})
    assert joined.rows[["clip", "view"]].to_numpy().tolist() == [["c1", 0], ["c1", 1], ["c2", 0], ["c2", 1]]
    np.testing.assert_array_equal(joined.take([1, 2]), [[110, 111, 100], [200, 201, 200]])


def test_the_corpora_of_each_part_follow_each_other(tmp_path):
    folders = [a_set(tmp_path / name, [clip]) for name, clip in (("a", "c1"), ("b", "c2"), ("c", "c1"), ("d", "c2"))]
    joined = open_features(folders, ["x", "y"])
    assert [part.folders for part in joined.parts.values()] == [folders[:2], folders[2:]]
    assert joined.rows["clip"].tolist() == ["c1", "c2"]
    assert isinstance(open_features(folders[:2], []), FeatureSet)


def test_frames_and_parts_without_a_common_clip_are_refused(tmp_path):
    one, frames = a_set(tmp_path / "a", ["c1"]), a_set(tmp_path / "b", ["c1"], frames=2)
    with pytest.raises(EmofusionError, match="the features face have several frames of a clip"):
        open_features([one, frames], ["voice", "face"])
    with pytest.raises(EmofusionError, match="no clip has all of the joined features voice, face"):
        open_features([one, a_set(tmp_path / "c", ["c2"])], ["voice", "face"])


def test_parts_of_parts_have_the_names_of_both():
    speech = Joined(parts={"statistics": AcousticStatistics(), "egemaps": Functionals()})
    joined = Joined(parts={"speech": speech, "face": ActionUnits(statistics=["root"])})
    check(joined, "both.features")
    assert list(joined.leaves()) == ["speech.statistics", "speech.egemaps", "face"]
    width = AcousticStatistics().row_shape()[0] + 88 + 35
    assert joined.row_shape() == joined.planned_shape() == (width,)
    assert joined.medium_of(["audio"]) == "audio" and not joined.several_rows_are_views()
    assert Joined(parts={"a": Functionals(), "b": Table(table="x.csv")}).planned_shape() is None


BAD = [
    ({}, r"both\.features\.parts="),
    ({"a": Pixels()}, r"both\.features\.parts\.a\.kind=pixels: pictures and sparse features"),
    ({"a.b": Functionals()}, r"both\.features\.parts\.a\.b: the name of a part has no point"),
    (
        {"a": Functionals(speeds=[0.9]), "b": AcousticStatistics(speeds=[0.9, 1.1])},
        r"both\.features\.parts\.a\.speeds=\[0\.9\], both\.features\.parts\.b\.speeds=\[0\.9, 1\.1\]: altered copies",
    ),
    ({"a": Functionals(set="gemaps")}, r"both\.features\.parts\.a\.set=gemaps"),
]


@pytest.mark.parametrize(("parts", "message"), BAD)
def test_what_cannot_be_joined_is_refused(parts, message):
    with pytest.raises(EmofusionError, match=message):
        check(Joined(parts=parts), "both.features")
