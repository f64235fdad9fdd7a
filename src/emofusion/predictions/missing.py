"""Test clips that a modality lacks: no face was found, there is no sound, nobody wrote down what was said.

`completed` gives each modality's table a row for every test clip of any modality. A clip that the modality lacks has no
logits there. So all modalities have the same test clips, and a modality alone does not recognise a clip that it lacks.
`patterns` groups the clips by the modalities that they have.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.errors import EmofusionError
from emofusion.predictions.table import CLIP, is_missing
from emofusion.settings.exclude import leave_out

FAIL, USE_OTHERS = "fail", "use_others"  # values of the setting `fusion.missing`
_ROW = ["clip", "fold"]
_SHOWN = 5


def completed(tables: dict[str, pd.DataFrame], missing: str) -> dict[str, pd.DataFrame]:
    """The tables, each with a row for every test clip of any of them.

    Args:
        tables: modality → `tables.PREDICTIONS`.
        missing: `use_others`, or `fail`: each modality must then have all test clips.

    Returns:
        Modality → its table. Its added rows have no logits (NaN). Tables that lack no clip are the same objects.

    Raises:
        EmofusionError: `missing` is `fail`, and a modality lacks a clip or tests it in another fold.
    """
    tables = _with_same_folds(tables, missing)
    tested = {name: pd.MultiIndex.from_frame(_tested(table)[_ROW]) for name, table in tables.items()}
    every = pd.concat([_tested(table)[CLIP] for table in tables.values()]).drop_duplicates(_ROW)
    rows = pd.MultiIndex.from_frame(every[_ROW])
    complete = {}
    for name, table in tables.items():
        lacking = every[~rows.isin(tested[name])]
        if len(lacking) and missing == FAIL:
            raise EmofusionError(_lacks(name, lacking, len(every)))
        complete[name] = pd.concat([table, lacking], ignore_index=True) if len(lacking) else table
    return complete


def _tested(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["split"] == "test"]


def _with_same_folds(tables: dict[str, pd.DataFrame], missing: str) -> dict[str, pd.DataFrame]:
    """The tables, with the same fold for the same test clip.

    Folds that are drawn depend on the clips, so modalities that lack clips may be divided differently. Each model has
    nevertheless not heard or seen its test actors. A clip then gets the fold of the first modality that has it, and
    there are no validation clips, whose folds belong to other models.

    Raises `EmofusionError` where folds differ and `missing` is `fail`.
    """
    folds = [_tested(table).set_index("clip")["fold"] for table in tables.values()]
    if any(fold.index.has_duplicates for fold in folds):
        return tables
    first = pd.concat(folds).groupby(level=0, sort=False).first()
    differ = [fold.index[(fold != first.reindex(fold.index)).to_numpy()] for fold in folds]
    if not any(len(clips) for clips in differ):
        return tables
    if missing == FAIL:
        clip = next(clips[0] for clips in differ if len(clips))
        told = " and ".join(f"{fold[clip]} ({name})" for name, fold in zip(tables, folds, strict=True) if clip in fold)
        raise EmofusionError(
            f"the clip {clip} is tested in the folds {told}: modalities that lack clips are divided differently. Set "
            f"fusion.missing={USE_OTHERS}, or write the test actors of each fold into protocol.folds."
        )
    return {
        name: _tested(table).assign(fold=lambda rows: rows["clip"].map(first)).reset_index(drop=True)
        for name, table in tables.items()
    }


def patterns(present: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The modalities that some clips have, and the positions of these clips. The most modalities come first.

    present: (modalities, clips), whether a clip has a modality.
    """
    distinct, which = np.unique(present, axis=1, return_inverse=True)
    for number in np.argsort(-distinct.sum(axis=0), kind="stable"):
        if distinct[:, number].any():
            yield np.flatnonzero(distinct[:, number]), np.flatnonzero(which.ravel() == number)


def shared_weights(weights: NDArray[Any], modalities: NDArray[np.intp]) -> NDArray[Any]:
    """The weights of the modalities that are there: in their proportions, with sum 1; equal where all of them are 0.

    weights: (..., all modalities). modalities: positions of those that are there, (m,). Returns (..., m).
    """
    chosen = weights[..., modalities]
    total = chosen.sum(axis=-1, keepdims=True)
    equal = np.full_like(chosen, 1 / len(modalities), dtype=float)
    return np.where(total > 0, np.divide(chosen, total, out=equal.copy(), where=total > 0), equal)


def in_words(names: Sequence[str], number: int) -> str:
    """The modalities of a pattern in words, as in `speech only`, or `speech and text`. number: of all modalities."""
    joined = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 2 else names)
    return f"{joined} only" if len(names) == 1 < number else joined


def notes_of_missing(tables: dict[str, pd.DataFrame]) -> list[str]:
    """A sentence for each modality that lacks test clips. tables: from `completed`."""
    notes = []
    for name, table in tables.items():
        test = _tested(table)
        if number := int(is_missing(test).sum()):
            notes.append(
                f"{name} is missing for {number} of {len(test)} test clips. The fusion of these clips rests on the "
                f"other modalities; {name} alone does not recognise them."
            )
    return notes


def _lacks(name: str, lacking: pd.DataFrame, number: int) -> str:
    shown = ", ".join(lacking["clip"].head(_SHOWN)) + (", …" if len(lacking) > _SHOWN else "")
    overrides = " ".join(leave_out(corpus, rows["clip"]) for corpus, rows in lacking.groupby("corpus"))
    return (
        f"the {name} predictions lack {len(lacking)} of {number} test clips that another modality scored: {shown}. Set "
        f"fusion.missing={USE_OTHERS} to rest on the other modalities there, or leave the clips out with {overrides}"
    )
