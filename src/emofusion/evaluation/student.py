"""Intervals from Student's t distribution over actors: of a difference, and of a share on the scale of logits.

Clips of one actor are similar, so actors are the sample. A share such as Σ correct / Σ clips is a ratio estimate, and
its variance comes from how far it moves without each actor (the jackknife: Wolter 2007, *Introduction to Variance
Estimation*, chapter 4; strata: Cochran 1977, *Sampling Techniques*, chapter 5). Actors with many more clips than others
pull the ratio towards themselves, so their own distance from it would say too little. Near 0 or 1 a share is far from
normal: a symmetric interval holds the true one too rarely there, and one that is computed for its logit does not (Korn
and Graubard 1998, *Survey Methodology* 24).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, stdtr, stdtrit

from emofusion.evaluation.arithmetic import ratio

Ends = tuple[NDArray[Any], NDArray[Any]]


class Estimate(NamedTuple):
    """Shares (...), their standard errors and degrees of freedom (see `standard_error`), and their numbers of clips."""

    share: NDArray[Any]
    error: NDArray[Any]
    degrees: NDArray[Any]
    clips: NDArray[Any]


class Difference(NamedTuple):
    """Differences of two shares (...), their standard errors and degrees of freedom."""

    value: NDArray[Any]
    error: NDArray[Any]
    degrees: NDArray[Any]


def deviations(counts: NDArray[Any], clips: NDArray[Any]) -> NDArray[Any]:
    """By how much each actor moves the ratio Σ counts / Σ clips, (..., A): the ratio minus the one without the actor.

    That is multiplied by (n - 1) / n for n actors with clips. Where all have as many clips, it is the difference of the
    actor's ratio and of all, divided by n, and adds up to 0 over actors.

    counts: (..., A), recognised clips, or a difference of them. clips: (A,) or (..., A), each actor's clips.
    """
    whole = clips.sum(axis=-1, keepdims=True)
    expected = ratio(counts.sum(axis=-1, keepdims=True), whole) * clips
    moved = ratio(counts - expected, np.broadcast_to(whole, counts.shape))
    others, number = 1 - ratio(clips, whole), (clips > 0).sum(axis=-1, keepdims=True)
    # one actor alone cannot be left out
    return moved * np.where(others > 0, ratio(1 - ratio(1, number), others), 1.0)


def deviations_of_rows(correct: NDArray[Any], clips: NDArray[Any], averaged: NDArray[np.bool_]) -> NDArray[Any]:
    """`deviations` of the accuracy over all clips, of the unweighted average recall, and of each emotion's accuracy.

    Args:
        correct: (S, A, K), recognised clips. clips: (A, K).
        averaged: (K,), the emotions of the average; those without a clip do not count.

    Returns:
        (S, 2 + K, A); NaN for a row without clips.
    """
    overall = deviations(correct.sum(axis=-1), clips.sum(axis=-1))
    recall = deviations(np.moveaxis(correct, -1, 1), clips.T)
    counted = averaged & clips.any(axis=0)
    average = ratio(np.where(counted[:, None], recall, 0).sum(axis=1), counted.sum())
    return np.concatenate([overall[:, None], average[:, None], recall], axis=1)


def effective(clips: NDArray[Any]) -> NDArray[Any]:
    """The effective number of people as a share of their number, (...): 1 where all have as many clips.

    It is (Σ clips)² / (n Σ clips²) for n people with clips (Kish 1965, *Survey Sampling*); NaN without a clip. If a few
    have most of the clips, the deviation among people is known as badly as from few people. Degrees of freedom are
    multiplied by this share.

    clips: (..., A), each actor's clips.
    """
    clips = np.asarray(clips, dtype=float)
    share: NDArray[Any] = ratio(clips.sum(axis=-1) ** 2, (clips > 0).sum(axis=-1) * (clips**2).sum(axis=-1))
    return share


def standard_error(
    away: NDArray[Any], clips: NDArray[Any], strata: NDArray[np.int64], unequal: bool = False
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The standard error of a sum over actors, and its degrees of freedom.

    Args:
        away: (..., A), what each actor adds, see `deviations`.
        clips: (..., A) or (A,), each actor's clips; 0 for one without a part in it.
        strata: (A,), see `actors.strata_of`. Actors vary within a stratum; another study has as many of each.
        unequal: whether actors may differ more in one stratum than in another. Then the degrees of freedom are
            Satterthwaite's (1946, doi 10.2307/3002019), with which Welch (1938, doi 10.1093/biomet/29.3-4.350) compares
            two means. Otherwise they are the actors minus the strata. Both are multiplied by `effective`.

    Returns:
        Two arrays (...); the error is NaN where `away` is, and the degrees are at least 1.
    """
    shape = np.broadcast_shapes(away.shape, clips.shape)
    away, clips = np.where(clips > 0, away, 0.0), np.broadcast_to(clips, shape)
    total = _summed(away**2)
    variance, degrees, parts = np.zeros(shape[:-1]), np.zeros(shape[:-1]), np.zeros(shape[:-1])
    for stratum in range(int(strata.max(initial=0)) + 1):
        inside = strata == stratum
        number = (clips[..., inside] > 0).sum(axis=-1)
        among = _summed(away[..., inside] ** 2) - ratio(_summed(away[..., inside]) ** 2, np.maximum(number, 1))
        # what is 0 on paper is not quite 0 after rounding
        among = np.where(among > 1e-12 * total, among, 0.0)
        own = np.where(number > 1, among * ratio(number, number - 1), 0.0)
        variance += own
        degrees += np.maximum(number - 1, 0)
        known = np.where(number > 1, effective(clips[..., inside]), 1.0)
        parts += own**2 / np.maximum((number - 1) * known, 1)
    degrees *= np.where(degrees > 0, effective(clips), 1.0)
    if unequal:
        degrees = np.where(parts > 0, ratio(variance**2, parts), degrees)
    return np.sqrt(variance), np.maximum(degrees, 1.0)


def _summed(values: NDArray[Any]) -> NDArray[Any]:
    """The sum over the last axis, with the same bits for a row whatever the other rows are (unlike matrix products)."""
    summed: NDArray[Any] = np.ascontiguousarray(values).sum(axis=-1)
    return summed


def student_interval(value: NDArray[Any], error: NDArray[Any], degrees: NDArray[Any], confidence: float) -> Ends:
    """The ends of Student's interval of a difference of two shares, cut off at -1 and 1; see `standard_error`."""
    reach = stdtrit(degrees, (1 + confidence) / 2) * error
    return np.maximum(value - reach, -1.0), np.minimum(value + reach, 1.0)


def size_interval(value: NDArray[Any], error: NDArray[Any], degrees: NDArray[Any], confidence: float) -> Ends:
    """The ends of the interval of the size |δ| of a difference of two shares; see `student_interval`.

    It leaves out 0 just where Student's interval of the signed difference d does. Its upper end is |d| + t s, as there.
    So a size is underestimated when |d| is below |δ| - t s, which is impossible where |δ| is below t s. The lower end
    may err in all other cases that the level allows. It is the size for which |d| or more, or an underestimate, is seen
    in 5 of 100 studies (for 95 %). Student's interval folded at 0 would hold a size in up to 97.5 of 100 studies.

    Both ends are NaN where the standard error is 0 or NaN.
    """
    tail = 1 - confidence
    seen, limit = ratio(np.abs(value), error), stdtrit(degrees, 1 - tail / 2)
    low, high = np.zeros(seen.shape), np.where(seen > limit, seen, 0.0)
    for _ in range(60):  # halves what is left: the chance grows with the size, from `tail` at |d| = t s
        size = (low + high) / 2
        above = stdtr(degrees, size - seen) + stdtr(degrees, -size - seen)
        below = np.maximum(stdtr(degrees, -limit) - stdtr(degrees, limit - 2 * size), 0)
        seldom = above + below < tail
        low, high = np.where(seldom, size, low), np.where(seldom, high, size)
    return low * error, np.minimum((seen + limit) * error, 1.0)


def student_p(value: NDArray[Any], error: NDArray[Any], degrees: NDArray[Any]) -> NDArray[Any]:
    """The two-sided p value of a difference by Student's t test, (...); NaN where the standard error is 0 or NaN."""
    p: NDArray[Any] = 2 * stdtr(degrees, -np.abs(ratio(value, error)))
    return p


def logit_interval(
    share: NDArray[Any], error: NDArray[Any], degrees: NDArray[Any], clips: NDArray[Any], confidence: float
) -> Ends:
    """The ends of the interval logit(q) ± t s / (q (1 - q)) of a share with the standard error s.

    q is the share with half a clip added to each side (Anscombe 1956, doi 10.1093/biomet/43.3-4.461), so that a logit
    exists near 0 and 1. An interval of 1 ends at 1, and one of 0 begins at 0. With very few actors and few clips it is
    too wide: one of 95 % holds the true share of four people in up to 99, and of five in up to 98 of 100 studies. Where
    actors do not differ at all, as where every clip is recognised, s cannot be estimated; the clips then count as
    independent. Even then t has the degrees of freedom of the actors: with few actors, others may differ much. With the
    quantile of the normal distribution, intervals would be up to half as long, but where a few people are recognised
    badly (60 clips, a mean of 95 % and a deviation of 10 points) they would hold the true share of four in 87 of 100
    studies, and not in 97.

    Args:
        share: (...), from 0 to 1.
        error, degrees: (...), see `standard_error`.
        clips: (...), the number of clips that the share is computed from.
        confidence: the level, such as 0.95.
    """
    centre, spread = _on_logits(Estimate(share, error, degrees, clips))
    reach = stdtrit(degrees, (1 + confidence) / 2) * spread
    low, high = expit(centre - reach), expit(centre + reach)
    return np.where(share > 0, low, 0.0 * low), np.where(share < 1, high, high * 0.0 + 1.0)


def logit_p(first: Estimate, other: Estimate) -> NDArray[Any]:
    """The two-sided p value of Welch's t test of two shares on the scale of logits, (...).

    Near 0 and 1 shares are too far from normal for a test of their difference. The shares are of different people.
    """
    (centre, spread), (middle, width) = (_on_logits(one) for one in (first, other))
    return student_p(centre - middle, *_welch((spread, width), (first.degrees, other.degrees)))


def welch(first: Estimate, other: Estimate) -> Difference:
    """The difference of two shares of different people, with Welch's degrees of freedom."""
    errors = tuple(np.where(one.error > 0, one.error, independent(one.share, one.clips)) for one in (first, other))
    return Difference(first.share - other.share, *_welch(errors, (first.degrees, other.degrees)))


def independent(share: NDArray[Any], clips: NDArray[Any]) -> NDArray[Any]:
    """The standard error of a share of independent clips, (...), with half a clip added to each side.

    share, clips: (...).
    """
    centre = _with_half_a_clip(share, clips)
    error: NDArray[Any] = np.sqrt(ratio(centre * (1 - centre), clips))
    return error


def _welch(errors: tuple[NDArray[Any], ...], degrees: tuple[NDArray[Any], ...]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The standard error of a difference of two independent values, and Satterthwaite's degrees of freedom."""
    error = np.hypot(*errors)
    parts = sum(one**4 / freedom for one, freedom in zip(errors, degrees, strict=True))
    return error, ratio(error**4, parts)


def _on_logits(one: Estimate) -> tuple[NDArray[Any], NDArray[Any]]:
    """The logit of q and its standard error, (...) each, see `logit_interval`."""
    centre = _with_half_a_clip(one.share, one.clips)
    error = np.where(one.error > 0, one.error, independent(one.share, one.clips))
    return logit(centre), error / (centre * (1 - centre))


def _with_half_a_clip(share: NDArray[Any], clips: NDArray[Any]) -> NDArray[Any]:
    shares: NDArray[Any] = (share * clips + 0.5) / (clips + 1)
    return shares
