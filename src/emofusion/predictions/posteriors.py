"""Turn a table of posteriors that were computed elsewhere into a prediction table."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from emofusion.emotions import EMOTIONS, in_order
from emofusion.errors import EmofusionError
from emofusion.plan.settings import PosteriorsSettings
from emofusion.predictions.table import CLIP, KEY
from emofusion.settings.experiment import Posteriors
from emofusion.tables import LOGIT, PREDICTIONS, check, read_foreign

# The largest difference between 1 and the sum of a row's probabilities. With eight classes and probabilities of two
# digits, the sum differs by a hundredth or two.
_TOLERANCE = 0.03


def check_table(posteriors: Posteriors) -> pd.DataFrame:
    """Read the table without changes. Planning also calls this function, to check the file.

    Raises `EmofusionError` if the file does not exist, cannot be read, or has no column clip or fold.
    """
    path = Path(posteriors.table)
    if not path.is_file():
        raise EmofusionError(
            f"posteriors.table={path}: no such file. It has a row for each clip and fold: clip, fold, and a column for "
            "each class, named by it (happy, p_happy or logit_happy)."
        )
    table = read_foreign(path)
    needed = ("clip",) if posteriors.every_fold else ("clip", "fold")
    for column in needed:
        if column not in table:
            raise EmofusionError(
                f"{path}: has no column {column}; there are {', '.join(map(str, table.columns[:12]))}."
                + " If none of the clips trained what scored them, set posteriors.every_fold=true." * (column == "fold")
            )
    if posteriors.every_fold and "fold" in table:
        raise EmofusionError(f"{path}: has a column fold, so its rows do not hold in every fold; set every_fold=false")
    return table


def read_posteriors(settings: PosteriorsSettings, split: pd.DataFrame) -> pd.DataFrame:
    """Read a table of posteriors for the test clips of a split, and for its validation clips if the table has them.

    The column of a class has the name of the class, with or without a prefix that ends in an underscore. A column
    `split` says which rows are test clips and which are validation clips; without it, all are test clips. Other columns
    are ignored. Rows of clips that the split does not test are left out. If an emotion is merged into a class, its
    probability is added to the probability of this class.

    Args:
        settings: the table, the scale of its values, and the merged emotions. Logits may be any numbers; softmax turns
            them into probabilities.
        split: `tables.SPLIT`, with the actor of each clip and the fold that tests it.

    Returns:
        `tables.PREDICTIONS`.

    Raises:
        EmofusionError: the file cannot be read; a column for clip, fold or a class is missing; clips are missing, occur
            twice, or are in another fold than in the split; or values are not numbers or not probabilities. The message
            names the file.
    """
    path = Path(settings.posteriors.table)
    table = check_table(settings.posteriors)
    if settings.posteriors.every_fold:
        table = table.merge(split.loc[split["split"] == "test", ["clip", "fold"]], on="clip")
    columns = _class_columns(table, settings.posteriors.labels, path)
    classes = in_order(columns)
    merged = [settings.merge.get(emotion, emotion) for emotion in classes]
    missing = set(split["emotion"]) - set(merged) - set(settings.posteriors.without)
    _must(
        path, not missing, f"has no column for {', '.join(in_order(missing))}; name what it does not know in `without`"
    )

    logits = _logits(table, [columns[emotion] for emotion in classes], settings.posteriors.scale, path)
    rows = table[["clip", "fold"]].assign(split=table.get("split", "test"))
    rows["clip"] = rows["clip"].astype(str)
    unknown = sorted(set(rows["split"]) - {"test", "validation"})
    _must(path, not unknown, f"has the split {', '.join(map(str, unknown))}; there are test and validation")
    for emotion in in_order(merged):
        # the probability of a merged class is the sum of the probabilities that are merged
        positions = [position for position, ours in enumerate(merged) if ours == emotion]
        rows[LOGIT + emotion] = logsumexp(logits[:, positions], axis=1)
    return check(_joined(rows, split, path), PREDICTIONS, path)


def _class_columns(table: pd.DataFrame, labels: dict[str, str], path: Path) -> dict[str, str]:
    """Emotion → the name of its column. labels: the table's name of an emotion → the emotion."""
    words = {emotion: emotion for emotion in EMOTIONS} | labels
    columns: dict[str, str] = {}
    for column in map(str, table.columns):
        word = column if column in words else column.rpartition("_")[2]
        if word in words and column not in KEY:
            other = columns.get(words[word])
            _must(path, other is None, f"both {other} and {column} are columns of {words[word]}; rename one")
            columns[words[word]] = column
    return columns


def _logits(table: pd.DataFrame, columns: list[str], scale: str, path: Path) -> NDArray[np.float64]:
    """The logits of the columns' classes, (rows, classes). For probabilities, they are natural logarithms."""
    values: NDArray[np.float64] = table[columns].apply(pd.to_numeric, errors="coerce").to_numpy(float)
    bad = ~np.isfinite(values).all(axis=1)
    _must(path, not bad.any(), f"{bad.sum()} rows have a value that is no number, as that of {_first(table, bad)}")
    if scale == "logits":
        return values
    bad = (values < 0).any(axis=1) | (abs(values.sum(axis=1) - 1) > _TOLERANCE)
    _must(path, not bad.any(), f"{bad.sum()} rows are not 0 or more with sum 1, as that of {_first(table, bad)}")
    logarithms: NDArray[np.float64] = np.log(np.maximum(values, np.finfo(float).tiny))
    return logarithms


def _joined(rows: pd.DataFrame, split: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The rows joined with the split's facts about their clips, in the order of the split."""
    to_score = split[split["split"].isin(rows["split"].unique())]
    twice = rows.duplicated(["clip", "fold"])
    _must(path, not twice.any(), f"{twice.sum()} clips are there twice in a fold, as {_first(rows, twice)}")
    missing = to_score[~to_score["clip"].isin(rows["clip"])]
    _must(
        path,
        missing.empty,
        f"{missing['clip'].nunique()} of {to_score['clip'].nunique()} clips are missing, as {_first(missing)}; "
        f"in the table they are such as {_first(rows)}",
    )
    lacking = set(to_score["fold"]) - set(rows["fold"])
    _must(path, not lacking, f"has no row of the folds {', '.join(map(str, sorted(lacking)))} of the protocol")
    joined = to_score[CLIP].merge(rows, on=KEY, how="left", indicator=True)
    elsewhere = joined["_merge"] == "left_only"
    if elsewhere.any():
        clip = joined.loc[elsewhere, "clip"].iloc[0]
        ours, theirs = joined.loc[elsewhere, "fold"].iloc[0], rows.loc[rows["clip"] == clip, "fold"].iloc[0]
        raise EmofusionError(
            f"{path}: {elsewhere.sum()} clips are in another fold than the protocol has them in, as {clip}: {theirs} "
            f"in the table, {ours} by the protocol; set protocol.folds to the table's"
        )
    return joined.drop(columns="_merge")


def _must(path: Path, holds: bool, message: str) -> None:
    """Raise `EmofusionError` with a message about the file unless `holds` is true."""
    if not holds:
        raise EmofusionError(f"{path}: {message}")


def _first(table: pd.DataFrame, chosen: Any = slice(None)) -> str:
    """The first clip of the chosen rows; empty if there is none, because messages are made before they are needed."""
    return str(next(iter(table.loc[chosen, "clip"]), ""))
