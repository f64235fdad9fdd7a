"""Functions on prediction tables: posteriors, labels, subsets of clips, and the alignment of several modalities."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from emofusion.emotions import GENDERS, in_order, joined
from emofusion.errors import EmofusionError
from emofusion.predictions.ties import predicted
from emofusion.tables import LOGIT, PREDICTIONS, check, classes_of, unknown_to

# The columns that identify a row of a prediction table; the columns with facts about its clip; and both together.
KEY = ["clip", "fold", "split"]
ABOUT = ["corpus", "actor", "gender", "emotion"]
CLIP = ["clip", *ABOUT, "fold", "split"]


@dataclass(frozen=True)
class Aligned:
    """The clips that every modality scored, with the posteriors of each modality.

    Args:
        clips: N rows with the columns clip, corpus, actor, gender, emotion, fold and split.
        classes: the classes that a modality knows, in the order of the tables' columns.
        modalities: the names of the modalities.
        posteriors: (modalities, N, classes), in the order of `modalities` and `classes`. Each row of each modality sums
            to 1. A class that a modality does not know has the posterior 0.
        known: (modalities, classes), whether a modality knows a class.
        present: (modalities, N), whether a modality has a clip. Where it lacks one, its posteriors are equal.
        order: all classes that a table has a column for, also those that no modality knows.
        left_out: for each modality the number of its rows that another modality did not score.
        fitting: what fusion rules are fitted on, where it is not these posteriors.
    """

    clips: pd.DataFrame
    classes: list[str]
    modalities: list[str]
    posteriors: NDArray[np.float64]
    known: NDArray[np.bool_]
    present: NDArray[np.bool_]
    order: list[str]
    left_out: dict[str, int]
    fitting: "Aligned | None" = None

    @property
    def examples(self) -> "Aligned":
        """What fusion rules are fitted on."""
        return self if self.fitting is None else self.fitting

    def only(self, modalities: NDArray[np.intp]) -> "Aligned":
        """Some modalities (their positions), the classes that they know, and the clips that have all of them."""
        classes: NDArray[np.bool_] = np.asarray(self.known[modalities].any(axis=0))
        rows: NDArray[np.bool_] = np.asarray(self.present[modalities].all(axis=0))
        return replace(
            self,
            clips=self.clips[rows].reset_index(drop=True),
            classes=[name for name, is_known in zip(self.classes, classes, strict=True) if is_known],
            modalities=[self.modalities[position] for position in modalities],
            posteriors=self.posteriors[np.ix_(modalities, rows, classes)],
            known=self.known[np.ix_(modalities, classes)],
            present=self.present[np.ix_(modalities, rows)],
            fitting=None if self.fitting is None else self.fitting.only(modalities),
        )


def is_missing(table: pd.DataFrame) -> NDArray[np.bool_]:
    """The rows of a prediction table that have no logits, (rows,)."""
    missing: NDArray[np.bool_] = table.filter(like=LOGIT).isna().all(axis=1).to_numpy()
    return missing


def posteriors(table: pd.DataFrame) -> NDArray[np.float64]:
    """The softmax of a prediction table's logits, (rows, classes), in the order of `tables.classes_of`.

    A row without logits (see `predictions.missing`) has the same posterior for each class.

    Raises `EmofusionError` if a row's logits do not give probabilities (not a number, infinite, or all minus infinity).
    """
    logits = table[[LOGIT + emotion for emotion in classes_of(table)]].to_numpy(dtype=float)
    logits = np.where(is_missing(table)[:, None], 0.0, logits)
    with np.errstate(invalid="ignore"):
        probabilities: NDArray[np.float64] = softmax(logits, axis=1)
    bad = ~np.isfinite(probabilities).all(axis=1)
    if bad.any():
        raise EmofusionError(f"{_some(table.loc[bad, 'clip'])}: the logits give no probabilities; predict them again.")
    return probabilities


def scored(
    clips: pd.DataFrame, classes: Sequence[str], posteriors: NDArray[np.float64], order: Sequence[str] = ()
) -> pd.DataFrame:
    """A table of clips with a logit for each class, the natural logarithm of the posterior.

    Args:
        clips: N rows with facts about the clips.
        classes: the classes in the order of `posteriors`.
        posteriors: (N, classes). The smallest normal number replaces 0.
        order: all columns that the table gets, in their order; those that are not among `classes` get minus infinity.
            Without it, the columns are those of `classes`.
    """
    logits = pd.DataFrame(np.log(np.maximum(posteriors, np.finfo(float).tiny)), columns=list(classes))
    logits = logits.reindex(columns=list(order or classes), fill_value=-np.inf).add_prefix(LOGIT)
    return pd.concat([clips.reset_index(drop=True), logits], axis=1)


def with_unknown(table: pd.DataFrame, order: Sequence[str] = ()) -> pd.DataFrame:
    """A prediction table with a column, too, for each emotion of its clips that the model does not know.

    order: the order of the classes; the model's own order without it.
    """
    known = classes_of(table)
    every = in_order([*known, *table["emotion"]], order or known)
    columns = [column for column in table if column.removeprefix(LOGIT) not in known]
    return table.reindex(columns=[*columns, *(LOGIT + emotion for emotion in every)], fill_value=-np.inf)


def labels(table: pd.DataFrame) -> NDArray[Any]:
    """The emotion with the largest logit in each row, (rows,). Among equal logits it is the first class, see `ties`.

    For a row without logits it is the empty text.
    """
    classes: NDArray[Any] = np.array(classes_of(table), dtype=object)
    logits = table[[LOGIT + emotion for emotion in classes]].to_numpy(dtype=float)
    chosen: NDArray[Any] = np.where(is_missing(table), "", classes[predicted(logits)])
    return chosen


def subsets(clips: pd.DataFrame, order: Sequence[str]) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """The subsets of clips by gender, by emotion, by both and by neither; empty subsets are left out.

    Args:
        clips: a table with the columns gender and emotion.
        order: the order of the emotions.

    Returns:
        A table with one row for each subset, and with the columns gender and emotion, which may be `all`; and the
        membership (clips, subsets) as 0 and 1, so that `correct @ membership` is the number of correct clips in each
        subset.
    """
    gender, emotion = clips["gender"].to_numpy(), clips["emotion"].to_numpy()
    pairs = [(g, e) for g in ("all", *GENDERS) for e in ("all", *in_order(clips["emotion"], order))]
    members = [((g == "all") | (gender == g)) & ((e == "all") | (emotion == e)) for g, e in pairs]
    membership = np.stack(members, axis=1).astype(float)
    filled = membership.any(axis=0)
    return pd.DataFrame(pairs, columns=["gender", "emotion"])[filled].reset_index(drop=True), membership[:, filled]


def align(tables: dict[str, pd.DataFrame], are_checked: bool = False) -> Aligned:
    """Reduce the prediction tables of several modalities to the same rows and classes.

    Rows are joined on clip, fold and split, in the order of the first table. The classes are those that any modality
    knows. Validation rows may differ, because modalities that are trained on different corpora share
    none. Test rows may not differ, because modalities are compared on the same clips; `missing.completed` adds those
    that a modality lacks.

    Args:
        tables: modality → `tables.PREDICTIONS`.
        are_checked: whether the tables were checked against `tables.PREDICTIONS` already.

    Raises:
        EmofusionError: a table is not a prediction table; a test clip is missing in one; tables disagree on a clip's
            corpus, actor, gender or emotion; or there is no common clip.
    """
    if not tables:
        raise EmofusionError("there is nothing to fuse: no modality has a prediction table.")
    if not are_checked:
        tables = {name: check(table, PREDICTIONS, f"the {name} prediction table") for name, table in tables.items()}
    indexes = {name: pd.MultiIndex.from_frame(table[KEY]) for name, table in tables.items()}
    _require_same_test_clips(indexes)
    shared = reduce(lambda left, right: left[left.isin(right)], indexes.values())
    if shared.empty:
        raise EmofusionError(f"no clip was scored by all of {', '.join(tables)} in the same fold and split.")

    rows = {}
    for name, table in tables.items():
        rows[name] = table.iloc[indexes[name].get_indexer(shared)].reset_index(drop=True)
    first = next(iter(rows))
    for name in rows:
        _require_same_facts(first, rows[first], name, rows[name])
    order = joined(classes_of(table) for table in tables.values())
    lacking = [set(order) - set(classes_of(table)) | set(unknown_to(table)) for table in tables.values()]
    classes = [emotion for emotion in order if not all(emotion in unknown for unknown in lacking)]
    known = np.array([[emotion not in unknown for emotion in classes] for unknown in lacking])
    stacked = np.zeros((len(tables), len(shared), len(classes)))
    for index, table in enumerate(rows.values()):
        shares = pd.DataFrame(posteriors(table), columns=classes_of(table))
        stacked[index] = shares.reindex(columns=classes, fill_value=0.0)
    present = np.stack([~is_missing(table) for table in rows.values()])
    left_out = {name: len(table) - len(shared) for name, table in tables.items()}
    return Aligned(rows[first][CLIP], classes, list(tables), stacked, known, present, order, left_out)


def _require_same_test_clips(indexes: dict[str, pd.MultiIndex]) -> None:
    tested = {name: index[index.get_level_values("split") == "test"] for name, index in indexes.items()}
    all_tested = reduce(lambda left, right: left.union(right, sort=False), tested.values())
    for name, index in tested.items():
        missing = all_tested[~all_tested.isin(index)]
        if len(missing):
            raise EmofusionError(
                f"the {name} predictions lack {len(missing)} of {len(all_tested)} test clips that another modality "
                f"scored: {_some(missing.get_level_values('clip'))}; score them, or leave them out of every modality."
            )


def _require_same_facts(first: str, left: pd.DataFrame, second: str, right: pd.DataFrame) -> None:
    for column in ABOUT:
        differs = (left[column] != right[column]).to_numpy()
        if differs.any():
            row = differs.argmax()
            raise EmofusionError(
                f"{first} and {second} disagree on the {column} of {differs.sum()} clips, as of {left['clip'][row]}: "
                f"{left[column][row]} against {right[column][row]}; predict both from the same clip table."
            )


def _some(clips: Iterable[str]) -> str:
    """Up to five of the clips, and the number of further clips, as text."""
    clips = list(clips)
    return ", ".join(map(str, clips[:5])) + (f" and {len(clips) - 5} more" if len(clips) > 5 else "")
