"""The table of rules and the annotations: each figure where it belongs, against the predictions themselves."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss

from emofusion.predictions.table import labels, posteriors
from emofusion.reporting.annotations import annotation_table
from emofusion.reporting.numbers import points
from emofusion.reporting.rules import comparison_tables, markdown
from emofusion.tables import classes_of


@pytest.fixture
def tables(results, facts) -> dict[str, pd.DataFrame]:
    return comparison_tables(results.evaluation, results.rules, results.parameters, facts)


def test_one_row_a_rule_with_the_figures_of_its_predictions(tables, results, fusion):
    table = tables["rules"].set_index("rule")
    assert list(table.index) == ["speech", "face", *results.rules["rule"].unique()]
    systems = {name: rows[rows["split"] == "test"] for name, rows in results.modalities.items()}
    systems |= dict(iter(fusion.rules.groupby("rule")))
    for name, rows in systems.items():
        rows, found = rows.reset_index(drop=True), table.loc[name]
        guessed, truth = labels(rows), rows["emotion"]
        assert found["accuracy"] == pytest.approx(accuracy_score(truth, guessed))
        assert found["unweighted_average_recall"] == pytest.approx(balanced_accuracy_score(truth, guessed))
        assert found["macro_f1"] == pytest.approx(f1_score(truth, guessed, average="macro"))
        order = sorted(classes_of(rows))
        shares = posteriors(rows)[:, [classes_of(rows).index(emotion) for emotion in order]]
        assert found["log_loss"] == pytest.approx(log_loss(truth, shares, labels=order), rel=1e-6)
        right = pd.Series(guessed == truth)
        by_gender = right.groupby(rows["gender"]).mean()
        assert found["gender_gap"] == pytest.approx(by_gender["male"] - by_gender["female"])
        assert found["accuracy_male"] == pytest.approx(by_gender["male"])
        women_sad = (rows["gender"] == "female") & (rows["emotion"] == "sad")
        assert found["accuracy_female_sad"] == pytest.approx(right[women_sad].mean())
        assert found["accuracy_female_sad_clips"] == women_sad.sum() and found["clips"] == 160
        assert found["accuracy_low"] <= found["accuracy"] <= found["accuracy_high"]
    assert table["kind"].to_dict()["linear_oracle"] == "oracle" and table.loc["speech", "kind"] == "modality"
    assert table.loc["log_linear", "fitted_on"] == "test clips of other actors (cross-fitted)"


def test_differences_from_the_configured_rule_have_its_sign(tables, settings):
    """The configured rule is in the middle of the pairs, so that both orders are there."""
    table = tables["rules"].set_index("rule")
    base = table.loc["linear", "accuracy"]
    assert np.isnan(table.loc["linear", "difference"])
    others = table.drop(index="linear")
    np.testing.assert_allclose(others["difference"], others["accuracy"] - base)
    assert (others["difference_low"] <= others["difference"] + 1e-12).all()
    assert (others["difference"] <= others["difference_high"] + 1e-12).all()


def test_every_table_says_what_it_rests_on(tables):
    assert all({"protocol", "leaks_speakers", "normalised_by_speaker", "data"} <= set(t) for t in tables.values())
    assert "against" in tables["narrowed"] and "rule" in tables["subsets"] and "figures" not in tables


def test_annotations_are_settings_of_the_sweep_with_their_accuracy(tables, settings):
    found = annotation_table(tables, settings)
    assert found[["annotation", "rule"]].to_numpy().tolist() == [
        ["configured", "linear"],
        ["paper", "linear"],
        ["tuned", "linear"],
        ["oracle", "linear"],
        ["oracle", "product"],
    ]
    assert found.loc[0, ["weight_speech", "weight_face"]].tolist() == [0.7, 0.3]
    test = tables["sweep"].query("split == 'test' and gender == 'all' and emotion == 'all'")
    for row in found[found["annotation"].isin(["configured", "paper", "oracle"])].itertuples():
        at = test[(test["rule"] == row.rule) & np.isclose(test["weight_speech"], row.weight_speech)]
        assert row.accuracy == at["accuracy"].item()
    oracles = found[found["annotation"] == "oracle"].set_index("rule")["accuracy"]
    assert oracles.to_dict() == test.groupby("rule")["accuracy"].max().to_dict()
    tuned = found[found["annotation"] == "tuned"].iloc[0]
    learnt = tables["parameters"].query("rule == 'linear_tuned' and name == 'weight_speech'")["value"]
    assert tuned["weight_speech"] == pytest.approx(learnt.mean()) and len(learnt) == 2
    assert tuned["accuracy"] == tables["rules"].set_index("rule").loc["linear_tuned", "accuracy"]
    assert "cross-fitted" in tuned["note"]


def test_annotations_without_a_paper_or_with_a_rule_that_finds_its_own_weights(tables, settings):
    settings = replace(settings, published=None, rule="log_linear")
    assert annotation_table(tables, settings)["annotation"].tolist() == ["tuned", "oracle", "oracle"]


def rows_of(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")][1:]


def test_the_table_to_read_is_sorted_by_name_and_names_oracles(tables, facts):
    """The order must not depend on a figure of test clips."""
    text = markdown(tables["rules"], facts)
    assert [row[0] for row in rows_of(text)] == [
        "Speech alone",
        "Facial expression alone",
        "**linear, set weights**",
        "linear, tuned weights",
        "log-linear pool, a fitted exponent for each modality",
        "majority of votes",
        "product, set weights",
        "linear, best weights on test (oracle)",
    ]
    turned = tables["rules"].assign(accuracy=1 - tables["rules"]["accuracy"], log_loss=-tables["rules"]["log_loss"])
    assert [row[0] for row in rows_of(markdown(turned, facts))] == [row[0] for row in rows_of(text)]
    assert "160 test clips of 9 actors" in text and "95% intervals over actors" in text


def test_differences_have_both_p_values_but_for_the_configured_rule_and_oracles(tables, facts):
    table = tables["rules"].set_index("label")
    for cells in rows_of(markdown(tables["rules"], facts)):
        row, p, adjusted = table.loc[cells[0].strip("*")], cells[-3], cells[-2]
        if row["rule"] == "linear" or row["kind"] == "oracle":
            assert (p, adjusted) == ("–", "–") and pd.isna(row["sign_flip_p"])
        else:
            assert (p, adjusted) == (f"{row['sign_flip_p']:.4f}", f"{row['sign_flip_p_max_t']:.4f}")
            assert row["sign_flip_p_max_t"] >= row["sign_flip_p"]
            assert row["compared"] == (2 if row["kind"] == "modality" else 4)
        gap, difference = cells[-5], cells[-4]
        assert gap.startswith(points(row["gender_gap"])) and not gap.count("-") + gap.count("%")
        assert difference.startswith(points(row["difference"])) and "%" not in difference
    head = markdown(tables["rules"], facts).splitlines()[0]
    assert " Gender gap, points |" in head and " Against the configured rule, points |" in head
    first = tables["rules"].assign(sign_flip_p=0.00001)
    assert "<0.0001" in markdown(first, facts) and "0.0000" not in markdown(first, facts)


def test_what_a_test_of_the_gap_can_find_is_told_with_its_uncertainty(tables, facts):
    table = tables["rules"]
    names = [f"gender_gap_minimum_detectable{end}" for end in ("", "_low", "_high")]
    told = markdown(table.assign(**dict(zip(names, (0.141, 0.1, 0.28), strict=True))), facts)
    assert "a gender gap of 14.10 points in four of five studies (80% power)" in told
    assert "an interval from 10.00 to 28.00" in told
    for value in (1.2, np.nan):
        assert "no test would reliably detect" in markdown(table.assign(**dict.fromkeys(names, value)), facts)
    assert "There is no gender gap" in markdown(table.assign(gender_gap=np.nan), facts)


def test_the_label_of_the_chosen_rule_names_its_choice(results, facts):
    learnt = pd.DataFrame({"rule": "log_linear", "group": [0, 1, 2], "clips": 9, "name": "chosen_x", "value": 1.0})
    others = learnt.assign(name="log_loss_x", value=0.4)
    for names, shown in ((["chosen_x"] * 3, ": x"), (["chosen_y", "chosen_x", "chosen_y"], ": y (2), x (1)")):
        parameters = pd.concat([learnt.assign(name=names), others])
        table = comparison_tables(results.evaluation, results.rules, parameters, facts)["rules"].set_index("rule")
        assert table.loc["log_linear", "label"] == f"log-linear pool, a fitted exponent for each modality{shown}"
        assert table.loc["linear", "label"] == "linear, set weights"
