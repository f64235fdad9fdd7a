"""Group fairness over gender, by fairlearn's metrics."""

import numpy as np
import pandas as pd

from emofusion.evaluation.counts import Counts
from emofusion.evaluation.systems import Systems

ACCURACY = "accuracy_difference"
METRICS = ("demographic_parity_difference", "equalized_odds_difference", "equal_opportunity_difference")


def fairness_table(systems: Systems, counts: Counts) -> pd.DataFrame:
    """Differences between the genders, 0 to 1, without a sign.

    Columns: system, emotion, metric, value; male_clips and female_clips, of the emotion or of all.

    With the emotion `all`: accuracy_difference. For each emotion that occurs, against the rest, as fairlearn defines
    them: demographic_parity_difference (of the share of clips taken for the emotion, which means little unless both
    genders show it as often), equalized_odds_difference (the greater of the differences of the true and the false
    positive rate) and equal_opportunity_difference (of the true positive rate, the emotion's recall). Missing where a
    gender has no clip that a rate could be taken over; fairlearn would take the rate for 0.
    """
    emotions = np.flatnonzero(counts.clips.any(axis=0))
    # clips by system, gender, true and predicted emotion, (S, 2, K, K)
    tables = np.stack([counts.confusion[:, who].sum(axis=1) for who in (~systems.male, systems.male)], axis=1)
    shown = tables[0].sum(axis=-1)[:, emotions]
    total = shown.sum(axis=1, keepdims=True)
    accuracy, rates = np.full(len(tables), np.nan), np.full((len(tables), len(emotions), len(METRICS)), np.nan)
    if total.all():
        accuracy, rates = _accuracy(tables), _one_against_the_rest(tables, emotions)
        rates[:, ~(shown > 0).all(axis=0), 1:] = np.nan
        rates[:, ~(shown < total).all(axis=0), 1] = np.nan
    keys = [("all", ACCURACY), *((systems.emotions[emotion], metric) for emotion in emotions for metric in METRICS)]
    values = np.concatenate([accuracy[:, None], rates.reshape(len(tables), -1)], axis=1)
    rows = [(name, *key) for name in systems.names for key in keys]
    table = pd.DataFrame(rows, columns=["system", "emotion", "metric"]).assign(value=values.ravel())
    for number, gender in enumerate(("female", "male")):
        clips = {"all": total[number, 0], **dict(zip(np.array(systems.emotions)[emotions], shown[number], strict=True))}
        table[f"{gender}_clips"] = table["emotion"].map(clips).astype("int64")
    return table


def _accuracy(tables: np.ndarray) -> np.ndarray:
    """The differences of accuracy, (S,)."""
    from sklearn.metrics import accuracy_score

    right = np.trace(tables, axis1=-2, axis2=-1)
    cells = np.stack([tables.sum(axis=(-2, -1)) - right, right], axis=-1)
    return _differences(cells, {ACCURACY: accuracy_score}, taken=(0, 1), truth=(1, 1))[:, 0]


def _one_against_the_rest(tables: np.ndarray, emotions: np.ndarray) -> np.ndarray:
    """The differences named in `METRICS`, (S, emotions, 3)."""
    from fairlearn.metrics import false_positive_rate, selection_rate, true_positive_rate

    hit = np.diagonal(tables, axis1=-2, axis2=-1)
    missed, false = tables.sum(axis=-1) - hit, tables.sum(axis=-2) - hit
    rest = tables.sum(axis=(-2, -1))[..., None] - hit - missed - false
    cells = np.stack([rest, false, missed, hit], axis=-1)[:, :, emotions].swapaxes(1, 2)  # (S, emotions, 2, 4)
    rates = {"selected": selection_rate, "true": true_positive_rate, "false": false_positive_rate}
    flat = cells.reshape(-1, *cells.shape[2:])
    selected, true, false = _differences(flat, rates, taken=(0, 1, 0, 1), truth=(0, 0, 1, 1)).T
    return np.stack([selected, np.maximum(true, false), true], axis=-1).reshape(*cells.shape[:2], len(METRICS))


def _differences(cells: np.ndarray, metrics: dict, taken: tuple, truth: tuple) -> np.ndarray:
    """What the metrics differ by between genders, (comparisons, metrics).

    cells: (comparisons, 2, cells), how many clips of each gender have the truth and are taken as given for each cell.
    All go into one frame, a comparison a level of a control feature: fairlearn takes 60 ms to set up each frame.
    """
    from fairlearn.metrics import MetricFrame

    comparison, gender, cell = (place.ravel() for place in np.indices(cells.shape))
    weights = {name: {"sample_weight": cells.ravel()} for name in metrics}
    frame = MetricFrame(
        metrics=metrics,
        y_true=np.array(truth)[cell],
        y_pred=np.array(taken)[cell],
        sensitive_features=pd.Series(gender, name="gender"),
        control_features=pd.Series(comparison, name="comparison"),
        sample_params=weights,
    )
    return frame.difference(method="between_groups").sort_index()[list(metrics)].to_numpy(dtype=float)
