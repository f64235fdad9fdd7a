"""Standardising on each speaker's own clips."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from emofusion.errors import EmofusionError
from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.settings.training import Training
from emofusion.training.scaled import Standardise
from emofusion.training.standardise import SpeakerEnrolled, SpeakerNormalised, with_speaker_normalisation


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


@pytest.fixture
def enrolled(three_speakers):
    """The same features; of each speaker, the second and then the first clip are enrolment clips."""
    features, clips, values = three_speakers
    number = clips["clip"].str[1:].astype(int) % 5
    split = clips.assign(split=np.where(clips["actor"] == "ann", "test", "train"), enrolment=0)
    split.loc[number == 1, "enrolment"] = 1
    split.loc[number == 0, "enrolment"] = 2
    split.loc[(split["enrolment"] > 0) & (split["actor"] == "ann"), "split"] = "enrolment"
    return features, split, values


@pytest.mark.parametrize(("number", "of_each"), [(1, [1]), (2, [0, 1])])
def test_the_mean_of_a_speakers_enrolment_clips_is_subtracted(enrolled, number, of_each):
    features, split, values = enrolled
    centred = with_speaker_normalisation(
        features, split, Training(epochs=1, learning_rate=1, enrolment=number, enrolment_weight=0.75)
    )
    for start in (0, 5, 10):
        mean = values[[start + place for place in of_each]].astype(np.float64).mean(axis=(0, 2), keepdims=True)
        taken = centred.take(np.arange(start, start + 5))
        assert taken.dtype == np.float32
        np.testing.assert_allclose(taken, values[start : start + 5] - 0.75 * mean, atol=1e-5)


def test_other_views_are_centred_on_the_same_view_of_the_enrolment_clips(three_speakers):
    features, clips, values = three_speakers
    split = clips.assign(enrolment=(clips["clip"].isin(["c0", "c5", "c10"])).astype(int))
    np.testing.assert_allclose(
        SpeakerEnrolled(features, split, 1).take([15, 16]), values[15:17] - values[15].mean(axis=1)[:, None], atol=1e-5
    )


def test_other_clips_of_a_speaker_change_nothing(enrolled):
    """Unlike the normalisation on all clips: it would be transductive."""
    features, split, values = enrolled
    before = SpeakerEnrolled(features, split, 2).take([0, 1, 4])
    changed = values.copy()
    changed[[2, 3]] += 100
    np.save(features.folders[0] / "features.npy", changed)
    features = FeatureSet.open(features.folders)
    assert np.array_equal(SpeakerEnrolled(features, split, 2).take([0, 1, 4]), before)
    assert np.abs(SpeakerNormalised(features, split).take([0, 1, 4]) - before).max() > 1


def test_a_speaker_without_enough_enrolment_clips_is_refused(enrolled):
    features, split, _ = enrolled
    with pytest.raises(
        EmofusionError, match=r"training\.enrolment=3: of the enrolment clips of ann, 2 have features, and 2 "
    ):
        SpeakerEnrolled(features, split, 3)
    fewer = split[~((split["actor"] == "bob") & (split["enrolment"] == 1))]
    with pytest.raises(EmofusionError, match="of the enrolment clips of bob, 1 have features"):
        SpeakerEnrolled(features, fewer, 2)
    with pytest.raises(EmofusionError, match=r"set protocol\.enrolment\.clips=2"):
        SpeakerEnrolled(features, split.drop(columns="enrolment"), 2)


def test_values_far_off_are_set_to_the_limit(tmp_path):
    """A speaker's one odd clip, and a view that the statistics do not come from."""
    values = np.random.default_rng(1).normal(size=(400, 2)).astype(np.float32)
    values[0, 0], values[399, 1] = 1e6, -316_020
    np.save(tmp_path / "features.npy", values)
    clips = [f"c{number}" for number in range(399)]
    view = [0] * 399 + [1]
    write_rows(pd.DataFrame({"clip": [*clips, "c0"], "row": range(400), "frame": 0, "view": view}), tmp_path)
    features = FeatureSet.open([tmp_path])
    speakers = pd.DataFrame({"clip": clips, "actor": "ann"})
    for limit, largest in ((10.0, 10.0), (None, np.sqrt(398))):  # the largest possible z of one in n values
        assert np.abs(SpeakerNormalised(features, speakers, limit).take(range(399))).max() == pytest.approx(largest)
        scaler = Standardise((2,), limit)
        scaler.fit(features, np.arange(399))
        scaled = scaler(torch.from_numpy(values))
        assert scaled[0, 0].item() == pytest.approx(largest)
        assert (scaled[399, 1] == -10.0) if limit else (scaled[399, 1] < -250_000)
        inside = values[:, 1].clip(-9, 9) == values[:, 1]
        expected = (values[:, 1] - values[:399, 1].mean()) / values[:399, 1].std()
        np.testing.assert_allclose(scaled[inside, 1], expected[inside], atol=1e-4)
