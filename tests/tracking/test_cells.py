"""The run of a cell: its parameters and its figures."""

import pytest

from emofusion.tracking.cells import cell_params, figures

COLUMNS = ["rule", "clips", "actors", "accuracy", "accuracy_low", "accuracy_high", "log_loss", "log_loss_low"]
COLUMNS += ["log_loss_high", "gender_gap", "gender_gap_p"]


@pytest.fixture
def rules(tmp_path):
    rows = [
        ",".join(COLUMNS),
        "speech,96,24,0.5,0.4,0.6,1.5,1.4,1.6,,",
        "face,96,24,0.25,0.2,0.3,1.75,,,0.125,0.01",
        "linear,96,24,0.75,0.7,0.8,1.25,1.2,1.3,-0.5,0.02",
        "product,96,24,0.625,0.6,0.7,1.0,0.9,1.1,0.25,0.03",
    ]
    path = tmp_path / "rules.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_figures_of_the_configured_rule_bear_the_same_names_everywhere(rules):
    found = figures(rules, "linear", ["speech", "face"], ["log_loss", "accuracy", "brier"])
    assert found == {
        "accuracy": 0.75,
        "accuracy_low": 0.7,
        "accuracy_high": 0.8,
        "log_loss": 1.25,
        "log_loss_low": 1.2,
        "log_loss_high": 1.3,
        "gender_gap": -0.5,
        "gender_gap_p": 0.02,
        "clips": 96,
        "actors": 24,
        "speech.accuracy": 0.5,
        "speech.accuracy_low": 0.4,
        "speech.accuracy_high": 0.6,
        "speech.log_loss": 1.5,
        "face.accuracy": 0.25,
        "face.accuracy_low": 0.2,
        "face.accuracy_high": 0.3,
        "face.log_loss": 1.75,
        "face.gender_gap": 0.125,
    }
    product = figures(rules, "product", ["speech", "face"], ["log_loss"])
    assert product["accuracy"] == 0.625 and product["speech.accuracy"] == 0.5


def test_parameters_are_what_varies_and_what_a_figure_can_depend_on(planned):
    plan = planned(override="speech=cnn1d,lstm speech.training.learning_rate=0.001 fusion.weights=null")
    cells = {cell.factors["speech"]: cell_params(plan, cell) for cell in plan.cells.values()}
    assert {name: params["speech.network.kind"] for name, params in cells.items()} == {"cnn1d": "cnn1d", "lstm": "lstm"}
    assert {name: params["speech"] for name, params in cells.items()} == {"cnn1d": "cnn1d", "lstm": "lstm"}
    params = cells["cnn1d"]
    assert params["speech.training.learning_rate"] == "0.001"
    assert params["fusion.weights.speech"] == params["fusion.weights.face"] == "0.5", "the weights that are used"
    assert (params["seed"], params["fusion.rule"], params["protocol.kind"]) == ("0", "linear", "cross_corpus")
    assert params["corpora.demo_savee.demo.people"] == "4"
    assert "fusion.options.stacked.kind" not in params, "the options of a rule that is not the cell's"
    for name in params:
        assert not name.startswith(("published", "tracking", "report", "plugins")), name
        assert name.rpartition(".")[2] not in ("root", "zenodo", "source", "description", "compare"), name


def test_what_the_chosen_rule_chooses_among_and_where_features_come_from_are_parameters(planned):
    override = "fusion.rule=chosen fusion.compare=[log_linear,product_equal] face.features.source=recordings"
    plan = planned(experiment="ravdess_landmarks", override=override)
    (cell,) = plan.cells.values()
    params = cell_params(plan, cell)
    assert (
        params["fusion.compare"] == '["log_linear", "product_equal"]' and params["face.features.source"] == "recordings"
    )
