"""The main effect of each factor of a grid, and the interactions of two factors, from matched settings."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from emofusion.evaluation.grid.compared import Compared
from emofusion.evaluation.grid.contrasts import contrast_table
from emofusion.evaluation.grid.measures import MEASURES, value
from emofusion.evaluation.grid.settings import Setting
from emofusion.settings.experiment import Evaluation

Levels = Callable[[str], list[str]]
_TWO = ["factor", "level", "reference", "other_factor", "other_level", "other_reference", "quadruples"]


def main_effects(compared: Compared, levels: Levels, evaluation: Evaluation) -> pd.DataFrame:
    """The main effect of each level of each factor, against the level of the baseline.

    It is the difference between two settings that differ in this factor alone, averaged over all such pairs of the
    grid. So a factor does not get the merit of another one where the grid is not complete.

    Args:
        compared: the settings.
        levels: factor → its levels in order.
        evaluation: see `contrasts.contrast_table`.

    Returns:
        A row for each measure, factor and level other than the baseline's, if there is a pair: measure, factor, level,
        reference, pairs, clips, actors, then `contrasts.COLUMNS`. The adjustment is over all rows of a measure.
    """
    about: list[dict[str, Any]] = []
    contrasts = []
    for factor, reference in compared.baseline.levels.items():
        matched = _without(compared, (factor,))
        for level in levels(factor):
            pairs = [
                compared.contrast((1, by_level[level,]), (-1, by_level[reference,]))
                for by_level in matched
                if (level,) in by_level and (reference,) in by_level and level != reference
            ]
            if pairs:
                about.append({"factor": factor, "level": level, "reference": reference, "pairs": len(pairs)})
                contrasts.append(np.mean(pairs, axis=0))
    return _tables(about, contrasts, ["factor", "level", "reference", "pairs"], compared, evaluation)


def interactions(compared: Compared, levels: Levels, evaluation: Evaluation) -> pd.DataFrame:
    """The interactions of two factors: how much greater a level's effect is at another level of the other factor.

    The contrast is (both changed - first changed) - (second changed - none changed), averaged over all quadruples of
    settings that agree in all other factors. No change is the baseline's level.

    Returns:
        A row for each measure, two factors and two levels other than the baseline's, if there is a quadruple: measure,
        factor, level, reference, other_factor, other_level, other_reference, quadruples, clips, actors, then
        `contrasts.COLUMNS`. The adjustment is over all rows of a measure. Arguments as for `main_effects`.
    """
    about: list[dict[str, Any]] = []
    contrasts = []
    for first, second in combinations(compared.baseline.levels, 2):
        matched = _without(compared, (first, second))
        none = (compared.baseline.levels[first], compared.baseline.levels[second])
        for level in levels(first):
            for other in levels(second):
                if level == none[0] or other == none[1]:
                    continue
                four = ((1, (level, other)), (-1, (level, none[1])), (-1, (none[0], other)), (1, none))
                found = [
                    compared.contrast(*((sign, by_levels[both]) for sign, both in four))
                    for by_levels in matched
                    if all(both in by_levels for _, both in four)
                ]
                if found:
                    names = {"factor": first, "level": level, "reference": none[0]}
                    names |= {"other_factor": second, "other_level": other, "other_reference": none[1]}
                    about.append({**names, "quadruples": len(found)})
                    contrasts.append(np.mean(found, axis=0))
    return _tables(about, contrasts, _TWO, compared, evaluation)


def means(compared: Compared, levels: Levels) -> pd.DataFrame:
    """The mean of each measure over settings, for each two levels of two factors.

    Returns:
        A row for each measure and two levels that occur together: measure, factor, level, other_factor, other_level,
        mean, settings. Arguments as for `main_effects`.
    """
    rows: list[dict[str, Any]] = []
    tested = compared.tested
    values = {m: [value(m, compared.contrast((1, one)), tested.clips) for one in compared.settings] for m in MEASURES}
    for first, second in combinations(compared.baseline.levels, 2):
        chosen: dict[tuple[str, str], list[int]] = {}
        for number, one in enumerate(compared.settings):
            chosen.setdefault((one.levels[first], one.levels[second]), []).append(number)
        for measure in MEASURES:
            for both in ((level, other) for level in levels(first) for other in levels(second)):
                if both in chosen:
                    names = {"factor": first, "level": both[0], "other_factor": second, "other_level": both[1]}
                    mean = float(np.mean([values[measure][number] for number in chosen[both]]))
                    rows.append({"measure": measure, **names, "mean": mean, "settings": len(chosen[both])})
    columns = ["measure", "factor", "level", "other_factor", "other_level", "mean", "settings"]
    return pd.DataFrame(rows, columns=columns)


def _without(compared: Compared, factors: tuple[str, ...]) -> list[dict[tuple[str, ...], Setting]]:
    """Settings that agree in all factors but some: the levels of these factors → setting, for each agreement."""
    matched: dict[tuple[str, ...], dict[tuple[str, ...], Setting]] = {}
    for setting in compared.settings:
        rest = tuple(level for factor, level in setting.levels.items() if factor not in factors)
        matched.setdefault(rest, {})[tuple(setting.levels[factor] for factor in factors)] = setting
    return list(matched.values())


def _tables(
    about: list[dict[str, Any]], contrasts: list[Any], names: list[str], compared: Compared, evaluation: Evaluation
) -> pd.DataFrame:
    """A table of contrasts (A, K) for every measure. about: what each contrast is, with the columns `names`."""
    tested = compared.tested
    stacked = np.reshape(contrasts, (len(contrasts), *tested.clips.shape))
    rows = pd.DataFrame(about, columns=names).assign(clips=int(tested.clips.sum()), actors=len(tested.genders))
    tables = []
    for measure in MEASURES:
        columns = contrast_table(measure, stacked, tested.clips, tested.genders, evaluation)
        tables.append(pd.concat([rows, columns], axis=1))
        tables[-1].insert(0, "measure", measure)
    return pd.concat(tables, ignore_index=True)
