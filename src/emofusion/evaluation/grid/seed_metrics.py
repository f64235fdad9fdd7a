"""The metrics besides accuracy of one rule or modality over the seeds of a setting, such as log loss and macro F1."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.evaluation.actors import strata_of
from emofusion.evaluation.by_actor import metrics_of_actors
from emofusion.evaluation.grid.crossed import crossed
from emofusion.evaluation.grid.measures import ACCURACY, RECALL, values_by_actor
from emofusion.settings.kinds import Metric

# Two computations of the same mean differ by less than this share of it.
ROUNDING = 1e-6


def metric_rows(
    metrics: Sequence[type[Metric]],
    figures: Sequence[pd.Series],
    actors: Sequence[pd.DataFrame],
    confidence: float,
) -> list[dict[str, Any]]:
    """A row for each metric: metric, mean, deviation (over seeds, n - 1), least, most, low and high.

    The interval is for new actors and new seeds. It is there for metrics that are a mean over clips, as log loss and
    Brier score are: they are sums over actors. Others have none (NaN): calibration error, which chance alone makes
    greater, and macro F1, which is no sum over actors. The unweighted average recall is not among the rows.

    Args:
        metrics: the metrics besides accuracy, in their order.
        figures: for each seed, the row of all clips in `figures.subset_table`.
        actors: for each seed, the rows of all emotions of `by_actor.actor_table`, in the same order of actors.
        confidence: the level of the intervals, such as 0.95.
    """
    with_actors = {metric.kind for metric in metrics_of_actors(metrics)}
    rows = []
    for metric in (one for one in metrics if one.kind != RECALL):
        each = np.array([row[metric.kind] for row in figures], dtype=float)
        low, high = np.nan, np.nan
        if metric.kind in with_actors:
            low, high = _interval(metric, each, actors, confidence)
        over = {"mean": each.mean(), "deviation": each.std(ddof=1), "least": each.min(), "most": each.max()}
        rows.append({"metric": metric.kind, **over, "low": low, "high": high})
    return rows


def _interval(
    metric: type[Metric], each: NDArray[Any], actors: Sequence[pd.DataFrame], confidence: float
) -> tuple[float, float]:
    """The ends of the interval of a metric over seeds and actors; NaN where it is no mean over clips."""
    clips = actors[0]["clips"].to_numpy(dtype=float)
    sums = np.stack([table[metric.kind].to_numpy(dtype=float) for table in actors]) * clips
    if not np.allclose(sums.sum(axis=1) / clips.sum(), each, rtol=ROUNDING, atol=0):
        return np.nan, np.nan
    # a sum over actors, as the number of recognised clips is
    values = values_by_actor(ACCURACY, sums[..., None], clips[:, None])
    found = crossed(values, strata_of(actors[0]["gender"].to_numpy(dtype=object)), confidence, clips=clips)
    if (metric.least, metric.most) == (0, 1):
        return found.of_share(int(clips.sum()), confidence)
    return found.of_positive(confidence) if metric.least == 0 else (found.low, found.high)
