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
    Difference,
    Ends,
    Estimate,
    deviations,
    independent,
    logit_interval,
    logit_p,
    size_interval,
    standard_error,
    student_interval,
    welch,
)

Share = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]  # the arguments of `Actors.share`

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
    return ratio(correct.sum(axis=-1), clips.sum(axis=-1)), deviations(correct, clips), clips


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

    def numbers(self, clips: NDArray[Any]) -> NDArray[Any]:
        """The number of actors of each stratum that have clips, (..., strata). clips: (..., A), see `share`."""
        members = one_hot(self.strata, int(self.strata.max(initial=0)) + 1).astype(np.int64)
        numbers: NDArray[Any] = (clips > 0).astype(np.int64) @ members
        return numbers

    def enough(self, clips: NDArray[Any]) -> NDArray[Any]:
        """Whether there are enough actors for an interval: at least three of each group that has clips.

        clips: (..., A), see `share`. Returns (...), booleans.
        """
        numbers = self.numbers(clips)
        enough: NDArray[Any] = ((numbers == 0) | (numbers >= FEWEST)).all(axis=-1) & numbers.any(axis=-1)
        return enough

    def accuracy(self, correct: NDArray[Any], clips: NDArray[Any]) -> Ends:
        """The ends of the intervals of the accuracy Σ correct / Σ clips, (...) each.

        correct: (..., A), recognised clips of each actor. clips: (A,) or (..., A), the actors' clips.
        """
        return self.share(*share_of(correct, clips))

    def share(self, value: NDArray[Any], away: NDArray[Any], clips: NDArray[Any]) -> Ends:
        """The ends of the intervals of shares, (...) each, see `student.logit_interval`.

        value: (...). away: (..., A), see `student.deviations`. clips: (..., A), each actor's clips; 0 without a part.
        """
        error, degrees = standard_error(away, clips, self.strata)
        return self._where_enough(logit_interval(value, error, degrees, clips.sum(axis=-1), self.confidence), clips)

    def difference(self, value: NDArray[Any], away: NDArray[Any], clips: NDArray[Any]) -> Ends:
        """The ends of the intervals of differences of shares, (...) each, see `student.student_interval`.

        value: (...). away: (..., A), what each actor adds to it. clips: (..., A), as for `share`.
        """
        ends = student_interval(value, *standard_error(away, clips, self.strata), self.confidence)
        return self._where_enough(ends, clips)

    def gap(self, first: Share, other: Share, *, of_size: bool = False) -> Ends:
        """The ends of the intervals of gaps between two groups of different people, (...) each.

        People of one group may differ more than those of the other (Welch 1938, doi 10.1093/biomet/29.3-4.350). Where
        those of a group do not differ at all, their clips count as independent.

        first, other: the shares of both groups, each with the arguments of `share`. of_size: of the size of a gap,
        whatever its sign (`student.size_interval`).
        """
        found = welch(self._estimate(first), self._estimate(other))
        return self._where_enough(self._around(found, of_size), first[2], other[2])

    def gap_p(self, first: Share, other: Share) -> NDArray[Any]:
        """The two-sided p values of Welch's t test on the scale of logits, (...); see `student.logit_p`.

        It is NaN where a group has one person. The arguments are those of `gap`.
        """
        alone = self._alone(first[2]) | self._alone(other[2])
        return np.where(alone, np.nan, logit_p(self._estimate(first), self._estimate(other)))

    def within(self, first: Share, other: Share, *, of_size: bool = False) -> Ends:
        """The ends of the intervals of gaps between two kinds of clips of the same people, (...) each.

        Where people do not differ at all, clips count as independent. The arguments are those of `gap`.
        """
        error, degrees = standard_error(first[1] - other[1], first[2] + other[2], self.strata)
        alone = np.hypot(*(independent(share, clips.sum(axis=-1)) for share, _, clips in (first, other)))
        found = Difference(first[0] - other[0], np.where(error > 0, error, alone), degrees)
        return self._where_enough(self._around(found, of_size), first[2], other[2])

    def change(self, value: NDArray[Any], away: NDArray[Any], clips: NDArray[Any]) -> Ends:
        """The ends of the intervals of differences and sums of gaps, (...) each.

        They are those of `difference`, but people of one group may differ more than those of another. The arguments
        are the same.
        """
        error, degrees = standard_error(away, clips, self.strata, unequal=True)
        return self._where_enough(student_interval(value, error, degrees, self.confidence), clips)

    def _around(self, found: Difference, of_size: bool) -> Ends:
        return (size_interval if of_size else student_interval)(*found, self.confidence)

    def _estimate(self, of_group: Share) -> Estimate:
        share, away, clips = of_group
        return Estimate(share, *standard_error(away, clips, self.strata), clips.sum(axis=-1))

    def _alone(self, clips: NDArray[Any]) -> NDArray[Any]:
        """Whether a group has just one person with clips. clips: (..., A)."""
        alone: NDArray[Any] = (self.numbers(clips) == 1).any(axis=-1)
        return alone

    def _where_enough(self, ends: Ends, *clips: NDArray[Any]) -> Ends:
        """The ends; NaN where too few actors have clips, in one of several shares."""
        enough = np.all([self.enough(one) for one in clips], axis=0)
        return np.where(enough, ends[0], np.nan), np.where(enough, ends[1], np.nan)
