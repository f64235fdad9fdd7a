"""The fusions of several cells of one command compared two by two: how much a change of a setting gains or loses."""

import pandas as pd
from threadpoolctl import threadpool_limits

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import count
from emofusion.evaluation.paired import pairs
from emofusion.evaluation.permutation import holm
from emofusion.evaluation.systems import side_by_side
from emofusion.settings.experiment import Evaluation

# With more cells, each is compared with the first alone: all pairs of a thousand would be half a million.
ALL_PAIRS = 50


def compare_pairs(cells: dict[str, pd.DataFrame], evaluation: Evaluation) -> pd.DataFrame:
    """The table of `paired.pairs`, of cells instead of systems.

    cells: the name of a cell, which says what varies in it → its fused predictions (`tables.PREDICTIONS`). Cells that
    were tested on different clips are not compared. p values are adjusted (Holm) for all comparisons in the table.
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
