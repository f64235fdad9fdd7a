"""Standardising on each speaker's own clips."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.settings.training import Training
from emofusion.training.standardise import SpeakerNormalised, with_speaker_normalisation


@pytest.fixture
def three_speakers(tmp_path):
    """Three speakers of five clips of 4 channels over 6 frames, the first two clips with a second view; a clip of
    nobody."""
    random = np.random.default_rng(0)
    values = random.normal(3, 2, (18, 4, 6)).astype(np.float32)
    values[5:10] = 10 * values[5:10] - 40
    values[:5, 2] = 7.0  # a constant channel
    np.save(tmp_path / "features.npy", values)
    clips = [f"c{number}" for number in range(15)]
    rows = pd.DataFrame({"clip": [*clips, "c0", "c1", "nobody's"], "row": range(18), "frame": 0, "view": 0})
    rows.loc[[15, 16], "view"] = 1
    write_rows(rows, tmp_path)
    table = pd.DataFrame({"clip": clips, "actor": np.repeat(["ann", "bob", "eve"], 5)})
    return FeatureSet.open([tmp_path]), pd.concat([table.assign(fold=0), table.assign(fold=1)]), values


def test_each_speakers_clips_have_mean_0_and_deviation_1(three_speakers):
    features, clips, values = three_speakers
    normalised = SpeakerNormalised(features, clips)
    assert normalised.shape == (4, 6) and len(normalised) == 18 and normalised.stamp() == features.stamp()
    for start in (0, 5, 10):
        clips_of_one = values[start : start + 5].astype(np.float64)
        deviation = clips_of_one.std(axis=(0, 2), keepdims=True)
        deviation[deviation < 1e-9] = 1
        expected = (clips_of_one - clips_of_one.mean(axis=(0, 2), keepdims=True)) / deviation
        taken = normalised.take(np.arange(start, start + 5))
        assert taken.dtype == np.float32
        np.testing.assert_allclose(taken, expected, atol=1e-5)


def test_other_views_are_scaled_by_themselves(three_speakers):
    features, clips, values = three_speakers
    clips_of_one = values[15:17].astype(np.float64)
    expected = (values[15, 0] - clips_of_one[:, 0].mean()) / clips_of_one[:, 0].std()
    np.testing.assert_allclose(SpeakerNormalised(features, clips).take([15])[0, 0], expected, atol=1e-5)


def test_rows_without_channels_over_time(three_speakers, tmp_path):
    _, clips, values = three_speakers
    flat = tmp_path / "flat"
    flat.mkdir()
    np.save(flat / "features.npy", values[:15, :, 0])
    write_rows(pd.DataFrame({"clip": clips["clip"][:15], "row": range(15), "frame": 0, "view": 0}), flat)
    taken = SpeakerNormalised(FeatureSet.open([flat]), clips).take(np.arange(15))
    np.testing.assert_allclose(taken[5:10].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(taken[5:10].std(axis=0), 1, atol=1e-5)


def test_features_are_normalised_only_where_the_setting_says_so(three_speakers):
    features, clips, _ = three_speakers
    training = Training(epochs=1, learning_rate=1e-3)
    assert with_speaker_normalisation(features, clips, training) is features
    normalised = with_speaker_normalisation(features, clips, replace(training, speaker_normalisation=True))
    assert isinstance(normalised, SpeakerNormalised)


def test_a_clip_of_nobody_or_of_two_speakers_is_refused(three_speakers):
    features, clips, _ = three_speakers
    with pytest.raises(EmofusionError, match="not in the split"):
        SpeakerNormalised(features, clips).take([3, 17])
    with pytest.raises(EmofusionError, match="c3 has two speakers"):
        SpeakerNormalised(features, pd.concat([clips, pd.DataFrame({"clip": ["c3"], "actor": ["bob"]})]))
