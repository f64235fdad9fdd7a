"""The model card says what a report says, and what the figures are not."""

import json

import pandas as pd
import pytest

from emofusion.fusion.linear import Linear
from emofusion.plan.settings import FusionSettings, PredictionsSettings
from emofusion.scoring.bundle import Bundle, Member, ModalityModel
from emofusion.scoring.card import write_card


def bundle(normalised=False, weights="folds"):
    member = Member("members/0", "speech-mlp", [], PredictionsSettings(1, "full"), False, normalised, 0)
    models = [ModalityModel("speech", [member], "linear")]
    fusion = FusionSettings("linear", [], {"speech": 1.0}, 4, "auto")
    made = ({"numpy": "2.4"}, "0.6.0")
    return Bundle("x", "A title", "x-1", ["happy", "sad"], models, weights, Linear(), fusion, True, 5, *made)


@pytest.fixture
def published(tmp_path):
    """A report, whose tables have just what the card reads."""

    def write(leaks=False):
        rules = pd.DataFrame({"rule": ["linear", "speech"], "label": ["linear, set weights", "Speech alone"]})
        rules = rules.assign(accuracy=[0.8125, 0.75], accuracy_low=[0.7, 0.6], accuracy_high=[0.9, 0.85], log_loss=0.5)
        rules.assign(clips=96, actors=8, leaks_speakers=leaks).to_csv(tmp_path / "rules.csv", index=False)
        gender = {"rule": ["linear"], "emotion": "all", "female": 0.9, "male": 0.725, "female_clips": 48}
        gender |= {"male_clips": 48, "gap": -0.175, "low": -0.3, "high": -0.05}
        pd.DataFrame(gender).to_csv(tmp_path / "gender.csv", index=False)
        trained = {"modality": ["speech"], "corpus": "mine", "group": "gender", "level": "female", "people": 4}
        pd.DataFrame(trained | {"clips": 48}).to_csv(tmp_path / "trained.csv", index=False)
        (tmp_path / "summary.json").write_text(json.dumps({"warnings": ["A warning of the report."]}))
        return tmp_path

    return write


def test_figures_stand_with_counts_and_intervals(published, tmp_path):
    text = write_card(bundle(), published(), tmp_path)
    assert text == (tmp_path / "model_card.md").read_text().rstrip("\n")
    for said in (
        "# A title",
        "the networks of 5 folds of the experiment x",
        "96 test clips of 8 actors",
        "81.25% [70.00%, 90.00%]",
        "Women: 90.00% of 48 clips; men: 72.50% of 48 clips. The gap is −17.50 [−30.00, −5.00] points",
        "A warning of the report.",
        "whose actors trained none of the networks that scored them",
        "Made by emofusion 0.6.0 from the report x-1, with numpy 2.4.",
    ):
        assert said in text
    assert "transductive" not in text


def test_a_protocol_that_leaks_and_speakers_own_clips_are_told(published, tmp_path):
    text = write_card(bundle(normalised=True, weights="all"), published(leaks=True), tmp_path)
    assert "so the figures do not hold for new people" in text and "trained none of" not in text
    assert "features of speech were normalised on all clips of each tested speaker" in text
    assert "one further training of each network on all actors" in text
