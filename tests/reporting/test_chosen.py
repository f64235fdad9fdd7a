"""The headline figure in words."""

from dataclasses import replace

import numpy as np
import pandas as pd

from emofusion.reporting.chosen import chosen_in_words

RULES = pd.DataFrame(
    {
        "rule": ["linear", "chosen"],
        "label": ["linear, set weights", "chosen on other folds: product_tuned (4), log_linear (1)"],
        "clips": [1440, 1440],
        "actors": [24, 24],
        "accuracy": [0.8, 1262 / 1440],
        "accuracy_low": [0.7, 0.83664],
        "accuracy_high": [0.9, 0.90714],
        "gender_gap": [0.1, -0.05556],
        "gender_gap_low": [0.0, -0.1257],
        "gender_gap_high": [0.2, 0.0146],
    }
)


def test_the_accuracy_of_the_chosen_rule_stands_with_its_gender_gap(settings):
    assert chosen_in_words(RULES, settings) == (
        "chosen on other folds: product_tuned (4), log_linear (1): accuracy 87.64% [83.66%, 90.71%], gender gap −5.56 "
        "points [−12.57, +1.46], of 1440 clips of 24 actors (95% intervals over actors)"
    )


def test_what_is_not_known_is_left_out(settings):
    alone = RULES.assign(gender_gap=np.nan, accuracy_low=np.nan, accuracy_high=np.nan)
    assert chosen_in_words(alone, settings).startswith(
        "chosen on other folds: product_tuned (4), log_linear (1): accuracy 87.64%, of 1440 clips"
    )
    assert chosen_in_words(RULES[:1], settings) == ""


def test_a_single_modality_has_no_fusion_to_tell_of(settings):
    assert chosen_in_words(RULES, replace(settings, modalities=["speech"])) == ""
