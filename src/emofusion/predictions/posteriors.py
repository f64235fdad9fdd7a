"""Turn a table of posteriors that were computed elsewhere into a prediction table."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from emofusion.counted import count
from emofusion.emotions import in_order
from emofusion.errors import EmofusionError
from emofusion.plan.settings import PosteriorsSettings
from emofusion.predictions.columns import Source, all_minus_infinity, class_columns, no_column
from emofusion.predictions.scale import WHOLE, logits_of, sums_to_whole
from emofusion.predictions.table import CLIP, KEY, with_unknown
from emofusion.settings.exclude import leave_out
from emofusion.settings.experiment import Posteriors
from emofusion.tables import LOGIT, PREDICTIONS, check, read_foreign

_SHOWN = 8
MISSING_CLIPS = "clips of the corpus without a row in the table, or with an empty one"


def check_table(posteriors: Posteriors) -> pd.DataFrame:
    """Read the table. Its columns get texts as names. Planning also calls this function, to check the file.

    Raises `EmofusionError` if the file is missing, cannot be read, or has no column clip or two columns of one name.
    """
    path = Path(posteriors.table)
    if not path.is_file():
        raise EmofusionError(
            f"posteriors.table={path}: no such file. It has a row for each clip and fold: clip, fold, and a column for "
            "each class, named by it (happy, p_happy or logit_happy)."
        )
    table = read_foreign(path).rename(columns=str)
    repeated = list(table.columns[table.columns.duplicated()])
    _must(path, not repeated, f"has two columns of one name: {', '.join(repeated)}")
    if "clip" not in table:
        raise EmofusionError(f"{path}: has no column clip; there are {', '.join(map(str, table.columns[:12]))}")
    if posteriors.every_fold and "fold" in table:
        raise EmofusionError(f"{path}: has a column fold, so its rows do not hold in every fold; set every_fold=false")
    return table


def read_posteriors(
    settings: PosteriorsSettings,
    split: pd.DataFrame,
    classes: Sequence[str],
    name: str = "posteriors",
    excluded: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Read a table of posteriors for the test clips of a split, and for its validation clips if the table has them.

    `columns.class_columns` finds the columns of the classes. A column `split` says which rows are test clips and which
    are validation clips; without it, all are test clips. Where the split trains nothing, no column `fold` is needed,
    and one is ignored. Columns that are no classes are ignored. Rows of clips that the split does not test are left
    out. If an emotion is merged into a class, its probability is added to the probability of this class.

    Args:
        settings: the table, the scale of its values, and the merged emotions. Logits may be any numbers; softmax turns
            them into probabilities.
        split: `tables.SPLIT`, with the actor of each clip and the fold that tests it.
        classes: the classes of the experiment, in their order.
        name: the full name of the table's settings, for messages.
        excluded: corpus → the patterns of its setting `exclude`, for messages.

    Returns:
        `tables.PREDICTIONS`.

    Raises:
        EmofusionError: the file cannot be read; a column for clip, fold or a class is missing; it is unclear what a
            column means; clips are missing, occur twice, or are in another fold than in the split; or values do not
            have the scale that the settings say. The message names the file.
    """
    path = Path(settings.posteriors.table)
    table = check_table(settings.posteriors)
    if not (split["split"] == "train").any():  # nothing is trained: it does not matter which fold's model has scored
        table = table.assign(fold=0)
    elif settings.posteriors.every_fold:
        table = table.merge(split.loc[split["split"] == "test", ["clip", "fold"]], on="clip")
    _must(
        path,
        "fold" in table,
        f"has no column fold; there are {', '.join(map(str, table.columns[:12]))}. If none of the clips trained what "
        f"scored them, set {name}.every_fold=true.",
    )
    table = table.assign(fold=_folds(table["fold"], path))
    needed = in_order(set(split["emotion"]) - set(settings.posteriors.without), classes)
    emotions, logits = class_logits(table, settings, classes, name, needed)
    merged = [settings.merge.get(emotion, emotion) for emotion in emotions]
    rows = table[["clip", "fold"]].assign(split=table.get("split", "test"))
    rows["clip"] = rows["clip"].astype(str)
    unknown = ~rows["split"].isin(["test", "validation"])
    words = ", ".join(repr(word) for word in rows.loc[unknown, "split"].dropna().unique()[:_SHOWN])
    _must(
        path,
        not unknown.any(),
        f"{unknown.sum()} rows have in the column split {words or 'nothing'}, as {_first(rows, unknown)}: write "
        "test or validation there, or take the column away where all rows are test clips",
    )
    for emotion in in_order(merged, classes):
        # the probability of a merged class is the sum of the probabilities that are merged
        positions = [position for position, ours in enumerate(merged) if ours == emotion]
        rows[LOGIT + emotion] = logsumexp(logits[:, positions], axis=1)
    allowed = settings.posteriors.missing_clips == "allow"
    source = Source(str(path), name)
    joined = _joined(rows, split, source, excluded or {}, allowed)
    lacking = joined.filter(like=LOGIT).isna().all(axis=1)
    count(MISSING_CLIPS, joined.loc[lacking, "clip"].nunique())
    source.must(not lacking.all(), f"has nothing but empty cells for the {len(joined)} clips of the protocol")
    return check(with_unknown(joined[~lacking].reset_index(drop=True), classes), PREDICTIONS, path)


def class_logits(
    table: pd.DataFrame, settings: PosteriorsSettings, classes: Sequence[str], name: str, needed: Sequence[str] = ()
) -> tuple[list[str], NDArray[np.float64]]:
    """The emotions that a table has a column for, and their logits, (rows, emotions).

    With `missing_clips=allow`, the logits of a row whose cells are all empty are missing.

    Args:
        table: from `check_table`.
        settings: of the table, and the merged emotions.
        classes: the classes of the experiment.
        name: the full name of the table's settings, for messages.
        needed: classes that must have a column, or an emotion that is merged into them.

    Raises:
        EmofusionError: a class has no column; it is unclear what a column means; or values do not have the scale that
            the settings say.
    """
    posteriors = settings.posteriors
    source = Source(posteriors.table, name)
    if posteriors.scale == "logits":
        table = table.drop(columns=all_minus_infinity(table))
    found = class_columns(table, posteriors, [*classes, *settings.merge], source)
    columns, more = dict(found.classes), list(found.further)
    known = {settings.merge.get(emotion, emotion) for emotion in columns}
    if missing := [emotion for emotion in needed if emotion not in known]:
        raise no_column(table, missing, posteriors, source)
    values = _numbers(table, columns.values())
    allowed = posteriors.missing_clips == "allow"
    given = ~table[list(columns.values())].isna().all(axis=1).to_numpy() if allowed else np.ones(len(table), dtype=bool)
    if found.unclear and not any(sums_to_whole(values[given], scale) for scale in WHOLE):
        more += found.unclear
    source.must(
        not more or posteriors.other_columns != "fail",
        f"{', '.join(more[:_SHOWN])}{' and more' if len(more) > _SHOWN else ''}: columns that are, or may be, classes "
        f"besides those of the experiment. Set {name}.other_columns=drop to leave them out (the other probabilities "
        f"are then scaled to sum 1), or {name}.other_columns=keep where the model may answer with them (such an answer "
        "is never right)",
    )
    if posteriors.other_columns == "keep":
        columns |= {column.removeprefix(found.prefix): column for column in more}
    values, clips = _numbers(table, columns.values()), table["clip"].to_numpy(dtype=object)
    partial = posteriors.other_columns == "drop"
    for column in more if partial else ():
        greater = _numbers(table, [column])[:, 0] > values.max(axis=1)
        count(f"rows whose greatest value is in {column}, which is no class and was dropped", int(greater.sum()))
    logits = np.full(values.shape, np.nan)
    logits[given] = logits_of(values[given], posteriors.scale, clips[given], source, partial)
    return list(columns), logits


def _numbers(table: pd.DataFrame, columns: Iterable[str]) -> NDArray[np.float64]:
    """The values of columns as numbers, (rows, columns); what is no number is missing."""
    return np.stack([_as_numbers(table[column]) for column in columns], axis=1)


def _as_numbers(column: pd.Series) -> NDArray[np.float64]:
    """The values of a column; missing where they are dates, lists or other things that a Parquet file may have."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype(object).where(column.map(lambda cell: isinstance(cell, str | int | float)))
    values: NDArray[np.float64] = pd.to_numeric(column, errors="coerce").to_numpy(float)
    return values


def _folds(column: pd.Series, path: Path) -> pd.Series:
    """The folds as whole numbers. Raises `EmofusionError` where one is something else."""
    numbers = pd.Series(_as_numbers(column), column.index)
    wrong = ~(numbers % 1 == 0)
    _must(
        path, not wrong.any(), f"{wrong.sum()} rows have in the column fold no whole number, as {_cell(column, wrong)}"
    )
    return numbers.astype("int64")


def _joined(
    rows: pd.DataFrame, split: pd.DataFrame, source: Source, excluded: Mapping[str, Sequence[str]], allowed: bool
) -> pd.DataFrame:
    """The rows joined with the split's facts about their clips, in the order of the split.

    allowed: whether the table may lack clips; the logits of these are missing.
    """
    source.must(rows.empty or (rows["split"] == "test").any(), "has no test clip: the column split has only validation")
    to_score = split[split["split"].isin({"test", *rows["split"]})]
    twice = rows.duplicated(["clip", "fold"])
    source.must(not twice.any(), f"{twice.sum()} clips are there twice in a fold, as {_first(rows, twice)}")
    missing = to_score[~to_score["clip"].isin(rows["clip"])]
    absent, wanted = missing["clip"].nunique(), to_score["clip"].nunique()
    if absent and not (allowed and absent < wanted):
        message = f"{absent} of {wanted} clips are missing, as {_first(missing)}; in the table they are such as "
        message = f"{source.path}: {message}{_first(rows)}"
        if absent < wanted:
            advice = [leave_out(c, part["clip"], excluded.get(c, ())) for c, part in missing.groupby("corpus")]
            message += (
                f". Add them, leave them out with {' '.join(advice)}, or, if this modality has no answer for them, set "
                f"{source.name}.missing_clips=allow"
            )
        raise EmofusionError(message)
    lacking = set(to_score["fold"]) - set(rows["fold"])
    source.must(not lacking, f"has no row of the folds {', '.join(map(str, sorted(lacking)))} of the protocol")
    joined = to_score[CLIP].merge(rows, on=KEY, how="left", indicator=True)
    elsewhere = (joined["_merge"] == "left_only") & ~joined["clip"].isin(missing["clip"])
    if elsewhere.any():
        clip = joined.loc[elsewhere, "clip"].iloc[0]
        ours, theirs = joined.loc[elsewhere, "fold"].iloc[0], rows.loc[rows["clip"] == clip, "fold"].iloc[0]
        raise EmofusionError(
            f"{source.path}: {elsewhere.sum()} clips are in another fold than the protocol has them in, as {clip}: "
            f"{theirs} in the table, {ours} by the protocol; set protocol.folds to the table's"
        )
    return joined.drop(columns="_merge")


def _must(path: Path, holds: bool, message: str) -> None:
    """Raise `EmofusionError` with a message about the file unless `holds` is true."""
    if not holds:
        raise EmofusionError(f"{path}: {message}")


def _cell(column: pd.Series, chosen: Any) -> str:
    """The first of the chosen cells as Python writes it; empty if there is none."""
    return next((repr(cell) for cell in column[chosen].tolist()), "")


def _first(table: pd.DataFrame, chosen: Any = slice(None)) -> str:
    """The first clip of the chosen rows; empty if there is none, because messages are made before they are needed."""
    return str(next(iter(table.loc[chosen, "clip"]), ""))
