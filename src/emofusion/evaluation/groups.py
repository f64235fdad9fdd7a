"""Any group of the tested clips, such as age bands, languages or intensities, reported as gender is.

A group of people, such as an age band, is compared over people: they are a sample of each level, and one test
permutes which people have which level. A group that varies within people, such as an intensity, is compared within
people: the test exchanges the levels of each person. Tests are over actors, so they hold for other actors.

A permutation over people assumes that people differ as much in all groups. Where a small group spreads more, it alone
rejects equal means too often: in 5 to 8 of 100 studies at 5 % for five people with a deviation of 4 points and four
with 14, and in 12 to 18 of 100 for 12, 8 and 4 people with 4, 10 and 16. Welch's t test allows for that, but wants
values that are nearly normal; on the scale of logits, accuracies are that also near 100 %. So p is the greater one of
both. It rejects in at most 6 of 100 there, and in 2 to 5 of 100 where groups spread alike, so that it finds a little
less. Permuting a statistic that is divided by its standard error (Janssen 1997, Chung and Romano 2013) was tried: it
left 8 and 11 of 100.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.counts import confusion_of_cells
from emofusion.evaluation.detectable import DETECTABLE, minimum_detectable_gap
from emofusion.evaluation.exchange import pair_exchanges, shuffles
from emofusion.evaluation.fairness import with_intervals
from emofusion.evaluation.gender import OVERALL
from emofusion.evaluation.levels import Levels, levels_of
from emofusion.evaluation.permutation import holm, two_sided
from emofusion.evaluation.student import deviations_of_rows
from emofusion.evaluation.systems import Systems
from emofusion.settings.experiment import Evaluation

GROUP_TABLES = ("groups", "group_gaps", "group_tests", "group_fairness")


def group_tables(systems: Systems, facts: pd.DataFrame, settings: Evaluation) -> dict[str, pd.DataFrame]:
    """The tables of all groups in `settings.groups`.

    Args:
        systems: the systems on the same clips.
        facts: `tables.FACTS`, for at least the tested clips.
        settings: the groups, intervals and tests.

    Returns:
        groups: group, level, system, emotion (`all`, the unweighted average recall over the emotions that the level
            shows, and each emotion), clips, actors, accuracy with its interval low and high.
        group_gaps: group, first, second (levels), system, emotion; first_accuracy, second_accuracy and their clips and
            actors; gap (first - second) with low and high; p (over people, the greater one of a permutation test's and
            of Welch's t test's), p_holm (adjusted for the system's pairs, or its pairs and emotions),
            minimum_detectable_gap with its interval (missing where levels vary within people). Unweighted average
            recall is over the emotions that both levels show.
        group_tests: group, system, emotion, levels (with a clip), spread (the largest accuracy of a level minus the
            smallest), p of a permutation test of the spread (with two levels, that of their gap; over people, at least
            the smallest p of Welch's t tests of two levels, times the number of these tests), p_holm (adjusted for the
            system's emotions).
        group_fairness: group, system, emotion, metric, value, levels: as `fairness.fairness_table`, where a difference
            is the largest minus the smallest rate of a level; low and high, its interval where there are two levels
            (with more, `group_gaps` has intervals for each pair).
        All are without rows where `settings.groups` is empty, and for a group of which `facts` has no value.

    Raises:
        EmofusionError: a group is no column with values, see `levels.levels_of`.
    """
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in GROUP_TABLES}
    for group in settings.groups or ():
        if group in facts and facts[group].isna().all():  # nobody asked for it, see `levels.facts_of_tested`
            continue
        levels = levels_of(group, facts, systems, settings.bands)
        for name, table in _Group(systems, levels, settings).tables().items():
            found[name].append(table.assign(group=group)[EMPTY[name].columns])
    return {name: pd.concat(tables or [EMPTY[name]], ignore_index=True) for name, tables in found.items()}


def _empty(texts: Sequence[str], counts: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    kinds = {"str": texts, "int64": counts, "float64": numbers}
    return pd.DataFrame({name: pd.Series(dtype=kind) for kind, names in kinds.items() for name in names})


_GAP_COUNTS = [f"{side}_{what}" for side in ("first", "second") for what in ("clips", "actors")]
EMPTY = {
    "groups": _empty(["group", "level", "system", "emotion"], ["clips", "actors"], ["accuracy", "low", "high"]),
    "group_gaps": _empty(
        ["group", "first", "second", "system", "emotion"],
        _GAP_COUNTS,
        ["first_accuracy", "second_accuracy", "gap", "low", "high", "p", "p_holm", *DETECTABLE],
    ),
    "group_tests": _empty(["group", "system", "emotion"], ["levels"], ["spread", "p", "p_holm"]),
    "group_fairness": _empty(["group", "system", "emotion", "metric"], ["levels"], ["value", "low", "high"]),
}


class _Group:
    """The clips of S systems by actor, level and emotion, and the comparisons of levels."""

    def __init__(self, systems: Systems, levels: Levels, settings: Evaluation) -> None:
        self.systems, self.levels, self.settings = systems, levels, settings
        shape = (len(systems.actors), len(levels.names), len(systems.emotions))
        cell = (systems.actor * shape[1] + levels.of_clip) * shape[2] + systems.truth
        cell, cells = np.where(levels.of_clip >= 0, cell, -1), int(np.prod(shape))
        clips = np.bincount(cell[cell >= 0], minlength=cells).reshape(shape)
        confusion = confusion_of_cells(systems, cell, cells).reshape(-1, *shape, shape[2])
        correct = np.diagonal(confusion, axis1=-2, axis2=-1)
        occurs = np.asarray(clips.any(axis=(0, 1)))
        occurring = np.flatnonzero(occurs)
        self.emotions = [systems.emotions[position] for position in occurring]
        self.rows = [*OVERALL, *self.emotions]
        self.clips, self.correct = clips[..., occurring], correct[..., occurring]  # (A, G, K), (S, A, G, K)
        groups = levels.labels if levels.of_people else systems.genders
        self.over = Actors(groups, self.settings.confidence)
        by_level = np.moveaxis(clips, 1, 0), np.moveaxis(confusion, 2, 1)
        self.fairness = with_intervals(systems, *by_level, occurs, self.over)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of `group_tables` for this group, without the column group."""
        pairs = [self._pair(first, second) for first, second in combinations(range(len(self.levels.names)), 2)]
        gaps = pd.concat(pairs, ignore_index=True) if pairs else EMPTY["group_gaps"].drop(columns="group")
        return {
            "groups": pd.concat([self._level(level) for level in range(len(self.levels.names))], ignore_index=True),
            "group_gaps": gaps.assign(p_holm=self._holm(gaps)),
            "group_tests": self._spread(gaps),
            "group_fairness": self.fairness.assign(levels=len(self.levels.names)),
        }

    def _level(self, level: int) -> pd.DataFrame:
        """The rows of the table `groups` of one level, of the emotions that it shows."""
        clips, correct = self.clips[:, level], self.correct[:, :, level]
        shown = np.asarray(clips.any(axis=0))
        values = rates(correct.sum(axis=1)[..., None], clips.sum(axis=0)[:, None], shown)[..., 0]
        present = self._present(clips, shown)
        away = deviations_of_rows(correct, clips, shown)
        low, high = self.over.share(values, away, present)
        counts = {"clips": present.sum(axis=1), "actors": (present > 0).sum(axis=1)}
        table = self._table({**counts, "accuracy": values, "low": low, "high": high})
        return table.assign(level=self.levels.names[level]).loc[np.tile(present.any(axis=1), len(self.systems.names))]

    def _pair(self, first: int, second: int) -> pd.DataFrame:
        """The rows of the table `group_gaps` of two levels, without `p_holm`, and with the p of Welch's test.

        welch is missing where levels vary within people, and where it cannot be computed.
        """
        sides = [(self.clips[:, level], self.correct[:, :, level]) for level in (first, second)]
        shown = np.asarray(sides[0][0].any(axis=0) & sides[1][0].any(axis=0))
        values = [
            rates(correct.sum(axis=1)[..., None], clips.sum(axis=0)[:, None], shown)[..., 0] for clips, correct in sides
        ]
        present = [self._present(clips, shown) for clips, _ in sides]
        gaps = values[0] - values[1]
        away = [deviations_of_rows(correct, clips, shown) for clips, correct in sides]
        both = list(zip(values, away, present, strict=True))
        of_people = self.levels.of_people
        low, high = self.over.gap(*both) if of_people else self.over.within(*both)
        welch = self.over.gap_p(*both) if of_people else np.full(gaps.shape, np.nan)
        p = np.fmax(self._p(sides, shown, present, gaps), welch)
        columns: dict[str, Any] = {}
        for side, (of_side, value) in zip(("first", "second"), zip(present, values, strict=True), strict=True):
            columns[f"{side}_accuracy"] = value
            columns[f"{side}_clips"], columns[f"{side}_actors"] = of_side.sum(axis=1), (of_side > 0).sum(axis=1)
        columns |= {"gap": gaps, "low": low, "high": high, "p": p, "welch": welch}
        columns |= dict(zip(DETECTABLE, self._detectable(sides, shown, first), strict=True))
        return self._table(columns).assign(first=self.levels.names[first], second=self.levels.names[second])

    def _p(
        self,
        sides: list[tuple[NDArray[Any], NDArray[Any]]],
        shown: NDArray[Any],
        present: list[NDArray[Any]],
        observed: NDArray[Any],
    ) -> NDArray[Any]:
        """The p values of the gaps of two levels by permutation, (S, R); NaN where nothing can be exchanged."""
        p = np.full(observed.shape, np.nan)
        either = np.stack([side > 0 for side in present], axis=-1)  # (R, A, 2)
        for pattern in np.unique(either, axis=0):
            rows = (either == pattern).all(axis=(1, 2))
            actors = pattern.any(axis=1)
            if not self.levels.of_people and not pattern.all(axis=1).any():  # nobody has clips of both levels
                continue
            of_first, exact = pair_exchanges(
                pattern[actors], self.levels.of_people, self.settings.permutations, self.settings.seed
            )
            # how much of each side's clips goes to the first level: (ways, actors), 0 or 1
            shares = (of_first, ~of_first if not self.levels.of_people else of_first)
            permuted = []
            for one, other in (shares, tuple(~share for share in shares)):
                parts = [(share.astype(float), *side) for share, side in zip((one, other), sides, strict=True)]
                whole = sum(clips[actors].T @ share.T for share, clips, _ in parts)
                right = sum(
                    np.einsum("wa,sak->skw", share, correct[:, actors], optimize=True) for share, _, correct in parts
                )
                permuted.append(rates(np.asarray(right), np.asarray(whole), shown)[:, rows])
            p[:, rows] = two_sided(observed[:, rows], np.moveaxis(permuted[0] - permuted[1], -1, 0), exact)
        return p

    def _detectable(
        self, sides: list[tuple[NDArray[Any], NDArray[Any]]], shown: NDArray[Any], first: int
    ) -> NDArray[Any]:
        """`minimum_detectable_gap` over people, (3, S, R); missing where levels vary within people."""
        shape = (3, len(self.systems.names), len(self.rows))
        if not self.levels.of_people:
            return np.full(shape, np.nan)
        clips, correct = sides[0][0] + sides[1][0], sides[0][1] + sides[1][1]
        by_actor = rates(np.moveaxis(correct, 1, 2), clips.T, shown)
        return minimum_detectable_gap(by_actor, self.levels.of_actor == first, self.settings.confidence)

    def _holm(self, gaps: pd.DataFrame) -> NDArray[Any]:
        """The p values of all pairs, adjusted for each system: accuracy, average recall, and all single emotions."""
        adjusted = np.full(len(gaps), np.nan)
        family = gaps["emotion"].where(gaps["emotion"].isin(OVERALL), "")
        for rows in gaps.groupby([gaps["system"], family], sort=False).indices.values():
            adjusted[rows] = holm(gaps["p"].to_numpy()[rows])
        return adjusted

    def _spread(self, gaps: pd.DataFrame) -> pd.DataFrame:
        """The table `group_tests`. gaps: the rows of `_pair` of all pairs of levels."""
        shown = self.clips.any(axis=0)
        shared = np.asarray(shown.all(axis=0) if shown.all(axis=0).any() else shown.any(axis=0))
        present = np.stack(
            [self._present(self.clips[:, g], shared) > 0 for g in range(len(self.levels.names))], axis=-1
        )

        def spread(right: NDArray[Any], whole: NDArray[Any]) -> NDArray[Any]:
            """(S, R, ways): of right (S, G, K, ways) and whole (G, K, ways)."""
            by_level = np.stack([rates(right[:, g], whole[g], shared) for g in range(right.shape[1])])
            known = np.isfinite(by_level)
            most, least = np.where(known, by_level, -np.inf).max(axis=0), np.where(known, by_level, np.inf).min(axis=0)
            return np.where(known.sum(axis=0) > 1, most - least, np.nan)

        observed = spread(self.correct.sum(axis=1)[..., None], self.clips.sum(axis=0)[..., None])[..., 0]
        # of two levels it is their gap without its sign
        of_gap = gaps["p"].to_numpy().reshape(observed.shape) if len(self.levels.names) == 2 else None
        p = np.full(observed.shape, np.nan) if of_gap is None else of_gap
        # (A, G), the levels that each actor has clips of
        for pattern in np.unique(present, axis=0) if of_gap is None else ():
            rows = (present == pattern).all(axis=(1, 2))
            actor, level = np.nonzero(pattern)
            drawn = []
            for targets in shuffles(
                actor, level, self.levels.of_people, self.settings.permutations, self.settings.seed
            ):
                to = targets[:, None, :] == np.arange(pattern.shape[1])[:, None]  # (ways, G, cells)
                flat = to.reshape(-1, len(actor)).astype(float)
                whole = (flat @ self.clips[actor, level]).reshape(*to.shape[:2], -1)
                right = np.stack([(flat @ one[actor, level]).reshape(*to.shape[:2], -1) for one in self.correct])
                moved = spread(np.moveaxis(right, 1, -1), np.moveaxis(whole, 0, -1))
                drawn.append(moved[:, rows])
            if drawn:
                p[:, rows] = two_sided(
                    observed[:, rows], np.moveaxis(np.concatenate(drawn, axis=-1), -1, 0), exact=False
                )
        if of_gap is None:
            p = np.fmax(p, self._smallest_welch(gaps))
        adjusted = np.full_like(p, np.nan)
        adjusted[:, len(OVERALL) :] = holm(p[:, len(OVERALL) :])
        levels = present.any(axis=1).sum(axis=1)
        return self._table({"levels": levels, "spread": observed, "p": p, "p_holm": adjusted})

    def _smallest_welch(self, gaps: pd.DataFrame) -> NDArray[Any]:
        """The smallest p of Welch's tests of all pairs of levels, (S, R), times their number (Bonferroni), at most 1.

        NaN where there is none. gaps: the rows of `_pair`.
        """
        keys = ["system", "emotion"]
        tests = gaps.reindex(columns=[*keys, "welch"]).groupby(keys)["welch"].agg(["min", "count"])
        smallest = (tests["min"] * tests["count"]).clip(upper=1)
        index = pd.MultiIndex.from_product([self.systems.names, self.rows])
        bounds: NDArray[Any] = smallest.reindex(index).to_numpy().reshape(len(self.systems.names), -1)
        return bounds

    def _present(self, clips: NDArray[Any], averaged: NDArray[Any]) -> NDArray[Any]:
        """Each actor's number of clips in each row, (R, A). clips: (A, K). averaged: (K,), see `rates`."""
        return np.concatenate([[clips.sum(axis=1), (clips * averaged).sum(axis=1)], clips.T])

    def _table(self, columns: dict[str, NDArray[Any]]) -> pd.DataFrame:
        """A row for each system and row. columns: name → (S, R) or (R,)."""
        index = pd.MultiIndex.from_product([self.systems.names, self.rows], names=["system", "emotion"])
        shape = (len(self.systems.names), len(self.rows))
        flat = {name: np.broadcast_to(values, shape).ravel() for name, values in columns.items()}
        return pd.DataFrame(flat, index=index).reset_index()


def rates(right: NDArray[Any], whole: NDArray[Any], averaged: NDArray[Any]) -> NDArray[Any]:
    """Accuracy over all clips, unweighted average recall, and accuracy of each emotion, (S, 2 + K, ways).

    right: (S, K, ways), recognised clips. whole: (K, ways), clips. averaged: (K,), the emotions of the average.
    """
    recall = ratio(right, whole)
    counted = averaged[:, None] & (whole > 0)
    average = ratio(np.where(counted, recall, 0).sum(axis=1), counted.sum(axis=0))
    overall = ratio(right.sum(axis=1), whole.sum(axis=0))
    return np.concatenate([overall[:, None], average[:, None], recall], axis=1)
