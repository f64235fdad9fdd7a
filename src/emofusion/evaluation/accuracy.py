"""The accuracy of one system's predictions, and its confusion matrix."""

import pandas as pd

from emofusion.emotions import in_order
from emofusion.errors import EmofusionError
from emofusion.predictions.table import labels, subsets
from emofusion.tables import classes_of


def on_test(predictions: pd.DataFrame, name: str) -> pd.DataFrame:
    """The test rows of a prediction table, of all folds together.

    Args:
        predictions: `tables.PREDICTIONS`.
        name: the name of the system, for messages.

    Raises:
        EmofusionError: the table has no test row, or a clip was tested in several folds, so that it would count twice.
    """
    rows = predictions[predictions["split"] == "test"].reset_index(drop=True)
    if rows.empty:
        raise EmofusionError(f"the {name} predictions have no test clip to report on; check the protocol.")
    repeated = rows.loc[rows["clip"].duplicated(), "clip"].unique()
    if len(repeated):
        raise EmofusionError(
            f"the {name} predictions test {len(repeated)} clips in several folds, such as {repeated[0]}; "
            "use a protocol whose folds test each clip once."
        )
    return rows


def by_subset(predictions: pd.DataFrame) -> pd.DataFrame:
    """Counts and accuracies of all rows: in total, by gender, by emotion, and by both.

    Columns: gender and emotion (`all` for the total), correct, clips, accuracy (0–1). Subsets without a clip have no
    row. A clip whose emotion is not a class of the model counts as wrong.
    """
    table, membership = subsets(predictions, classes_of(predictions))
    table["correct"] = ((labels(predictions) == predictions["emotion"].to_numpy()) @ membership).astype("int64")
    table["clips"] = membership.sum(axis=0).astype("int64")
    table["accuracy"] = table["correct"] / table["clips"]
    return table


def unweighted_average_recall(predictions: pd.DataFrame) -> float:
    """The mean of recall over the emotions that occur (0–1), also called balanced accuracy."""
    is_correct = pd.Series(labels(predictions) == predictions["emotion"].to_numpy())
    return float(is_correct.groupby(predictions["emotion"].to_numpy()).mean().mean())


def metrics_by_split(predictions: pd.DataFrame) -> dict[str, float]:
    """Accuracy, unweighted average recall and number of clips for each split; names are such as `test_accuracy`."""
    metrics: dict[str, float] = {}
    for split, rows in predictions.groupby("split"):
        metrics[f"{split}_accuracy"] = float((labels(rows) == rows["emotion"].to_numpy()).mean())
        metrics[f"{split}_unweighted_average_recall"] = unweighted_average_recall(rows)
        metrics[f"{split}_clips"] = len(rows)
    return metrics


def confusion(predictions: pd.DataFrame) -> pd.DataFrame:
    """The number of clips by true emotion (row) and predicted emotion (column).

    All emotions that occur or are a class of the model have a row and a column.
    """
    order = classes_of(predictions)
    emotions = in_order([*order, *predictions["emotion"]], order)
    counts = pd.crosstab(predictions["emotion"].to_numpy(), labels(predictions))
    counts = counts.reindex(index=emotions, columns=emotions, fill_value=0)
    return counts.rename_axis(index="emotion", columns="predicted")
