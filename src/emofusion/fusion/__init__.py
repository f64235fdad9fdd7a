"""Late fusion of cached predictions: one setting of the weights, and the sweep over all of them."""

import numpy as np
import pandas as pd

from emofusion.fusion.rules import rule_named, weights_of
from emofusion.predictions import align
from emofusion.tables import LOGIT, PREDICTIONS, check


def fuse(tables: dict[str, pd.DataFrame], settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fuse the prediction tables of several modalities, and sweep the weights.

    tables: modality → `tables.PREDICTIONS`; see `predictions.align` for how they are put together.
    settings: `rule` (a name in `rules.RULES`), `weights` (modality → weight, 0 or more, sum 1) and `steps` (the
    sweep's grid goes in steps of 1/steps).

    Returns the fused predictions (`tables.PREDICTIONS`; the logit of a class is the natural logarithm of its fused
    posterior, with the smallest normal number standing for 0) and the sweep (`tables.SWEEP`).

    Raises `EmofusionError` for a wrong setting, or tables that do not belong together.
    """
    from emofusion.evaluation.sweep import sweep_weights  # until the sweep is a stage of its own

    rule = rule_named(settings["rule"])
    weights = weights_of(settings["weights"], list(tables))
    aligned = align(tables)
    swept = sweep_weights(aligned, settings["rule"], settings["steps"])
    logits = np.log(np.maximum(rule(aligned.posteriors, weights), np.finfo(float).tiny))
    fused = pd.concat(
        [aligned.clips, pd.DataFrame(logits, columns=[LOGIT + emotion for emotion in aligned.classes])], axis=1
    )
    return check(fused, PREDICTIONS, "the fused prediction table"), swept
