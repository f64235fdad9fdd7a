import pandas as pd
import pytest

from emofusion.reporting.comparison import compare_networks, markdown
from emofusion.reporting.results import TrainedModel


@pytest.fixture
def history():
    """Two seeds of two folds and three epochs; the epoch of lowest validation loss is the second."""
    rows = []
    for seed, shift in ((0, 0.0), (1, 0.4)):
        for fold in (0, 1):
            for epoch, (train, validation) in enumerate([(2.0, 2.1), (1.0, 1.5), (0.5, 1.7)]):
                loss = validation + shift + fold * 0.2
                rows.append((seed, fold, epoch, train, 0.5, loss, 0.3 + 0.1 * epoch + 0.2 * seed, 1.0 + epoch))
    columns = ["seed", "fold", "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]
    return pd.DataFrame(rows, columns=[*columns, "seconds"])


@pytest.mark.parametrize(("keep", "loss", "gap", "accuracy"), [("best", 1.8, 0.8, 0.5), ("last", 2.0, 1.5, 0.6)])
def test_networks_are_compared_at_their_kept_epochs(facts, history, keep, loss, gap, accuracy):
    model = TrainedModel(12345, 345, keep, ("CPU", "NVIDIA H200"))
    table = compare_networks({"speech": {"lstm": history}}, {"speech": {"lstm": model}}, facts)
    row = table.iloc[0]
    assert (row["parameters"], row["parameters_trained"], row["seeds"], row["folds"]) == (12345, 345, 2, 2)
    assert (row["epochs"], row["seconds_per_epoch"]) == (3, 2.0)
    assert row["validation_loss"] == pytest.approx(loss) and row["gap"] == pytest.approx(gap)
    assert row["validation_accuracy"] == pytest.approx(accuracy)
    # two seeds 0.4 apart in loss and 0.2 in accuracy: deviations of n - 1
    assert row["validation_loss_sd"] == pytest.approx(0.4 / 2**0.5)
    assert row["validation_accuracy_sd"] == pytest.approx(0.2 / 2**0.5)
    assert row["train_loss_sd"] == 0
    assert row["device"] == "CPU, NVIDIA H200"
    text = markdown(table)
    assert (
        "CPU, NVIDIA H200" in text
        and "Speech: lstm" in text
        and "12,345" in text
        and "2 × 2" in text
        and f"{gap:.2f} ± 0.28" in text
    )


def test_one_seed_has_no_deviation(facts, history):
    model = TrainedModel(5, 5, "best", ("CPU",))
    table = compare_networks({"face": {"mlp": history.query("seed == 0")}}, {"face": {"mlp": model}}, facts)
    assert table["gap_sd"].isna().all() and "±" not in markdown(table).splitlines()[2]


def test_what_is_fitted_at_once_has_no_training_loss(facts, history):
    """It is the loss on clips that the model has learnt by heart."""
    model = TrainedModel(5, 5, "last", ("CPU",))
    at_once = history.query("epoch == 0")
    table = compare_networks({"face": {"kernels": at_once}}, {"face": {"kernels": model}}, facts)
    text = markdown(table)
    row = [cell.strip() for cell in text.splitlines()[2].strip("|").split("|")]
    assert row[4] == "1" and (row[6], row[8]) == ("–", "–")
    assert row[7].startswith(f"{table.loc[0, 'validation_loss']:.2f} ±")
    assert "A model of one epoch has no training loss here" in text
    several = compare_networks({"face": {"mlp": history}}, {"face": {"mlp": model}}, facts)
    assert "of one epoch" not in markdown(several)
    assert "| −1.50" in markdown(several.assign(gap=-1.5)).replace("  ", "")


def test_where_nobody_validated_a_dash_stands(facts, history):
    model = TrainedModel(5, 5, "last", ("CPU",))
    history = history.assign(validation_loss=float("nan"), validation_accuracy=float("nan"))
    table = compare_networks({"face": {"mlp": history}}, {"face": {"mlp": model}}, facts)
    row = [cell.strip() for cell in markdown(table).splitlines()[2].strip("|").split("|")]
    assert row[-5:] == ["0.50 ± 0.00", "–", "–", "–", "CPU"]
