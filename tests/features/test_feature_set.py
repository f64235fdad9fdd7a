import pickle
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emofusion.errors import EmofusionError
from emofusion.features.acoustic import compute as acoustic
from emofusion.features.common.feature_set import FeatureSet, extract, write_rows
from emofusion.features.pixels import compute as pixels
from emofusion.settings.schema import Acoustic, AcousticStatistics

PIXELS = {"kind": "pixels", "size": 32, "frames": 2}
ACOUSTIC = asdict(
    Acoustic(duration=0.5, mfcc=13, mel=64, features=["mfcc", "pitch", "mel", "contrast"]),
)


def pictures(folder, count: int, first: int = 0) -> pd.DataFrame:
    folder.mkdir(exist_ok=True)
    rows = []
    for number in range(first, first + count):
        path = folder / f"{number}.png"
        Image.new("RGB", (8, 8), (number, 2 * number, 100)).save(path)
        rows.append({"clip": f"clip{number}", "image": str(path), "video": None})
    return pd.DataFrame(rows)


def sounds(folder, count: int) -> pd.DataFrame:
    import soundfile

    generator = np.random.default_rng(0)
    rows = []
    for number in range(count):
        path = folder / f"{number}.wav"
        soundfile.write(path, generator.normal(0, 0.1, 9000), 16000)
        rows.append({"clip": f"s{number}", "audio": str(path)})
    return pd.DataFrame(rows)


def test_rows_keep_the_order_of_the_clips(tmp_path):
    clips = pictures(tmp_path / "in", 40).iloc[::-1]
    extract(clips, PIXELS, tmp_path / "out", workers=1)
    features = FeatureSet.open([tmp_path / "out"])
    assert (len(features), features.shape, features.dtype) == (40, (3, 32, 32), np.uint8)
    assert features.rows["clip"].tolist() == clips["clip"].tolist()
    assert features.rows["row"].tolist() == list(range(40))
    np.testing.assert_array_equal(features.take(range(40))[:, 0, 0, 0], np.arange(39, -1, -1))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["features.npy", "rows.parquet"]


def test_the_number_of_workers_does_not_change_the_result(tmp_path):
    clips = sounds(tmp_path, 20)
    for workers in (1, 2):
        extract(clips, ACOUSTIC, tmp_path / f"out{workers}", workers)
    assert (tmp_path / "out1/features.npy").read_bytes() == (tmp_path / "out2/features.npy").read_bytes()
    assert np.load(tmp_path / "out1/features.npy").shape == (20, *acoustic.row_shape(ACOUSTIC))
    expected = acoustic.prepare(clips, ACOUSTIC)(list(clips.itertuples())[17])
    np.testing.assert_allclose(FeatureSet.open([tmp_path / "out2"]).take([17]), expected, rtol=1e-4, atol=1e-4)


def test_a_clip_may_have_several_rows(tmp_path, monkeypatch):
    clips = pictures(tmp_path / "in", 3)
    monkeypatch.setattr(pixels, "rows_of", lambda clip, settings: 1 + (clip.clip == "clip1"))
    monkeypatch.setattr(
        pixels,
        "prepare",
        lambda clips, settings: lambda clip: np.full((1 + (clip.clip == "clip1"), 3, 32, 32), int(clip.clip[-1])),
    )
    extract(clips, PIXELS, tmp_path / "out", workers=1)
    features = FeatureSet.open([tmp_path / "out"])
    assert features.rows["clip"].tolist() == ["clip0", "clip1", "clip1", "clip2"]
    assert features.take([0, 1, 2, 3])[:, 0, 0, 0].tolist() == [0, 1, 1, 2]


def test_other_speeds_are_views_to_train_on(tmp_path):
    settings = asdict(AcousticStatistics(features=["mel"], mel=8, speeds=[0.9, 1.1]))
    extract(sounds(tmp_path, 2), settings, tmp_path / "out", workers=1)
    rows = FeatureSet.open([tmp_path / "out"]).rows
    assert rows["clip"].tolist() == ["s0"] * 3 + ["s1"] * 3
    assert rows["view"].tolist() == [0, 1, 2] * 2 and rows["frame"].tolist() == [0] * 6


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
    extract(pictures(tmp_path / "in", 1, first=90), {**PIXELS, "size": 48}, tmp_path / "c", workers=1)
    with pytest.raises(EmofusionError, match="use the same feature settings"):
        FeatureSet.open([two_folders[0], tmp_path / "c"])


def test_the_same_clip_in_two_folders_is_refused(two_folders):
    with pytest.raises(EmofusionError, match="more than one corpus, for example clip0"):
        FeatureSet.open([two_folders[0], two_folders[0]])


def test_an_incomplete_folder_is_named(tmp_path):
    with pytest.raises(EmofusionError, match=r"features\.npy"):
        FeatureSet.open([tmp_path])


@pytest.mark.parametrize("workers", [1, 2])
def test_an_unreadable_file_is_named_and_nothing_looks_finished(tmp_path, workers):
    clips = pictures(tmp_path / "in", 20)
    (tmp_path / "in" / "18.png").write_bytes(b"broken")
    with pytest.raises(EmofusionError, match=r"18\.png"):
        extract(clips, PIXELS, tmp_path / "out", workers)
    assert not (tmp_path / "out" / "features.npy").exists()


def test_no_clips_and_unknown_kinds_are_said(tmp_path):
    clips = pictures(tmp_path / "in", 1)
    with pytest.raises(EmofusionError, match="no clips"):
        extract(clips.iloc[:0], PIXELS, tmp_path / "out", 1)
    with pytest.raises(EmofusionError, match="no features of kind smell; choose out of acoustic"):
        extract(clips, {"kind": "smell"}, tmp_path / "out", 1)


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
