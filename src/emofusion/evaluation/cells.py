"""Comparisons of pairs of cells of one command: how much a change of a setting improves or worsens the fusion."""

import pandas as pd
from threadpoolctl import threadpool_limits

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import count
from emofusion.evaluation.paired import pairs
from emofusion.evaluation.permutation import holm
from emofusion.evaluation.systems import side_by_side
from emofusion.settings.experiment import Evaluation

# With more cells than this, each is compared only with the first: a thousand cells have half a million pairs.
ALL_PAIRS = 50


def compare_pairs(cells: dict[str, pd.DataFrame], evaluation: Evaluation) -> pd.DataFrame:
    """The table of `paired.pairs`, with cells in place of systems.

    Cells that were tested on different clips are not compared. p values are adjusted for all comparisons in the table
    by Holm's method.

    Args:
        cells: name of a cell → its fused predictions (`tables.PREDICTIONS`). The name contains the overrides that
            differ between cells.
        evaluation: resampling and confidence level.
    """
    tables = []
    with threadpool_limits(1):
        for group in _on_the_same_clips(cells):
            systems = side_by_side({name: cells[name] for name in group})
            resampling = Resampling.of(systems.genders, evaluation.samples, evaluation.seed, evaluation.confidence)
            tables.append(pairs(systems, count(systems), resampling, every=len(cells) <= ALL_PAIRS))
    table = pd.concat(tables, ignore_index=True)
    for name in ("mcnemar_p", "sign_flip_p"):
        table[f"{name}_holm"] = holm(table[name].to_numpy())
    return table.assign(compared=len(table))


def _on_the_same_clips(cells: dict[str, pd.DataFrame]) -> list[list[str]]:
    groups: dict[frozenset[str], list[str]] = {}
    for name, table in cells.items():
        groups.setdefault(frozenset(table["clip"]), []).append(name)
    return list(groups.values())
