"""The fusions of several cells of one command compared two by two: what a change of a setting is worth."""

import pandas as pd

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import count
from emofusion.evaluation.paired import pairs
from emofusion.evaluation.permutation import holm
from emofusion.evaluation.systems import side_by_side

# beyond as many cells, each is compared with the first alone: all pairs of a thousand would be half a million
ALL_PAIRS = 50


def compare_pairs(cells: dict[str, pd.DataFrame], settings: dict) -> pd.DataFrame:
    """As `paired.pairs`, of cells: what varies in a cell → its fused predictions (`tables.PREDICTIONS`).

    settings: `samples`, `seed` and `confidence` of the bootstrap over actors. Cells that were tested on other clips are
    not compared. p values are adjusted (Holm) for all comparisons in the table.
    """
    found = []
    for group in _on_the_same_clips(cells):
        systems = side_by_side({name: cells[name] for name in group})
        resampling = Resampling.of(
            systems.actors["gender"].to_numpy(), settings["samples"], settings["seed"], settings["confidence"]
        )
        found.append(pairs(systems, count(systems), resampling, every=len(cells) <= ALL_PAIRS))
    table = pd.concat(found, ignore_index=True)
    for name in ("mcnemar_p", "sign_flip_p"):
        table[f"{name}_holm"] = holm(table[name].to_numpy())
    return table.assign(compared=len(table))


def _on_the_same_clips(cells: dict[str, pd.DataFrame]) -> list[list[str]]:
    groups: dict[frozenset, list[str]] = {}
    for name, table in cells.items():
        groups.setdefault(frozenset(table["clip"]), []).append(name)
    return list(groups.values())
