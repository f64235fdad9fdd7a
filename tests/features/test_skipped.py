"""Clips whose files are good and whose features fail: they stop the job, or are skipped and listed with the reason."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy import sparse

from emofusion.counted import read_notes
from emofusion.errors import EmofusionError, Lacking
from emofusion.features.acoustic_statistics import AcousticStatistics
from emofusion.features.common.extract import extract
from emofusion.features.common.feature_set import FeatureSet
from emofusion.features.common.rows_of_clip import LACKING, SKIPPED
from emofusion.features.common.skipped import read_skipped
from emofusion.features.functionals import Functionals
from emofusion.features.table import Table
from emofusion.settings.kinds import Features

NUMBERS = range(20)
CLIPS = pd.DataFrame({"clip": [f"c{number:02}" for number in NUMBERS], "corpus": "mine"})
CLIPS["audio"] = [f"/somewhere/{clip}.wav" for clip in CLIPS["clip"]]
CAUSES = {2: "nan", 5: "error", 9: "lacking", 16: "1e39"}


@dataclass
class Failing(Features):
    """A clip's number in one row, and of every third clip in two. The clips of `CAUSES` have other rows, or none."""

    kind: str = "failing"
    sparse: ClassVar[bool] = False

    def dtype(self):
        return np.dtype(np.float32)

    def row_shape(self):
        return (3,)

    def rows_of(self, clip):
        return 1 + (int(clip.clip[1:]) % 3 == 0)

    def prepare(self, clips):
        return self.rows

    def rows(self, clip):
        number = int(clip.clip[1:])
        cause = CAUSES.get(number)
        if cause == "error":
            raise EmofusionError(f"{clip.audio} has too little sound.")
        if cause == "lacking":
            raise Lacking(f"{clip.clip} shows no face")
        return np.full((self.rows_of(clip), 3), float(cause or number))


@dataclass
class FailingSparse(Failing):
    kind: str = "failing_sparse"
    sparse: ClassVar[bool] = True

    def rows(self, clip):
        return sparse.csr_array(super().rows(clip))


@pytest.mark.parametrize("kind", [Failing, FailingSparse])
def test_clips_whose_features_fail_are_skipped_and_listed(tmp_path, kind):
    extract(CLIPS, kind(), tmp_path, 1, on_bad_clip="skip")
    features = FeatureSet.open([tmp_path])
    expected = [number for number in NUMBERS if number not in CAUSES for _ in range(1 + (number % 3 == 0))]
    assert features.take(range(len(features)))[:, 1].tolist() == expected
    assert features.rows["clip"].tolist() == [f"c{number:02}" for number in expected]
    assert features.rows["row"].tolist() == list(range(len(expected)))
    reasons = read_skipped([tmp_path])
    assert list(reasons) == ["c02", "c05", "c16"]
    assert (
        reasons["c05"] == f"features of kind {kind.kind}: c05.wav has too little sound."
    )  # the file without its folder
    for clip in ("c02", "c16"):
        assert f"3 of 3 values of the clip {clip} are not finite numbers ({clip}.wav)" in reasons[clip]
    notes = {(what, number) for _, what, number, _ in read_notes(tmp_path)}
    assert notes == {(SKIPPED, 3), (LACKING, 1)}


@pytest.mark.parametrize("kind", [Failing, FailingSparse])
def test_such_a_clip_stops_the_job_otherwise_and_the_message_says_what_to_type(tmp_path, kind):
    with pytest.raises(EmofusionError) as refused:
        extract(CLIPS, kind(), tmp_path, 1)
    assert "values of the clip c02 are not finite numbers" in str(refused.value)
    assert "corpora.mine.exclude=['c02']" in str(refused.value)
    assert str(refused.value).endswith("corpora.mine.on_bad_clip=skip")
    assert not (tmp_path / "features.npy").exists()


def test_features_that_fail_for_all_clips_are_refused(tmp_path):
    clips = CLIPS.iloc[[2, 5, 9]].reset_index(drop=True)
    with pytest.raises(EmofusionError, match=r"corpora\.mine\.on_bad_clip=skip skips all of them.*the clip c02"):
        extract(clips, Failing(), tmp_path, 1, on_bad_clip="skip")
    assert not (tmp_path / "features.npy").exists()


def test_an_error_of_the_code_is_no_bad_clip(tmp_path, monkeypatch):
    monkeypatch.setattr(Failing, "rows", lambda features, clip: 1 / int(clip.clip[1:]))
    with pytest.raises(ZeroDivisionError) as raised:
        extract(CLIPS, Failing(), tmp_path, 1, on_bad_clip="skip")
    assert raised.value.__notes__ == ["This happened in features of kind failing of the clip c00."]
    monkeypatch.setattr(Failing, "rows", lambda features, clip: np.zeros((7, 3)))
    with pytest.raises(EmofusionError, match="declare"):
        extract(CLIPS, Failing(), tmp_path, 1, on_bad_clip="skip")


@pytest.mark.parametrize(
    ("features", "seconds", "said"),
    [
        (AcousticStatistics(features=["mel"], mel=8), 0.06, "has 0.060 s of sound, too few for statistics"),
        (Functionals(), 0.03, "openSMILE finds no finite functionals in c1.wav"),
    ],
    ids=["acoustic_statistics", "functionals"],
)
def test_a_recording_that_is_too_short_for_the_features(tmp_path, features, seconds, said):
    rows = []
    for number, length in enumerate((0.6, seconds, 0.5)):
        path = tmp_path / f"c{number}.wav"
        soundfile.write(path, 0.3 * np.sin(np.arange(round(16000 * length)) / 20), 16000)
        rows.append({"clip": f"c{number}", "corpus": "mine", "audio": str(path)})
    extract(pd.DataFrame(rows), features, tmp_path / "out", 1, on_bad_clip="skip")
    (reason,) = read_skipped([tmp_path / "out"]).values()
    assert said in reason and str(tmp_path) not in reason
    assert FeatureSet.open([tmp_path / "out"]).rows["clip"].tolist() == ["c0", "c2"]


def test_rows_of_a_table_that_cannot_be_used(tmp_path):
    clips = pd.DataFrame({"clip": list("abcde"), "corpus": "mine", "emotion": ["happy", "sad", "sad", "happy", "sad"]})
    path = tmp_path / "numbers.csv"
    path.write_text("clip,x,y\na,1,5\nb,,6\nc,3,7\nd,4,inf\ne,5,9\n", encoding="utf-8")
    with pytest.raises(EmofusionError, match=r"2 clips have a value .* such as x of b.*exclude=\['b','d'\]"):
        extract(clips, Table(table=str(path)), tmp_path / "stops", 1)
    extract(clips, Table(table=str(path)), tmp_path / "out", 1, on_bad_clip="skip")
    assert read_skipped([tmp_path / "out"]) == {
        "b": "numbers.csv: x is empty or not finite",
        "d": "numbers.csv: y is empty or not finite",
    }
    features = FeatureSet.open([tmp_path / "out"])
    assert features.rows["clip"].tolist() == list("ace") and features.take([2]).tolist() == [[5, 9]]
