"""Nested cross-fitting: what the rule of a fold learns from was scored by models that learnt from nobody in that fold.

In plain cross-fitting, the rule for fold k is fitted on the posteriors of the other folds' clips. The models behind
these posteriors were trained on the actors of fold k, among others, so the labels of fold k have a small part in what
its rule learns. In the nested form there is a model for each pair of folds, which learnt from neither (as in the inner
loop of nested cross-validation, Varma and Simon 2006, doi 10.1186/1471-2105-7-91). Its posteriors of fold j's clips
serve to fit the rule for fold k, and those of fold k's clips to fit the rule for fold j.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.errors import EmofusionError

Mask = NDArray[np.bool_]


def nested_parts(clips: pd.DataFrame, examples: pd.DataFrame) -> Iterator[tuple[Mask, Mask]]:
    """For each fold, the rows that its rule learns from, and the clips that it scores.

    Args:
        clips: the clips that are scored, with the columns clip, actor, fold and split.
        examples: the same of the pairs of folds: `fold` is the number of a pair, whose clips are those of two folds.

    Yields:
        Two masks: over `examples`, the clips of the other fold of each pair that has this fold; over `clips`, the test
        clips of the fold.
    """
    test, may_teach = (table["split"].to_numpy() == "test" for table in (clips, examples))
    for fold in sorted(clips.loc[test, "fold"].unique()):
        scored: Mask = test & (clips["fold"] == fold).to_numpy()
        of_fold = examples["clip"].isin(clips.loc[scored, "clip"]).to_numpy()
        pairs = examples.loc[may_teach & of_fold, "fold"].unique()
        learnt: Mask = may_teach & ~of_fold & examples["fold"].isin(pairs).to_numpy()
        assert not examples.loc[learnt, "clip"].duplicated().any(), f"a clip has several rows for fold {fold}"
        yield learnt, scored


def check_same_folds(tables: dict[str, pd.DataFrame]) -> None:
    """Raise `EmofusionError` where modalities test a clip in different folds: their pairs would be different ones.

    tables: modality → `tables.PREDICTIONS`.
    """
    folds = {name: table[table["split"] == "test"].set_index("clip")["fold"] for name, table in tables.items()}
    for (name, fold), (other, fold_of_other) in combinations(folds.items(), 2):
        common = fold.index.intersection(fold_of_other.index)
        differ = common[(fold[common] != fold_of_other[common]).to_numpy()]
        if len(differ):
            raise EmofusionError(
                f"fusion.fit_on=nested: the clip {differ[0]} is tested in the folds {fold[differ[0]]} ({name}) and "
                f"{fold_of_other[differ[0]]} ({other}): modalities that lack clips are divided differently. Write the "
                "test actors of each fold into protocol.folds, or set fusion.fit_on=cross_fitted."
            )
