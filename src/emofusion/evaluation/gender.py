"""The gender gap: the accuracy for men minus the accuracy for women. People of unknown gender do not count here."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.evaluation.actors import Actors, Share
from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.detectable import DETECTABLE, minimum_detectable_gap
from emofusion.evaluation.permutation import holm, relabellings, two_sided
from emofusion.evaluation.student import deviations_of_rows
from emofusion.evaluation.systems import Systems

OVERALL = ("all", "unweighted average recall")


@dataclass(frozen=True)
class Gaps:
    """The gaps of S systems in R rows: accuracy on all clips, unweighted average recall, and each emotion that occurs.

    rows: the names of the R rows. male, female: (S, R), accuracies; NaN for a gender without a clip. away: (S, R, A),
    what each actor adds to male - female, see `student.deviations`. by_actor: (S, R, A), each actor's accuracy; NaN for
    an actor of unknown gender. clips: (R, A), each actor's number of clips; 0 for an actor of unknown gender.
    """

    rows: list[str]
    male: NDArray[Any]
    female: NDArray[Any]
    away: NDArray[Any]
    by_actor: NDArray[Any]
    clips: NDArray[Any]

    @property
    def observed(self) -> NDArray[Any]:
        """The observed gaps: accuracy of men minus accuracy of women, (S, R)."""
        gaps: NDArray[Any] = self.male - self.female
        return gaps

    def shares(self, systems: Systems) -> tuple[Share, Share]:
        """The arguments of `Actors.gap`: the accuracies of men and of women. systems: those of the gaps."""
        men, women = systems.male, systems.female
        return (
            (self.male, np.where(men, self.away, 0), self.clips * men),
            (self.female, np.where(women, -self.away, 0), self.clips * women),
        )


@dataclass(frozen=True)
class Occurring:
    """Counts of the K emotions that occur, from which gaps are computed.

    correct: (S, A, K), recognised clips. clips: (A, K). averaged: (K,), whether an emotion is part of the unweighted
    average recall. These are the emotions that both genders show, so that both averages are over the same emotions.
    Where there is only one gender, they are all emotions.
    """

    emotions: list[str]
    correct: NDArray[Any]
    clips: NDArray[Any]
    averaged: NDArray[np.bool_]

    @classmethod
    def of(cls, systems: Systems, counts: Counts) -> "Occurring":
        """Select the emotions that occur in the clips."""
        occurring = np.flatnonzero(counts.clips.any(axis=0))
        clips = counts.clips[:, occurring]
        shared = np.asarray(clips[systems.male].any(axis=0) & clips[systems.female].any(axis=0))
        emotions = [systems.emotions[position] for position in occurring]
        # with one gender there is no gap, but the table still shows its recall
        return cls(emotions, counts.correct[..., occurring], clips, shared if shared.any() else ~shared)

    def of_actors(self, actors: NDArray[Any]) -> "Occurring":
        """The counts of some actors. actors: (A,), a boolean mask."""
        return Occurring(self.emotions, self.correct[:, actors], self.clips[actors], self.averaged)

    def accuracies(self, weights: NDArray[Any]) -> NDArray[Any]:
        """Accuracy over all clips, unweighted average recall, and accuracy of each emotion, (S, 2 + K, ways).

        weights: (ways, A), how often each actor counts.
        """
        weights = weights.astype(float)
        right = np.einsum("wa,sak->skw", weights, self.correct, optimize=True)
        whole = self.clips.T @ weights.T
        recall = ratio(right, whole)
        averaged = self.averaged[:, None] & (whole > 0)
        average = ratio(np.where(averaged, recall, 0).sum(axis=1), averaged.sum(axis=0))
        overall = ratio(right.sum(axis=1), whole.sum(axis=0))
        return np.concatenate([overall[:, None], average[:, None], recall], axis=1)


def find_gaps(systems: Systems, counts: Counts) -> Gaps:
    """The observed gaps, what each actor adds to them, and each actor's accuracy.

    Unweighted average recall is over the emotions that both genders show, so that both averages are comparable.

    Args:
        systems: the systems on the same clips.
        counts: their counts.
    """
    occurring, male, female = Occurring.of(systems, counts), systems.male, systems.female
    known = male | female
    away = np.zeros((len(systems.names), len(OVERALL) + len(occurring.emotions), len(known)))
    for sign, gender in ((1, male), (-1, female)):
        of_gender = occurring.of_actors(gender)
        away[..., gender] = sign * deviations_of_rows(of_gender.correct, of_gender.clips, occurring.averaged)
    clips = occurring.clips * known[:, None]
    return Gaps(
        rows=[*OVERALL, *occurring.emotions],
        male=occurring.accuracies(male[None])[..., 0],
        female=occurring.accuracies(female[None])[..., 0],
        away=away,
        by_actor=np.where(known, occurring.accuracies(np.eye(len(male))), np.nan),
        clips=np.concatenate([[clips.sum(axis=1), (clips * occurring.averaged).sum(axis=1)], clips.T]),
    )


def gap_p(
    systems: Systems,
    counts: Counts,
    over: Actors,
    gaps: Gaps,
    permuted: tuple[NDArray[Any], bool],
    permutations: int,
    seed: int,
) -> NDArray[Any]:
    """Two-sided p values of the gaps, (S, R): the greater one of a permutation test's and of Welch's t test's.

    The permutation test permutes the genders over the actors that have a clip of the row. It needs no normal values,
    but assumes that men differ as much among themselves as women do. Welch's test allows for a difference there, but
    needs values that are nearly normal, so it is on the scale of logits. `groups` says how far the greater p holds. The
    permutation test is exact if there are at most `permutations` ways; otherwise this number of ways is drawn (see
    `permutation.two_sided`).

    permuted: see `permuted_gaps`; they serve the rows of which every actor has a clip.
    """
    occurring = Occurring.of(systems, counts)
    p = np.full(gaps.male.shape, np.nan)
    present = gaps.clips > 0
    for actors in np.unique(present, axis=0):
        rows = (present == actors).all(axis=1)
        if (actors == (systems.male | systems.female)).all():
            p[:, rows] = two_sided(gaps.observed[:, rows], np.moveaxis(permuted[0][:, rows], -1, 0), permuted[1])
            continue
        ways, exact = relabellings(actors.sum(), systems.male[actors].sum(), permutations, seed)
        of_present = occurring.of_actors(actors)
        drawn = of_present.accuracies(ways)[:, rows] - of_present.accuracies(~ways)[:, rows]
        p[:, rows] = two_sided(gaps.observed[:, rows], np.moveaxis(drawn, -1, 0), exact)
    welch = over.gap_p(*gaps.shares(systems))  # missing with one person of a gender
    greater: NDArray[Any] = np.fmax(p, welch)
    return greater


def permuted_gaps(systems: Systems, counts: Counts, permutations: int, seed: int) -> tuple[NDArray[Any], bool]:
    """The gaps of all rows where the genders are permuted over all actors of known gender.

    The same permutations are for all systems and rows, so that they can be compared. A row without a clip of one gender
    has no gap in that permutation.

    Returns:
        (S, R, ways), NaN where there is no gap; and whether the ways are all possible ones, see `gap_p`.
    """
    known = systems.male | systems.female
    ways, exact = relabellings(int(known.sum()), int(systems.male.sum()), permutations, seed)
    of_known = Occurring.of(systems, counts).of_actors(known)
    return of_known.accuracies(ways) - of_known.accuracies(~ways), exact


def gender_table(
    systems: Systems,
    counts: Counts,
    over: Actors,
    gaps: Gaps,
    permuted: tuple[NDArray[Any], bool],
    permutations: int,
    seed: int,
) -> pd.DataFrame:
    """The gap by system and emotion. The emotion `all` stands for the accuracy over all clips.

    Columns: system, emotion; male and female (accuracies); male_clips, female_clips, male_actors, female_actors; gap
    (male - female) with its interval low and high; p (see `gap_p`); p_holm (adjusted for the system's emotions; missing
    in the two rows over all emotions); minimum_detectable_gap with its interval (see the function). A value is missing
    where there is no clip or where there are too few actors.
    """
    present = gaps.clips > 0
    low, high = over.gap(*gaps.shares(systems))
    p = gap_p(systems, counts, over, gaps, permuted, permutations, seed)
    adjusted = np.full_like(p, np.nan)
    adjusted[:, len(OVERALL) :] = holm(p[:, len(OVERALL) :])
    men, women = systems.male, systems.female
    columns = {"male": gaps.male, "female": gaps.female}
    columns |= {"male_clips": gaps.clips[:, men].sum(axis=1), "female_clips": gaps.clips[:, women].sum(axis=1)}
    columns |= {"male_actors": present[:, men].sum(axis=1), "female_actors": present[:, women].sum(axis=1)}
    columns |= {"gap": gaps.observed, "low": low, "high": high, "p": p, "p_holm": adjusted}
    detectable = minimum_detectable_gap(gaps.by_actor, systems.male, over.confidence)
    columns |= dict(zip(DETECTABLE, detectable, strict=True))
    index = pd.MultiIndex.from_product([systems.names, gaps.rows], names=["system", "emotion"])
    flat = {name: np.broadcast_to(values, gaps.male.shape).ravel() for name, values in columns.items()}
    return pd.DataFrame(flat, index=index).reset_index()
