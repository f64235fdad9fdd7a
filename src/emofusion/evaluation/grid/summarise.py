"""All statistics of a grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from emofusion.evaluation.grid.compared import Compared
from emofusion.evaluation.grid.contrasts import COLUMNS, contrast_table
from emofusion.evaluation.grid.counting import TestSet, count_cells
from emofusion.evaluation.grid.effects import interactions, main_effects, means
from emofusion.evaluation.grid.means import over_seeds, setting_means
from emofusion.evaluation.grid.measures import MEASURES, value
from emofusion.evaluation.grid.settings import Setting, group_settings, levels_of
from emofusion.settings.experiment import Evaluation


@dataclass(frozen=True)
class Statistics:
    """The statistics of a grid.

    settings: the settings, in the order of their first cells. Tables name a setting by its position here. baseline: the
    position of the baseline. cells: a row for each cell, in their order: cell, setting, clips, actors, and the
    measures. means, variance: see `means.setting_means`. tests: a row for each measure and setting that is compared
    with the baseline: measure, setting, seeds (that both have), clips, actors, `contrasts.COLUMNS`, seeds_low and
    seeds_high (the interval over seeds and actors; missing with one seed). effects, interactions, pair_means: see
    `effects`. not_compared: positions of the settings that were not tested on the clips of the baseline.
    """

    settings: list[Setting]
    baseline: int
    cells: pd.DataFrame
    means: pd.DataFrame
    variance: pd.DataFrame
    tests: pd.DataFrame
    effects: pd.DataFrame
    interactions: pd.DataFrame
    pair_means: pd.DataFrame
    not_compared: list[int]


def summarise(
    cells: Mapping[str, Mapping[str, str]],
    fused: Mapping[str, Path],
    baseline: str,
    replicates: Sequence[str],
    evaluation: Evaluation,
) -> Statistics:
    """Compute all statistics of a grid.

    Everything runs on one thread, so that sums do not depend on the machine's number of cores.

    Args:
        cells: name of a cell → factor → level; every cell has the same factors.
        fused: name of a cell → file of its fused predictions (`tables.PREDICTIONS`).
        baseline: the name of the baseline cell.
        replicates: the factors that repeat a setting, such as `seed`.
        evaluation: confidence, resamples, permutations and seed.

    Raises:
        EmofusionError: see `settings.group_settings`, `counting.count_cells` and `Compared`.
    """
    settings = group_settings(cells, replicates)
    with threadpool_limits(1):
        test_sets = count_cells({name: fused[name] for name in cells})
        compared = Compared(settings, test_sets, baseline)
        levels = partial(levels_of, cells)
        averages, variance = setting_means(settings, test_sets, evaluation)
        numbers = {id(setting): number for number, setting in enumerate(settings)}
        return Statistics(
            settings=settings,
            baseline=numbers[id(compared.baseline)],
            cells=_cells(settings, test_sets).set_index("cell").loc[list(cells)].reset_index(),
            means=averages,
            variance=variance,
            tests=_tests(compared, numbers, evaluation),
            effects=main_effects(compared, levels, evaluation),
            interactions=interactions(compared, levels, evaluation),
            pair_means=means(compared, levels),
            not_compared=[numbers[id(setting)] for setting in compared.left_out],
        )


def _cells(settings: list[Setting], test_sets: list[TestSet]) -> pd.DataFrame:
    number = {cell: n for n, setting in enumerate(settings) for cell in setting.cells.values()}
    rows = []
    for tested in test_sets:
        values = {measure: value(measure, tested.correct, tested.clips) for measure in MEASURES}
        about = {"clips": int(tested.clips.sum()), "actors": len(tested.genders)}
        names = {"cell": tested.cells, "setting": [number[cell] for cell in tested.cells]}
        rows.append(pd.DataFrame(names | about | values))
    return pd.concat(rows, ignore_index=True)


def _tests(compared: Compared, numbers: dict[int, int], evaluation: Evaluation) -> pd.DataFrame:
    tested, baseline = compared.tested, compared.baseline
    others = [setting for setting in compared.settings if setting is not baseline]
    contrasts = np.reshape([compared.contrast((1, one), (-1, baseline)) for one in others], (-1, *tested.clips.shape))
    shared = [setting.shared([baseline]) for setting in others]
    tables = []
    for measure in MEASURES:
        ends = [_over_seeds(measure, compared, *pair, evaluation) for pair in zip(others, shared, strict=True)]
        about: dict[str, Any] = {
            "measure": measure,
            "setting": [numbers[id(setting)] for setting in others],
            "seeds": [len(seeds) for seeds in shared],
            "clips": int(tested.clips.sum()),
            "actors": len(tested.genders),
        }
        table = contrast_table(measure, contrasts, tested.clips, tested.genders, evaluation)
        table = pd.concat([pd.DataFrame(about), table], axis=1)
        table["seeds_low"], table["seeds_high"] = ([pair[side] for pair in ends] for side in (0, 1))
        tables.append(table.reindex(columns=[*about, *COLUMNS, "seeds_low", "seeds_high"]))
    return pd.concat(tables, ignore_index=True)


def _over_seeds(
    measure: str, compared: Compared, setting: Setting, seeds: list[tuple[str, ...]], evaluation: Evaluation
) -> tuple[float, float]:
    if len(seeds) < 2:
        return np.nan, np.nan
    differences = compared.correct(setting, seeds) - compared.correct(compared.baseline, seeds)
    return over_seeds(measure, differences, compared.tested, evaluation.confidence)
