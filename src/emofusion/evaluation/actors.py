"""The actors of a test as a sample of people: their groups, and the intervals that hold for other actors.

A single actor says nothing of how actors differ, and with two an interval holds the true value in two of three studies.
So an interval needs three actors of each group that is present. `tests/evaluation/test_coverage.py` counts how often
the intervals hold the true value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.emotions import UNKNOWN
from emofusion.evaluation.arithmetic import one_hot, ratio
from emofusion.evaluation.student import (
    Ends,
    deviations,
    logit_interval,
    logit_p,
    standard_error,
    student_interval,
    student_p,
)

Share = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]  # the arguments of `Actors.share`

# Fewer actors of a group say almost nothing about other actors of this group.
FEWEST = 3


def strata_of(groups: Sequence[str] | NDArray[Any]) -> NDArray[np.int64]:
    """The strata of actors, (A,): numbers from 0, in the alphabetical order of the groups.

    Fewer than three actors of an unknown group say nothing of others. They are put into the largest group.

    groups: (A,), each actor's group, such as `male`, `female` or `unknown`.
    """
    names, strata, sizes = np.unique(np.asarray(groups, dtype=str), return_inverse=True, return_counts=True)
    unknown = names == UNKNOWN
    if len(names) > 1 and 0 < sizes[unknown].sum() < FEWEST:
        strata[unknown[strata]] = np.where(unknown, -1, sizes).argmax()
        strata = np.unique(strata, return_inverse=True)[1]
    return strata.astype(np.int64)


@dataclass(frozen=True)
class Actors:
    """A actors, and the intervals over them.

    groups: (A,), each actor's group, such as `male`. confidence: the level of the intervals, such as 0.95.
    """

    groups: NDArray[Any]
    confidence: float = 0.95

    @cached_property
    def strata(self) -> NDArray[np.int64]:
        """Each actor's stratum, (A,)."""
        return strata_of(self.groups)

    def numbers(self, present: NDArray[Any]) -> NDArray[Any]:
        """The number of actors of each stratum that are present, (..., strata). present: (..., A), booleans."""
        members = one_hot(self.strata, int(self.strata.max(initial=0)) + 1).astype(np.int64)
        numbers: NDArray[Any] = present.astype(np.int64) @ members
        return numbers

    def enough(self, present: NDArray[Any]) -> NDArray[Any]:
        """Whether there are enough actors for an interval: at least three of each group that is present.

        present: (..., A), whether an actor is present. Returns (...), booleans.
        """
        numbers = self.numbers(present)
        enough: NDArray[Any] = ((numbers == 0) | (numbers >= FEWEST)).all(axis=-1) & numbers.any(axis=-1)
        return enough

    def accuracy(self, correct: NDArray[Any], clips: NDArray[Any]) -> Ends:
        """The ends of the intervals of the accuracy Σ correct / Σ clips, (...) each.

        correct: (..., A), recognised clips of each actor. clips: (A,) or (..., A), the actors' clips.
        """
        whole = clips.sum(axis=-1)
        return self.share(ratio(correct.sum(axis=-1), whole), deviations(correct, clips), clips > 0, whole)

    def share(self, value: NDArray[Any], away: NDArray[Any], present: NDArray[Any], clips: NDArray[Any]) -> Ends:
        """The ends of the intervals of shares, (...) each, see `student.logit_interval`.

        value: (...). away: (..., A), see `student.deviations`. present: (..., A), whether an actor is present. clips:
        (...), the number of clips.
        """
        ends = logit_interval(value, *standard_error(away, present, self.strata), clips, self.confidence)
        return self._where_enough(ends, present)

    def difference(self, value: NDArray[Any], away: NDArray[Any], present: NDArray[Any]) -> Ends:
        """The ends of the intervals of differences of shares, (...) each, see `student.student_interval`.

        value: (...). away: (..., A), what each actor adds to it. present: (..., A), whether an actor is present.
        """
        ends = student_interval(value, *standard_error(away, present, self.strata), self.confidence)
        return self._where_enough(ends, present)

    def gap(self, value: NDArray[Any], away: NDArray[Any], present: NDArray[Any]) -> Ends:
        """The ends of the intervals of gaps between groups of different people, (...) each.

        They are those of `difference`, but people of one group may differ more than those of another (Welch). The
        arguments are the same.
        """
        error, degrees = standard_error(away, present, self.strata, unequal=True)
        return self._where_enough(student_interval(value, error, degrees, self.confidence), present)

    def gap_p(self, value: NDArray[Any], away: NDArray[Any], present: NDArray[Any]) -> NDArray[Any]:
        """The two-sided p values of Welch's t test of gaps between groups of different people, (...).

        It is NaN where a group that is present has one person, and where nobody differs from others of the same group.
        The arguments are those of `difference`.
        """
        p = student_p(value, *standard_error(away, present, self.strata, unequal=True))
        return np.where(self._alone(present), np.nan, p)

    def shares_p(self, first: Share, second: Share) -> NDArray[Any]:
        """The two-sided p values of Welch's t test of two shares of different people, (...), see `student.logit_p`.

        It is NaN where a group that is present has one person. first, second: each has the arguments of `share`.
        """
        sides = [
            (value, *standard_error(away, present, self.strata), clips)
            for value, away, present, clips in (first, second)
        ]
        alone = self._alone(first[2]) | self._alone(second[2])
        return np.where(alone, np.nan, logit_p(*zip(*sides, strict=True)))

    def _alone(self, present: NDArray[Any]) -> NDArray[Any]:
        """Whether a group has just one person who is present. present: (..., A)."""
        alone: NDArray[Any] = (self.numbers(present) == 1).any(axis=-1)
        return alone

    def _where_enough(self, ends: Ends, present: NDArray[Any]) -> Ends:
        """The ends; NaN where too few actors are present."""
        enough = self.enough(present)
        return np.where(enough, ends[0], np.nan), np.where(enough, ends[1], np.nan)
