"""Posteriors that another system has made: a table of clip, fold and one column a class becomes a prediction table."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from emofusion.emotions import EMOTIONS, in_order
from emofusion.errors import EmofusionError
from emofusion.tables import LOGIT, PREDICTIONS, check, read_foreign

CLIP = ["clip", "corpus", "actor", "gender", "emotion", "fold", "split"]


def check_table(settings: dict) -> pd.DataFrame:
    """The table as it is; raises `EmofusionError` if it is not there, or has no clip or fold. For planning too."""
    path = Path(settings["table"])
    if not path.is_file():
        raise EmofusionError(
            f"posteriors.table={path}: no such file. It has a row for each clip and fold: clip, fold, and a column for "
            "each class, named by it (happy, p_happy or logit_happy)."
        )
    table = read_foreign(path)
    for column in ("clip", "fold"):
        if column not in table:
            raise EmofusionError(f"{path}: has no column {column}; there are {', '.join(map(str, table.columns[:12]))}")
    return table


def read_posteriors(settings: dict, split: pd.DataFrame) -> pd.DataFrame:
    """The posteriors of a table as `tables.PREDICTIONS`: the test clips of the split, and validation clips if given.

    settings: `table` (a path), `scale` (`logits`: any number a class, softmax makes them probabilities; or
    `probabilities`), `labels` (the table's words for emotions → ours, or None), `without` (emotions of the split that
    it has no column for, on purpose) and `merge` (`emotions.merge`: emotions that count as another, whose probabilities
    are added to the other's). A class's column bears its name, with any prefix that ends in an underscore. Other
    columns are not looked at, but `split` (test or validation): without it, all rows are of test clips. Rows of clips
    that the split does not test are left out.

    split: `tables.SPLIT`, which says who each clip is of, and in which fold it is tested.

    Raises `EmofusionError` that names the file and what is wrong: not readable, no column for clip, fold or a class,
    clips that are missing, there twice, or tested in another fold than the split has them in, values that are not
    numbers or not probabilities.
    """
    path = Path(settings["table"])

    def must(holds: bool, message: str) -> None:
        if not holds:
            raise EmofusionError(f"{path}: {message}")

    table = check_table(settings)
    columns = _class_columns(table, settings, must)
    classes = in_order(columns)
    merged = [settings["merge"].get(emotion, emotion) for emotion in classes]
    missing = set(split["emotion"]) - set(merged) - set(settings["without"])
    must(not missing, f"has no column for {', '.join(in_order(missing))}; name what it does not know in `without`")

    values = table[[columns[emotion] for emotion in classes]].apply(pd.to_numeric, errors="coerce").to_numpy(float)
    bad = ~np.isfinite(values).all(axis=1)
    must(not bad.any(), f"{bad.sum()} rows have a value that is no number, as that of {_first(table, bad)}")
    if settings["scale"] == "probabilities":
        # printed with two digits and more, probabilities of eight classes are off by a hundredth or two
        bad = (values < 0).any(axis=1) | (abs(values.sum(axis=1) - 1) > 0.03)
        must(not bad.any(), f"{bad.sum()} rows are not 0 or more with sum 1, as that of {_first(table, bad)}")
        values = np.log(np.maximum(values, np.finfo(float).tiny))
    rows = table[["clip", "fold"]].assign(split=table.get("split", "test"))
    rows["clip"] = rows["clip"].astype(str)
    strange = sorted(set(rows["split"]) - {"test", "validation"})
    must(not strange, f"has the split {', '.join(map(str, strange))}; there are test and validation")
    for emotion in in_order(merged):
        # what is one class to us has the sum of their probabilities
        theirs = [column for column, ours in enumerate(merged) if ours == emotion]
        rows[LOGIT + emotion] = logsumexp(values[:, theirs], axis=1)
    return check(_joined(rows, split, must), PREDICTIONS, path)


def _class_columns(table: pd.DataFrame, settings: dict, must) -> dict[str, str]:
    """Emotion → its column."""
    words = {emotion: emotion for emotion in EMOTIONS} | (settings["labels"] or {})
    found: dict[str, str] = {}
    for column in map(str, table.columns):
        word = column if column in words else column.rpartition("_")[2]
        if word in words and column not in ("clip", "fold", "split"):
            twice = found.get(words[word])
            must(twice is None, f"both {twice} and {column} are columns of {words[word]}; rename one")
            found[words[word]] = column
    return found


def _joined(rows: pd.DataFrame, split: pd.DataFrame, must) -> pd.DataFrame:
    """The rows with what the split says of their clips, in the split's order."""
    scored = split[split["split"].isin(rows["split"].unique())]
    twice = rows.duplicated(["clip", "fold"])
    must(not twice.any(), f"{twice.sum()} clips are there twice in a fold, as {_first(rows, twice)}")
    missing = scored[~scored["clip"].isin(rows["clip"])]
    must(
        missing.empty,
        f"{missing['clip'].nunique()} of {scored['clip'].nunique()} clips are missing, as {_first(missing)}; "
        f"the table's own are such as {_first(rows)}",
    )
    lacking = set(scored["fold"]) - set(rows["fold"])
    must(not lacking, f"has no row of the folds {', '.join(map(str, sorted(lacking)))} of the protocol")
    joined = scored[CLIP].merge(rows, on=["clip", "fold", "split"], how="left", indicator=True)
    elsewhere = joined["_merge"] == "left_only"
    if elsewhere.any():
        clip = joined.loc[elsewhere, "clip"].iloc[0]
        fold, theirs = joined.loc[elsewhere, "fold"].iloc[0], rows.loc[rows["clip"] == clip, "fold"].iloc[0]
        must(
            False,
            f"{elsewhere.sum()} clips are in another fold than the protocol has them in, as {clip}: {theirs} in the "
            f"table, {fold} by the protocol; set protocol.folds to the table's",
        )
    return joined.drop(columns="_merge")


def _first(table: pd.DataFrame, chosen=slice(None)) -> str:
    """A clip to name in a message, which is made up whether it is needed or not."""
    return next(iter(table.loc[chosen, "clip"]), "")
