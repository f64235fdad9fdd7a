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
    Estimate,
    deviations,
    independent,
    logit_interval,
    logit_p,
    standard_error,
    student_interval,
    welch_interval,
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


def share_of(correct: NDArray[Any], clips: NDArray[Any]) -> Share:
    """The share Σ correct / Σ clips over actors, with the other arguments of `Actors.share`.

    correct: (..., A), recognised clips of each actor. clips: (A,) or (..., A), each actor's clips; 0 without a part.
    """
    whole = clips.sum(axis=-1)
    return ratio(correct.sum(axis=-1), whole), deviations(correct, clips), clips > 0, whole


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
        return self.share(*share_of(correct, clips))

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

    def gap(self, first: Share, other: Share) -> Ends:
        """The ends of the intervals of gaps between two groups of different people, (...) each.

        People of one group may differ more than those of the other (Welch 1938, doi 10.1093/biomet/29.3-4.350). Where
        those of a group do not differ at all, their clips count as independent.

        first, other: the shares of both groups, each with the arguments of `share`.
        """
        ends = welch_interval(self._estimate(first), self._estimate(other), self.confidence)
        return self._where_enough(ends, first[2], other[2])

    def gap_p(self, first: Share, other: Share) -> NDArray[Any]:
        """The two-sided p values of Welch's t test on the scale of logits, (...); see `student.logit_p`.

        It is NaN where a group has one person. The arguments are those of `gap`.
        """
        alone = self._alone(first[2]) | self._alone(other[2])
        return np.where(alone, np.nan, logit_p(self._estimate(first), self._estimate(other)))

    def within(self, first: Share, other: Share) -> Ends:
        """The ends of the intervals of gaps between two kinds of clips of the same people, (...) each.

        Where people do not differ at all, clips count as independent. The arguments are those of `gap`.
        """
        present = (first[2] > 0) | (other[2] > 0)
        error, degrees = standard_error(first[1] - other[1], present, self.strata)
        apart = np.hypot(*(independent(share, clips) for share, _, _, clips in (first, other)))
        ends = student_interval(first[0] - other[0], np.where(error > 0, error, apart), degrees, self.confidence)
        return self._where_enough(ends, first[2], other[2])

    def change(self, value: NDArray[Any], away: NDArray[Any], present: NDArray[Any]) -> Ends:
        """The ends of the intervals of differences and sums of gaps, (...) each.

        They are those of `difference`, but people of one group may differ more than those of another. The arguments
        are the same.
        """
        error, degrees = standard_error(away, present, self.strata, unequal=True)
        return self._where_enough(student_interval(value, error, degrees, self.confidence), present)

    def _estimate(self, of_group: Share) -> Estimate:
        share, away, present, clips = of_group
        return Estimate(share, *standard_error(away, present, self.strata), clips)

    def _alone(self, present: NDArray[Any]) -> NDArray[Any]:
        """Whether a group has just one person who is present. present: (..., A)."""
        alone: NDArray[Any] = (self.numbers(present) == 1).any(axis=-1)
        return alone

    def _where_enough(self, ends: Ends, *present: NDArray[Any]) -> Ends:
        """The ends; NaN where too few actors are present, in one of several shares."""
        enough = np.all([self.enough(one) for one in present], axis=0)
        return np.where(enough, ends[0], np.nan), np.where(enough, ends[1], np.nan)
