"""The gender gap: how much better men are recognised than women, and whether fusion narrows it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import nctdtrinc, stdtrit

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import Counts, ratio
from emofusion.evaluation.permutation import holm, relabellings, two_sided
from emofusion.evaluation.systems import Systems

OVERALL = ("all", "unweighted average recall")
SIGNIFICANCE, POWER = 0.05, 0.8


@dataclass(frozen=True)
class Gaps:
    """The gaps of S systems in R rows: all clips, unweighted average recall, and each emotion that occurs.

    rows: R names. male, female: (S, R) accuracies; missing (NaN) for a gender without a clip. draws: (S, R, samples),
    male - female in each resample. by_actor: (S, R, A), each actor's accuracy. clips: (R, A).
    """

    rows: list[str]
    male: np.ndarray
    female: np.ndarray
    draws: np.ndarray
    by_actor: np.ndarray
    clips: np.ndarray

    @property
    def seen(self) -> np.ndarray:
        """Accuracy of the men minus that of the women, (S, R)."""
        return self.male - self.female


def accuracies(correct: np.ndarray, clips: np.ndarray, shared: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Accuracy over all clips, unweighted average recall, and accuracy of each emotion, (S, 2 + K, ways).

    correct: (S, A, K). clips: (A, K). weights: (ways, A), how often each actor counts. shared: (K,), over which of the
    emotions recall is averaged.
    """
    weights = weights.astype(float)
    right = np.einsum("wa,sak->skw", weights, correct, optimize=True)
    whole = clips.T @ weights.T
    recall = ratio(right, whole)
    averaged = shared[:, None] & (whole > 0)
    average = ratio(np.where(averaged, recall, 0).sum(axis=1), averaged.sum(axis=0))
    overall = ratio(right.sum(axis=1), whole.sum(axis=0))
    return np.concatenate([overall[:, None], average[:, None], recall], axis=1)


def _inputs(systems: Systems, counts: Counts) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """The emotions that occur, what is correct (S, A, K) and there (A, K) of them, and which both genders show (K,)."""
    occurring = counts.clips.any(axis=0)
    clips = counts.clips[:, occurring]
    shared = clips[systems.male].any(axis=0) & clips[~systems.male].any(axis=0)
    emotions = [emotion for emotion, there in zip(systems.emotions, occurring, strict=True) if there]
    # with one gender there is no gap, but its recall is still to be shown
    return emotions, counts.correct[..., occurring], clips, shared if shared.any() else ~shared


def gaps(systems: Systems, counts: Counts, resampling: Resampling) -> Gaps:
    """The gaps as seen, in every resample, and what each actor adds to them.

    Unweighted average recall is over the emotions that both genders show, so that the same is compared.
    """
    emotions, correct, clips, shared = _inputs(systems, counts)
    male = systems.male

    def of(weights: np.ndarray) -> np.ndarray:
        return accuracies(correct, clips, shared, weights)

    whole = clips.sum(axis=1)
    return Gaps(
        rows=[*OVERALL, *emotions],
        male=of(male[None])[..., 0],
        female=of(~male[None])[..., 0],
        draws=of(resampling.weights * male) - of(resampling.weights * ~male),
        by_actor=of(np.eye(len(male))),
        clips=np.concatenate([[whole, (clips * shared).sum(axis=1)], clips.T]),
    )


def gap_p(systems: Systems, counts: Counts, found: Gaps, permutations: int, seed: int) -> np.ndarray:
    """Two-sided p values of the gaps, (S, R), from permuting gender over the actors that have a clip of the row.

    Exact where there are at most `permutations` ways, else from as many draws (see `permutation.two_sided`).
    """
    _, correct, clips, shared = _inputs(systems, counts)
    p = np.full(found.male.shape, np.nan)
    present = found.clips > 0
    for who in np.unique(present, axis=0):
        rows = (present == who).all(axis=1)
        ways, exact = relabellings(who.sum(), systems.male[who].sum(), permutations, seed)
        few = (correct[:, who], clips[who], shared)
        permuted = accuracies(*few, ways)[:, rows] - accuracies(*few, ~ways)[:, rows]
        p[:, rows] = two_sided(found.seen[:, rows], np.moveaxis(permuted, -1, 0), exact)
    return p


def detectable(values: np.ndarray, male: np.ndarray) -> np.ndarray:
    """The smallest gap that a two-sided two-sample t test over actors finds at 5 % with a power of 80 %, (...).

    values: (..., A), each actor's accuracy, NaN where it has none. With the pooled standard deviation between actors
    of a gender; power by the non-central t distribution (Cohen 1988), without the chance, below 10⁻⁴, of a significant
    difference of the wrong sign. Missing with fewer than two actors of a gender, or where all actors of a gender are
    alike, as then nothing is known of how they vary.
    """
    there = ~np.isnan(values)
    number, squares = [], []
    for who in (male, ~male):
        n = (there & who).sum(axis=-1)
        mean = ratio(np.where(there & who, values, 0).sum(axis=-1), n)
        number.append(n)
        squares.append((np.where(there & who, values - mean[..., None], 0) ** 2).sum(axis=-1))
    freedom = number[0] + number[1] - 2
    spread = np.sqrt(ratio(squares[0] + squares[1], freedom) * (ratio(1, number[0]) + ratio(1, number[1])))
    enough = (np.minimum(*number) >= 2) & (spread > 0)
    freedom = np.where(enough, freedom, 2).astype(float)
    shift = nctdtrinc(freedom, 1 - POWER, stdtrit(freedom, 1 - SIGNIFICANCE / 2))
    return np.where(enough, shift * spread, np.nan)


def gender_table(
    systems: Systems, counts: Counts, resampling: Resampling, found: Gaps, permutations: int, seed: int
) -> pd.DataFrame:
    """The gap by system and emotion; `all` is the accuracy over all clips.

    Columns: system, emotion, male and female (accuracies), male_clips, female_clips, male_actors, female_actors, gap
    (male - female), low, high, p (see `gap_p`), p_holm (adjusted for the system's emotions; missing for the two rows
    over all of them), detectable (see the function). What there are no clips or too few actors for is missing.
    """
    present = found.clips > 0
    low, high = resampling.interval(found.draws, present)
    p = gap_p(systems, counts, found, permutations, seed)
    adjusted = np.full_like(p, np.nan)
    adjusted[:, len(OVERALL) :] = holm(p[:, len(OVERALL) :])
    men, women = systems.male, ~systems.male
    columns = {"male": found.male, "female": found.female}
    columns |= {"male_clips": found.clips[:, men].sum(axis=1), "female_clips": found.clips[:, women].sum(axis=1)}
    columns |= {"male_actors": present[:, men].sum(axis=1), "female_actors": present[:, women].sum(axis=1)}
    columns |= {"gap": found.seen, "low": low, "high": high, "p": p, "p_holm": adjusted}
    columns |= {"detectable": detectable(found.by_actor, systems.male)}
    index = pd.MultiIndex.from_product([systems.names, found.rows], names=["system", "emotion"])
    flat = {name: np.broadcast_to(values, found.male.shape).ravel() for name, values in columns.items()}
    return pd.DataFrame(flat, index=index).reset_index()
