"""The phases of a training with gradual unfreezing: more blocks of the network are trained in each phase.

The output of the blocks that are frozen in a phase is computed once for all folds and seeds, if the frozen blocks have
the same weights in all of them: those of a file. Training in this phase starts from this output.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emofusion.features.common.feature_set import FeatureSet
from emofusion.features.common.unfinished import keep_unfinished
from emofusion.plan.settings import ModelSettings
from emofusion.training.data import RowSource


@dataclass
class Phase:
    """A phase. Its epochs end before the epoch `stop`, and train on rows of `features`."""

    stop: int
    features: RowSource


def make_phases(
    settings: ModelSettings, features: RowSource, split: pd.DataFrame, weights: Path | None, folder: Path
) -> list[Phase]:
    """The phases of a training, in order.

    Args:
        settings: the network and its training.
        features: the network's inputs. If some blocks are frozen in all epochs, they are the output of these blocks.
        split: `tables.SPLIT`.
        weights: the file with the initial weights, or None.
        folder: a folder for the output of further frozen blocks, for training and validation clips. What an
            interrupted training has left there is used: its content has to belong to the same training.
    """
    network, training = settings.network, settings.training
    frozen = [network.frozen_blocks(training, epoch) for epoch in range(training.epochs)]
    starts = [epoch for epoch in range(len(frozen)) if epoch == 0 or frozen[epoch] != frozen[epoch - 1]]
    phases = []
    for start, stop in zip(starts, [*starts[1:], len(frozen)], strict=True):
        inputs = features
        # Nothing is stored in two cases: each model draws its own weights, or the features have no file, since they are
        # normalised during reading. Then frozen blocks run in every epoch.
        if frozen[start] > frozen[-1] and weights is not None and isinstance(features, FeatureSet):
            cache = folder / f"frozen-{frozen[start]}"
            if not (cache / "features.npy").exists():
                # `folder` is emptied when code, settings or data change, so what is there belongs to this training
                keep_unfinished(cache, "of this training")
                used = split.loc[split["split"].isin(["train", "validation"]), "clip"]
                rows = features.rows[features.rows["clip"].isin(used)].reset_index(drop=True)
                network.store_frozen_blocks(frozen[start], features, rows, weights, cache)
            inputs = FeatureSet.open([cache])
        phases.append(Phase(stop, inputs))
    return phases
