import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emofusion.errors import EmofusionError
from emofusion.features.common import feature_set
from emofusion.features.common.extract import extract
from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.features.pixels import Pixels

PIXELS = Pixels(size=32, frames=2)


def pictures(folder, count: int, first: int = 0) -> pd.DataFrame:
    folder.mkdir(exist_ok=True)
    rows = []
    for number in range(first, first + count):
        path = folder / f"{number}.png"
        Image.new("RGB", (8, 8), (number, 2 * number, 100)).save(path)
        rows.append({"clip": f"clip{number}", "image": str(path), "video": None})
    return pd.DataFrame(rows)


@pytest.fixture
def two_folders(tmp_path) -> list:
    extract(pictures(tmp_path / "in", 5), PIXELS, tmp_path / "a", workers=1)
    extract(pictures(tmp_path / "in", 4, first=50), PIXELS, tmp_path / "b", workers=1)
    return [tmp_path / "a", tmp_path / "b"]


def test_several_folders_are_one_set(two_folders):
    features = FeatureSet.open(two_folders)
    assert len(features) == 9
    assert features.rows["row"].tolist() == list(range(9))
    assert features.rows["clip"].tolist()[4:6] == ["clip4", "clip50"]
    assert features.take([8, 0, 5, 0])[:, 0, 0, 0].tolist() == [53, 0, 50, 0]
    assert features.take([]).shape == (0, 3, 32, 32)


@pytest.mark.parametrize("index", [9, -1])
def test_rows_outside_are_refused(two_folders, index):
    with pytest.raises(IndexError, match="rows go from 0 to 8"):
        FeatureSet.open(two_folders).take([0, index])


def test_pickling_carries_paths_and_not_the_content(two_folders):
    features = FeatureSet.open(two_folders)
    pickled = pickle.dumps(features)
    assert len(pickled) < 1000
    np.testing.assert_array_equal(pickle.loads(pickled).take([7]), features.take([7]))


def test_folders_of_other_shapes_are_refused(two_folders, tmp_path):
    extract(pictures(tmp_path / "in", 1, first=90), Pixels(size=48), tmp_path / "c", workers=1)
    with pytest.raises(EmofusionError, match="use the same feature settings"):
        FeatureSet.open([two_folders[0], tmp_path / "c"])


def test_the_same_clip_in_two_folders_is_refused(two_folders):
    with pytest.raises(EmofusionError, match="more than one corpus, for example clip0"):
        FeatureSet.open([two_folders[0], two_folders[0]])


def test_an_incomplete_folder_is_named(tmp_path):
    with pytest.raises(EmofusionError, match=r"features\.npy"):
        FeatureSet.open([tmp_path])


LARGE = """
import resource, sys
import numpy as np
from emofusion.features.common.feature_set import FeatureSet

features = FeatureSet.open([sys.argv[1]])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
order = np.random.default_rng(0).permutation(len(features))
for start in range(0, len(order), 32):
    features.take(order[start : start + 32])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_reading_a_large_set_takes_little_memory(tmp_path):
    rows = 5000
    # VGG16's activations before its last block: a file with a hole in it
    np.lib.format.open_memmap(tmp_path / "features.npy", "w+", dtype=np.float16, shape=(rows, 512, 14, 14))
    write_rows(pd.DataFrame({"clip": map(str, range(rows)), "row": range(rows), "frame": 0, "view": 0}), tmp_path)
    done = subprocess.run([sys.executable, "-c", LARGE, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200_000  # KiB, of a file of a million


def test_large_files_are_read_without_a_memory_map_and_give_the_same(two_folders, monkeypatch):
    features, order = FeatureSet.open(two_folders), [8, 3, 4, 5, 6, 0, 0, 7, 1, 2]
    expected = features.take(order)
    monkeypatch.setattr(feature_set, "_LARGE", 0)
    monkeypatch.setattr(features, "_arrays", [_Unread(array) for array in features._arrays])
    np.testing.assert_array_equal(features.take(order), expected)
    assert features.take([]).shape == (0, 3, 32, 32)
    for taken in (features.take([number]) for number in range(9)):
        assert taken.flags.writeable and taken.flags.c_contiguous


class _Unread:
    """The facts of an array, without its values."""

    def __init__(self, array):
        self.nbytes, self.offset, self.shape, self.dtype = array.nbytes, array.offset, array.shape, array.dtype
