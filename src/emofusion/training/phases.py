"""The phases of a training in which ever more blocks of a backbone learn, each from where its frozen blocks end.

What blocks that are still frozen in a phase make of each row is computed once for all folds and seeds: until they are
let go, they have the same weights in each.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emofusion.features.common.feature_set import FeatureSet
from emofusion.networks.common.build import build
from emofusion.settings.schema import BLOCKS
from emofusion.training.module import trainable_blocks


@dataclass
class Phase:
    """Up to the epoch `stop`, not included, `live` of the deepest blocks learn, from rows of `features`."""

    stop: int
    live: int
    features: FeatureSet


def make_phases(settings: dict, features: FeatureSet, split: pd.DataFrame, folder: Path) -> list[Phase]:
    """The phases of a training with `settings` (see `fit.fit_folds`); further activations are stored in `folder`.

    `features` are what the network takes: of a backbone, the activations of the blocks that stay frozen throughout.
    """
    training, network = settings["training"], settings["network"]
    if network["kind"] != "backbone":
        return [Phase(training["epochs"], 0, features)]
    counts = [trainable_blocks(training["unfreeze"], epoch) for epoch in range(training["epochs"])]
    starts = [epoch for epoch in range(len(counts)) if epoch == 0 or counts[epoch] != counts[epoch - 1]]
    phases = []
    for start, stop in zip(starts, [*starts[1:], len(counts)], strict=True):
        frozen = BLOCKS - counts[start]
        stored = features
        if frozen > network["frozen"]:
            stored = _stored(network, features, split, frozen, folder / f"frozen-{frozen}")
        phases.append(Phase(stop, counts[start], stored))
    return phases


def _stored(network: dict, features: FeatureSet, split: pd.DataFrame, frozen: int, folder: Path) -> FeatureSet:
    from emofusion.networks.backbone.feature_cache import store

    if not (folder / "features.npy").exists():
        shutil.rmtree(folder, ignore_errors=True)
        learnt = split.loc[split["split"] != "test", "clip"]
        rows = features.rows[features.rows["clip"].isin(learnt)].reset_index(drop=True)
        half = features.dtype.itemsize == 2
        store(build(network, features.shape, 1), features, rows, folder, frozen, "half" if half else "full")
    return FeatureSet.open([folder])
