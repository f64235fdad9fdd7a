"""The mean of each setting over its seeds, with its interval, and the split of its variance."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.evaluation.actors import strata_of
from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.grid.counting import TestSet
from emofusion.evaluation.grid.crossed import Crossed, crossed, enough
from emofusion.evaluation.grid.measures import ACCURACY, MEASURES, value, values_by_actor
from emofusion.evaluation.grid.settings import Setting
from emofusion.evaluation.variance import NAMES, components
from emofusion.settings.experiment import Evaluation

SEEDS_AND_ACTORS, ACTORS = "seeds and actors", "actors"
TOO_FEW, DIFFERENT = "none: too few actors", "none: its seeds were tested on different clips"


def setting_means(
    settings: list[Setting], test_sets: list[TestSet], evaluation: Evaluation
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The means of all settings, and their variances.

    Args:
        settings: of the grid.
        test_sets: the counts of all cells.
        evaluation: confidence, samples and seed.

    Returns:
        A row for each setting, in their order: seeds, clips, actors (missing where its seeds were tested on different
        clips), then each measure with `_sd` (its standard deviation over seeds), `_low` and `_high`, and interval_over:
        what the interval allows for. With several
        seeds it is an interval over new seeds and new actors (`crossed.crossed`); with one seed it is the interval over
        actors that the cell's own report has.
        And a row for each measure and setting with several seeds: setting (its number, from 0), measure, seeds, folds,
        actors, the components of `variance.components` (variances, squared fractions), and set_to_0 (those that were
        estimated as negative).
    """
    where = {cell: (one, n) for one in test_sets for n, cell in enumerate(one.cells)}
    alone = {id(one): _Alone(one, evaluation) for one in test_sets}
    rows, variances = list[dict[str, Any]](), list[dict[str, Any]]()
    for number, setting in enumerate(settings):
        tested = [where[cell] for cell in setting.cells.values()]
        first, several = tested[0][0], len(tested) > 1
        row: dict[str, Any] = {"seeds": len(tested)}
        if any(one is not first for one, _ in tested):
            values = {m: float(np.mean([value(m, one.correct[n], one.clips) for one, n in tested])) for m in MEASURES}
            rows.append(row | values | {"interval_over": DIFFERENT})
            continue
        row |= {"clips": int(first.clips.sum()), "actors": len(first.genders)}
        correct = first.correct[[n for _, n in tested]]
        over = SEEDS_AND_ACTORS if several else ACTORS
        for measure in MEASURES:
            if several:
                found = _crossed(measure, correct, first, evaluation.confidence)
                row[measure] = found.mean
                ends = found.of_share(row["clips"], evaluation.confidence)
                row[f"{measure}_sd"] = float(np.std(value(measure, correct, first.clips), ddof=1))
                folds = first.shared_folds([n for _, n in tested])
                parts = components(values_by_actor(measure, correct, first.clips), strata_of(first.genders), folds)
                about = {"setting": number, "measure": measure, "seeds": len(tested)}
                about |= {"folds": 0 if folds is None else len(np.unique(folds)), "actors": len(first.genders)}
                known = {name: getattr(parts, name) for name in NAMES}
                variances.append(about | known | {"set_to_0": " and ".join(parts.negative)})
            else:
                row[measure] = float(value(measure, correct[0], first.clips))
                ends = alone[id(first)].interval(measure, tested[0][1])
            # a share cannot be outside 0 to 1
            row |= {f"{measure}_low": np.maximum(ends[0], 0), f"{measure}_high": np.minimum(ends[1], 1)}
        rows.append(row | {"interval_over": over if enough(strata_of(first.genders)) else TOO_FEW})
    figures = [measure + end for measure in MEASURES for end in ("", "_sd", "_low", "_high")]
    table = pd.DataFrame(rows, columns=["seeds", "clips", "actors", *figures, "interval_over"])
    table[["clips", "actors"]] = table[["clips", "actors"]].astype("Int64")
    names = ["setting", "measure", "seeds", "folds", "actors", *NAMES, "set_to_0"]
    return table, pd.DataFrame(variances, columns=names)


def over_seeds(measure: str, differences: NDArray[Any], tested: TestSet, confidence: float) -> tuple[float, float]:
    """The interval over seeds and actors of a difference, (S, A, K) for S seeds; NaN where there is one seed."""
    found = _crossed(measure, differences, tested, confidence)
    return found.low, found.high


def _crossed(measure: str, counts: NDArray[Any], tested: TestSet, confidence: float) -> Crossed:
    """Counts (S, A, K), analysed by seed and actor."""
    values, strata = values_by_actor(measure, counts, tested.clips), strata_of(tested.genders)
    return crossed(values, strata, confidence, clips=tested.clips.sum(axis=1))


class _Alone:
    """The intervals over actors of the cells of a test set: those of the cells' own reports."""

    def __init__(self, tested: TestSet, evaluation: Evaluation) -> None:
        self.tested = tested
        self.resampling = Resampling.of(tested.genders, evaluation.samples, evaluation.seed, evaluation.confidence)
        self.weights = self.resampling.weights.astype(float)

    def interval(self, measure: str, cell: int) -> tuple[float, float]:
        """The ends of the interval of a cell. cell: its position in the test set."""
        correct, clips = self.tested.correct[cell], self.tested.clips
        if measure == ACCURACY:
            low, high = self.resampling.accuracy(correct.sum(axis=1), clips.sum(axis=1))
            return float(low), float(high)
        drawn, shown = self.weights @ correct, self.weights @ clips
        recall = ratio(ratio(drawn, np.maximum(shown, 1)).sum(axis=1), (shown > 0).sum(axis=1))
        observed = value(measure, correct, clips)
        low, high = self.resampling.interval_of_share(observed, recall, clips.sum(axis=1))
        return float(low), float(high)
