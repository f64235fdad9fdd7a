"""The length of a window follows the longest recording, where no duration is set."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from emofusion.counted import read_notes
from emofusion.errors import EmofusionError, Lacking
from emofusion.features.acoustic import Acoustic
from emofusion.features.acoustic_statistics import AcousticStatistics
from emofusion.features.common.extract import extract
from emofusion.features.common.feature_set import FeatureSet
from emofusion.features.common.sound.lengths import longest, seconds_of
from emofusion.features.common.sound.waveform import load
from emofusion.settings.fields import check

FOLLOWS = Acoustic(features=["centroid", "flatness"], pitch=None)


def recordings(folder: Path, corpus: str, *seconds: float, rate: int = 16000) -> pd.DataFrame:
    """Clips of noise, quieter from one to the next."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{corpus}{number}.wav" for number in range(len(seconds))]
    for path, length in zip(paths, seconds, strict=True):
        noise = np.random.default_rng(0).normal(0, 0.1, round(length * rate))
        soundfile.write(path, noise, rate)
    return pd.DataFrame({"clip": [path.stem for path in paths], "audio": [str(path) for path in paths]}).assign(
        corpus=corpus
    )


def test_the_longest_recording_decides_for_all_corpora(tmp_path):
    one = recordings(tmp_path / "a", "a", 0.4, 0.81)
    two = recordings(tmp_path / "b", "b", 1.23, 0.2, rate=8000)
    for number, (clips, beside) in enumerate([(one, two), (two, one)]):
        extract(clips, FOLLOWS, tmp_path / f"out{number}", 1, recorded=[clips, beside])
    together = FeatureSet.open([tmp_path / "out0", tmp_path / "out1"])  # rows of one shape
    assert together.shape == (2, 1 + round(1.3 * 16000) // 256)
    extract(one, replace(FOLLOWS, duration=1.3), tmp_path / "set", 1)
    assert np.array_equal(FeatureSet.open([tmp_path / "set"]).take([0, 1]), together.take([0, 1]))
    extract(one, FOLLOWS, tmp_path / "alone", 1)
    assert FeatureSet.open([tmp_path / "alone"]).shape == (2, 1 + round(0.9 * 16000) // 256)


def test_reports_are_told_the_window_and_what_is_beyond_it(tmp_path):
    clips = recordings(tmp_path / "a", "a", 0.4, 0.8, 1.2)
    for duration, window, cut in ((None, "1.2", 0), (0.5, "0.5", 2)):
        for kind in (FOLLOWS, AcousticStatistics(features=["centroid", "flatness"], pitch=None)):
            features = replace(kind, duration=duration)
            out = tmp_path / f"{kind.kind}-{window}"
            extract(clips, features, out, 1)
            what = f"ends of recordings, beyond the window of {window} s"
            assert read_notes(out) == [(f"{kind.kind} of a", what, cut, cut)]


def test_lengths_are_those_of_the_files(tmp_path):
    clips = recordings(tmp_path, "a", 0.5, 1.75, 0.9)
    path, seconds = longest(clips)
    assert path.name == "a1.wav" and seconds == pytest.approx(1.75)
    silent = pd.DataFrame({"clip": ["none"], "audio": [None]})
    assert longest(pd.concat([clips[:1], silent]))[1] == pytest.approx(0.5)
    with pytest.raises(Lacking, match="none of the 1 clips has sound"):
        longest(silent)
    (tmp_path / "bad.wav").write_text("no sound at all, but long enough to be read as a header of some kind")
    with pytest.raises(EmofusionError, match=r"bad\.wav"):
        seconds_of(tmp_path / "bad.wav")


def test_the_sound_track_of_a_video_has_a_length_too(tmp_path):
    import av

    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        track = container.add_stream("aac", rate=16000, layout="mono")
        noise = np.random.default_rng(0).normal(0, 0.1, (1, 16000 * 3 // 2)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
        frame.sample_rate = 16000
        for packet in [*track.encode(frame), *track.encode(None)]:
            container.mux(packet)
    # its coder has whole frames, and the window has to hold the last one
    assert seconds_of(path) == len(load(path, 16000, None)) / 16000 > 1.5


def test_a_recording_that_is_too_long_for_all_rows_is_named(tmp_path):
    clips = recordings(tmp_path, "a", 0.4, 700, rate=1000)
    with pytest.raises(EmofusionError, match=r"a1\.wav lasts 700\.0 s, .*Set the features' duration"):
        FOLLOWS.for_recordings(clips)


def test_the_plan_checks_the_longest_shape_before_the_recordings_are_there():
    check(FOLLOWS, "speech.features")
    assert FOLLOWS.planned_shape() == (2, 37501) and FOLLOWS.follows_recordings()
    fixed = replace(FOLLOWS, duration=1.0)
    assert fixed.planned_shape() == (2, 63) and not fixed.follows_recordings() and fixed.for_recordings(None) is fixed
