"""Computing features of clips into a feature set."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse

from emofusion.counted import read_notes
from emofusion.errors import EmofusionError, Lacking
from emofusion.features.acoustic import Acoustic
from emofusion.features.acoustic_statistics import AcousticStatistics
from emofusion.features.common import unfinished
from emofusion.features.common.extract import LACKING, extract
from emofusion.features.common.feature_set import FeatureSet
from emofusion.features.pixels import Pixels
from emofusion.settings import plugins, registry
from emofusion.settings.kinds import Features

PIXELS = Pixels(size=32, frames=2)
ACOUSTIC = Acoustic(duration=0.5, mfcc=13, mel=64, features=["mfcc", "pitch", "mel", "contrast"])


@pytest.fixture(autouse=True)
def processes_for_little_work_too(monkeypatch):
    monkeypatch.setattr(unfinished, "_WORTH_STARTING", 0.0)


def pictures(folder: Path, count: int) -> pd.DataFrame:
    folder.mkdir(exist_ok=True)
    rows = []
    for number in range(count):
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
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"features.npy", "notes.csv", "rows.parquet", "skipped.csv"}
    assert (tmp_path / "out" / "skipped.csv").read_text(encoding="utf-8") == "clip,reason\n"


def test_the_number_of_workers_does_not_change_the_result(tmp_path):
    clips = sounds(tmp_path, 20)
    for workers in (1, 2):
        extract(clips, ACOUSTIC, tmp_path / f"out{workers}", workers)
    assert (tmp_path / "out1/features.npy").read_bytes() == (tmp_path / "out2/features.npy").read_bytes()
    assert np.load(tmp_path / "out1/features.npy").shape == (20, *ACOUSTIC.row_shape())
    expected = ACOUSTIC.prepare(clips)(list(clips.itertuples())[17])
    np.testing.assert_allclose(FeatureSet.open([tmp_path / "out2"]).take([17]), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("worth_starting", "started"), [(1e6, []), (0.0, [2])])
def test_processes_are_started_for_much_work_only(tmp_path, monkeypatch, worth_starting, started):
    processes, compute = [], unfinished.Unfinished._compute_in_processes
    monkeypatch.setattr(unfinished, "_WORTH_STARTING", worth_starting)
    monkeypatch.setattr(
        unfinished.Unfinished, "_compute_in_processes", lambda *given: (processes.append(given[2]), compute(*given))
    )
    extract(pictures(tmp_path / "in", 40), PIXELS, tmp_path / "out", workers=2)
    assert processes == started
    assert FeatureSet.open([tmp_path / "out"]).take(range(40))[:, 0, 0, 0].tolist() == list(range(40))


@dataclass
class Numbers(Features):
    """A clip's number, in two rows for clip1."""

    kind: str = "numbers"
    declared: ClassVar[tuple[int, ...]] = (3,)

    def dtype(self):
        return np.dtype(np.uint8)

    def row_shape(self):
        return self.declared

    def rows_of(self, clip):
        return 1 + (clip.clip == "clip1")

    def prepare(self, clips):
        return lambda clip: np.full((self.rows_of(clip), 3), int(clip.clip[-1]))


def test_a_clip_may_have_several_rows(tmp_path):
    extract(pictures(tmp_path / "in", 3), Numbers(), tmp_path / "out", workers=1)
    features = FeatureSet.open([tmp_path / "out"])
    assert features.rows["clip"].tolist() == ["clip0", "clip1", "clip1", "clip2"]
    assert features.rows["frame"].tolist() == [0, 0, 1, 0] and features.rows["view"].tolist() == [0] * 4
    assert features.take([0, 1, 2, 3])[:, 0].tolist() == [0, 1, 1, 2]


def test_rows_of_another_shape_than_declared_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Numbers, "declared", (4,))
    with pytest.raises(EmofusionError, match=r"numbers: clip0 has rows of shape \(1, 3\), but .* declare \(1, 4\)"):
        extract(pictures(tmp_path / "in", 3), Numbers(), tmp_path / "out", workers=1)
    assert not (tmp_path / "out" / "features.npy").exists()


@dataclass
class Broken(Features):
    """A made-up kind: one value for each clip, that of clip1 no finite number."""

    kind: str = "broken"
    value: float = float("nan")
    sparse: ClassVar[bool] = False

    def dtype(self):
        return np.dtype(np.float32)

    def row_shape(self):
        return (1,)

    def prepare(self, clips):
        return lambda clip: self.row(self.value if clip.clip == "clip1" else 1.0)

    def row(self, value):
        return np.array([[value]])


@dataclass
class BrokenSparse(Broken):
    """The same in a sparse set."""

    kind: str = "broken_sparse"
    sparse: ClassVar[bool] = True

    def row(self, value):
        return sparse.csr_array([[value]], dtype=np.float32)


@pytest.mark.parametrize("kind", [Broken, BrokenSparse])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39])
def test_values_that_are_not_finite_are_never_written_and_the_clip_is_named(tmp_path, kind, value):
    said = rf"{kind.kind}: 1 of 1 values of the clip clip1 are not finite numbers \(.*1\.png\).*exclude=\['clip1'\]"
    with pytest.raises(EmofusionError, match=said):
        extract(pictures(tmp_path / "in", 3).assign(corpus="mine"), kind(value=value), tmp_path / "out", workers=1)
    assert not (tmp_path / "out" / "features.npy").exists()


def test_other_speeds_are_views_to_train_on(tmp_path):
    features = AcousticStatistics(features=["mel"], mel=8, speeds=[0.9, 1.1])
    extract(sounds(tmp_path, 2), features, tmp_path / "out", workers=1)
    rows = FeatureSet.open([tmp_path / "out"]).rows
    assert rows["clip"].tolist() == ["s0"] * 3 + ["s1"] * 3
    assert rows["view"].tolist() == [0, 1, 2] * 2 and rows["frame"].tolist() == [0] * 6


@pytest.mark.parametrize("workers", [1, 2])
def test_an_unreadable_file_is_named_and_nothing_looks_finished(tmp_path, workers):
    clips = pictures(tmp_path / "in", 20)
    (tmp_path / "in" / "18.png").write_bytes(b"broken")
    with pytest.raises(EmofusionError, match=r"18\.png"):
        extract(clips, PIXELS, tmp_path / "out", workers)
    assert not (tmp_path / "out" / "features.npy").exists()


def test_no_clips_and_unknown_kinds_are_refused(tmp_path):
    clips = pictures(tmp_path / "in", 1)
    with pytest.raises(EmofusionError, match="no clips"):
        extract(clips.iloc[:0], PIXELS, tmp_path / "out", 1)
    with pytest.raises(
        EmofusionError,
        match=r"features\.kind=smell: no such kind; there are acoustic, acoustic_contours, acoustic_stat",
    ):
        registry.kind("features", "smell", "face.features.kind")


PLUGIN = """
from dataclasses import dataclass
from functools import partial

import numpy as np

from emofusion.settings.kinds import Features
from helper_of_the_plugin import length


@dataclass
class NameLength(Features):
    kind: str = "name_length"

    def dtype(self):
        return np.dtype(np.float32)

    def row_shape(self):
        return (1,)

    def prepare(self, clips):
        return partial(of_clip, features=self)


def of_clip(clip, features):
    assert isinstance(features, NameLength)
    return np.full((1, 1), length(clip.clip))
"""


def test_features_of_a_plugin_are_computed_by_other_processes_too(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.setattr(registry, "register", lambda: None)  # other tests have nothing to do with this kind
    (tmp_path / "mine.py").write_text(PLUGIN)
    (tmp_path / "helper_of_the_plugin.py").write_text("length = len\n")
    features = registry.load_plugin(tmp_path / "mine.py").NameLength()
    clips = pd.DataFrame({"clip": ["x" * number for number in range(1, 41)]})
    extract(clips, features, tmp_path / "out", workers=2)
    assert FeatureSet.open([tmp_path / "out"]).take(range(40))[:, 0].tolist() == list(range(1, 41))


@dataclass
class Sparing(Numbers):
    """As Numbers, and clips whose number can be divided by three have nothing to compute it from."""

    kind: str = "sparing"

    def prepare(self, clips):
        return _sparing


def _sparing(clip):
    number = int(clip.clip.removeprefix("clip"))
    if number % 3 == 0:
        raise Lacking(f"{clip.clip} shows no face")
    return np.full((2 if number == 1 else 1, 3), number, dtype=np.uint8)


def test_clips_without_recordings_get_no_features_and_are_counted(tmp_path):
    clips = sounds(tmp_path, 4).assign(corpus="mine")
    silent = pd.DataFrame([{"clip": "s9", "audio": None, "corpus": "mine"}])
    every = pd.concat([clips[:2], silent, clips[2:]], ignore_index=True)
    left_out = extract(every, ACOUSTIC, tmp_path / "out", workers=1)
    features = FeatureSet.open([tmp_path / "out"])
    assert features.rows["clip"].tolist() == ["s0", "s1", "s2", "s3"] and len(features) == 4
    ends = "ends of recordings, beyond the window of 0.5 s"  # each lasts 0.56 s
    assert read_notes(tmp_path / "out") == [("acoustic of mine", LACKING, 1, 1), ("acoustic of mine", ends, 4, 4)]
    assert left_out == {f"s{number}": {ends: 1} for number in range(4)}
    with pytest.raises(Lacking, match="1 clips have no sound, for example s9"):
        extract(silent, ACOUSTIC, tmp_path / "none", workers=1)


def test_clips_that_turn_out_to_show_nothing_get_no_features(tmp_path):
    clips = pd.DataFrame({"clip": [f"clip{number}" for number in range(40)], "corpus": "mine"})
    extract(clips, Sparing(), tmp_path / "out", workers=1)
    features = FeatureSet.open([tmp_path / "out"])
    expected = [number for number in range(40) if number % 3 for _ in range(2 if number == 1 else 1)]
    assert features.take(range(len(features)))[:, 0].tolist() == expected
    assert features.rows["clip"].tolist() == [f"clip{number}" for number in expected]
    assert read_notes(tmp_path / "out") == [("sparing of mine", LACKING, 14, 14)]


def test_features_that_no_clip_has_are_refused(tmp_path):
    clips = pd.DataFrame({"clip": ["clip0", "clip3"], "corpus": "mine"})
    with pytest.raises(Lacking, match="none of the 2 clips has anything to compute sparing features from"):
        extract(clips, Sparing(), tmp_path / "out", workers=1)
    assert not (tmp_path / "out" / "features.npy").exists()
