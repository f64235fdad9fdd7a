"""Whether another seed would change a model, and the models behind a cell."""

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan.draws import Draws
from emofusion.plan.make import plan_file
from emofusion.settings.registry import kinds

FOREST = "sklearn.ensemble.RandomForestClassifier"


@pytest.mark.parametrize(
    ("network", "settings", "draws"),
    [
        ("cnn1d", {}, True),
        ("mlp", {}, True),
        ("kernel_ridge", {}, False),
        ("sklearn", {"estimator": "sklearn.svm.SVC", "settings": {"random_state": 3}}, False),
        ("sklearn", {"estimator": "sklearn.discriminant_analysis.LinearDiscriminantAnalysis"}, False),
        ("sklearn", {"estimator": FOREST}, True),
        # what cannot be imported here is not said to draw nothing
        ("sklearn", {"estimator": "no_such_library.Ridge"}, True),
    ],
)
def test_a_network_says_whether_another_seed_gives_another_model(network, settings, draws):
    assert kinds("networks")[network](**settings).draws_at_random() == draws


@pytest.mark.parametrize(
    ("experiment", "override", "draws"),
    [
        ("posteriors", "", False),  # nothing is trained
        ("ravdess_best", "", False),  # kernel ridge regression
        # the face is a kernel machine; the voice is a network that is drawn
        ("ravdess_openface", "", True),
        # networks that are only compared have no part in a cell's accuracy
        ("ravdess_best", "report.compare={speech: [kernels, cnn1d_deep]}", False),
    ],
)
def test_a_cell_draws_where_a_model_does_that_it_fuses(repository, tmp_path, experiment, override, draws):
    plan = plan_file(repository / "conf", experiment, override or None, tmp_path / "results")
    (cell,) = plan.cells.values()
    assert Draws(plan).at_random(plan.stage(cell.report).inputs["fusion"]) == draws
    assert Draws(plan).at_random(cell.report) == (draws or "compare" in override)


@pytest.mark.parametrize(
    ("experiment", "modality", "changes"),
    [
        ("ravdess_best", "speech", ""),
        ("ravdess_best", "face", ""),
        ("meld_text", "text", "text.network.estimator=sklearn.linear_model.LinearRegression text.network.settings={} "),
    ],
)
def test_members_that_would_all_be_the_same_are_refused(repository, tmp_path, experiment, modality, changes):
    override = f"{modality}.training.members=2"
    message = f"{override}: {modality}.network draws nothing at random, .* set {modality}.training.members=1"
    with pytest.raises(EmofusionError, match=message):
        plan_file(repository / "conf", experiment, changes + override, tmp_path / "results")
