"""Pairs of folds: models that learnt from neither of two folds, for rules that are fitted by nested cross-fitting."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from emofusion.errors import EmofusionError
from emofusion.settings.fields import must
from emofusion.settings.kinds.derived import DerivedProtocol
from emofusion.settings.kinds.protocols import Protocol

if TYPE_CHECKING:
    import pandas as pd

LEAST = 3  # folds; with two, nobody is left to train


@dataclass
class PairsOfFolds(DerivedProtocol):
    """A fold for each pair of another protocol's folds: both are tested, and the people of neither train or validate.

    Nobody chooses it as a protocol: the plan makes it of the experiment's protocol, see `pairs_of`. The pairs are in
    the order (0, 1), (0, 2), …, (1, 2), ….
    """

    kind: str = "pairs_of_folds"

    def mixes_speakers(self) -> bool:
        """Never: see `masks`."""
        return False

    def fold_in_words(self, fold: int, folds: int) -> str:
        """The two folds of a pair."""
        paired = (1 + math.isqrt(1 + 8 * folds)) // 2  # n folds have n (n - 1) / 2 pairs
        one, other = list(combinations(range(paired), 2))[fold]
        return f"the pair of the folds {one} and {other} (fusion.fit_on=nested)"

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """One fold for each pair. A share of the training actors is used for validation, drawn for each pair.

        Raises `EmofusionError` where there are fewer than three folds, or where a person is tested in several.
        """
        from emofusion.protocols.common.split import with_validation

        folds = self.protocol.masks(clips)
        _check_folds(clips, [test for _, _, test in folds])
        masks = []
        for number, (one, other) in enumerate(combinations(range(len(folds)), 2)):
            may_train = [train | validation for train, validation, _ in (folds[one], folds[other])]
            others, test = may_train[0] & may_train[1], folds[one][2] | folds[other][2]
            must(
                bool(others.any()),
                f"fusion.fit_on=nested: without the folds {one} and {other}, no clip is left to train with; set "
                "fusion.fit_on=cross_fitted, or more folds",
            )
            try:
                # the draw must not be that of a fold of the protocol itself
                masks.append(with_validation(clips, others, test, self, fold=len(folds) + number))
            except EmofusionError as error:
                raise EmofusionError(f"fusion.fit_on=nested: without the folds {one} and {other}: {error}") from error
        return masks


def pairs_of(protocol: Protocol) -> PairsOfFolds:
    """The pairs of a protocol's folds, with the settings that all protocols have.

    Raises `EmofusionError` where the protocol lets people train and be tested: no model then knows nobody of a pair.
    """
    must(
        not protocol.mixes_speakers(),
        f"fusion.fit_on=nested: in protocol={protocol.kind} the same people train and are tested; set "
        "fusion.fit_on=cross_fitted",
    )
    return PairsOfFolds.of(protocol)


def _check_folds(clips: "pd.DataFrame", tests: "Sequence[pd.Series]") -> None:
    """Raise `EmofusionError` unless there are three folds or more, and nobody is tested in two. tests: their masks."""
    must(
        len(tests) >= LEAST,
        f"fusion.fit_on=nested: the protocol has {len(tests)} fold{'s' if len(tests) > 1 else ''}, and {LEAST} are "
        "needed; set fusion.fit_on=cross_fitted"
        + ("" if len(tests) > 1 else ", which fits rules on posteriors of models that know no tested actor"),
    )
    fold_of: dict[str, int] = {}
    for fold, test in enumerate(tests):
        for actor in clips.loc[test, "actor"].unique():
            must(
                fold_of.setdefault(actor, fold) == fold,
                f"fusion.fit_on=nested: actor {actor} is tested in the folds {fold_of[actor]} and {fold}; set "
                "fusion.fit_on=cross_fitted, or test each actor in one fold",
            )
