"""Reliability: how often a system is right where it is this confident (Guo et al. 2017, arXiv 1706.04599)."""

from typing import Any

import numpy as np
import pandas as pd

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.arithmetic import bins_of
from emofusion.evaluation.systems import Systems


def reliability_table(systems: Systems, over: Actors, bins: int) -> pd.DataFrame:
    """The accuracy of the clips in each bin of confidence, by system. Confidence is the largest posterior.

    Columns: system, bin (from 0), above and to (its edges; the upper edge belongs to it), correct, clips, actors,
    confidence (the mean of the clips), accuracy (0–1), low and high (the interval of the accuracy over actors). A bin
    without a clip has no row. The expected calibration error is Σ clips |accuracy - confidence| / Σ clips.

    Args:
        systems: the systems on the same clips. A clip that a system lacks is in none of its bins.
        over: the actors, for intervals.
        bins: the number of bins, which have equal width.
    """
    rows: list[dict[str, Any]] = []
    actors = len(systems.actors)
    for name, predicted, posteriors in zip(systems.names, systems.predicted, systems.posteriors, strict=True):
        confidence, has = posteriors.max(axis=1), predicted >= 0
        place = bins_of(confidence, bins)
        for number in np.unique(place[has]):
            chosen = has & (place == number)
            right = chosen & (predicted == systems.truth)
            clips, correct = (np.bincount(systems.actor[mask], minlength=actors) for mask in (chosen, right))
            low, high = over.accuracy(correct[None], clips)
            about = {"system": name, "bin": number, "above": number / bins, "to": (number + 1) / bins}
            about |= {"correct": correct.sum(), "clips": clips.sum(), "actors": (clips > 0).sum()}
            about |= {"confidence": confidence[chosen].mean(), "accuracy": correct.sum() / clips.sum()}
            rows.append({**about, "low": low[0], "high": high[0]})
    return pd.DataFrame(rows).astype({"system": "str"})
