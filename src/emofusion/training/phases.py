"""The phases of a training in which more and more blocks of a network learn; each starts where its frozen blocks end.

What blocks that are still frozen in a phase put out is computed once for all folds and seeds: until they learn, they
have the same weights in all of them.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emofusion.features.common.feature_set import FeatureSet
from emofusion.plan.settings import ModelSettings
from emofusion.training.data import RowSource


@dataclass
class Phase:
    """The epochs up to `stop`, not included, train on rows of `features`."""

    stop: int
    features: RowSource


def make_phases(
    settings: ModelSettings, features: RowSource, split: pd.DataFrame, weights: Path | None, folder: Path
) -> list[Phase]:
    """The phases of a training, in order.

    Args:
        settings: the network and its training.
        features: the network's inputs: where blocks stay frozen throughout, what the last of these puts out.
        split: `tables.SPLIT`.
        weights: the file that the network starts from, or None.
        folder: further output of frozen blocks is stored here, for training and validation clips.
    """
    network, training = settings.network, settings.training
    frozen = [network.frozen_blocks(training, epoch) for epoch in range(training.epochs)]
    starts = [epoch for epoch in range(len(frozen)) if epoch == 0 or frozen[epoch] != frozen[epoch - 1]]
    phases = []
    for start, stop in zip(starts, [*starts[1:], len(frozen)], strict=True):
        inputs = features
        # normalised features have no file that blocks could read from: their frozen blocks run in every epoch
        if frozen[start] > frozen[-1] and isinstance(features, FeatureSet):
            cache = folder / f"frozen-{frozen[start]}"
            if not (cache / "features.npy").exists():
                shutil.rmtree(cache, ignore_errors=True)
                learnt = split.loc[split["split"] != "test", "clip"]
                rows = features.rows[features.rows["clip"].isin(learnt)].reset_index(drop=True)
                network.store_frozen_blocks(frozen[start], features, rows, weights, cache)
            inputs = FeatureSet.open([cache])
        phases.append(Phase(stop, inputs))
    return phases
