"""Contrasts of settings over the same actors: intervals, intervals that hold together, and tests.

A contrast is a difference of recognised clips for each actor and emotion, averaged over seeds: of a setting and the
baseline, of two levels of a factor, or of two such differences. Its interval and its test are over actors. The seeds
are taken as they are.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from emofusion.evaluation.actors import strata_of
from emofusion.evaluation.flips import NOTHING, sign_flips
from emofusion.evaluation.grid.crossed import enough, freedom, within
from emofusion.evaluation.grid.measures import by_actor, deviations, value
from emofusion.settings.experiment import Evaluation

# The number of simulated values in memory at once: 32 MiB as float32.
BLOCK = 2**23
COLUMNS = ("difference", "low", "high", "simultaneous_low", "simultaneous_high", "p", "p_max_t")


def contrast_table(
    measure: str, contrasts: NDArray[Any], clips: NDArray[Any], genders: NDArray[Any], evaluation: Evaluation
) -> pd.DataFrame:
    """Estimate and test contrasts of a measure.

    The interval is Student's t interval of a sum over actors. Men and women are strata with a common variance, and the
    degrees of freedom are actors minus genders, as in `evaluation.actors`. Simultaneous intervals contain all true
    contrasts of the table together with the stated confidence; see `simultaneous`. p values are those of
    `flips.sign_flips`.

    Args:
        measure: a name in `measures.MEASURES`.
        contrasts: (H, A, K), differences of recognised clips for H contrasts, A actors and K emotions.
        clips: (A, K), the number of clips.
        genders: (A,), each `male` or `female`.
        evaluation: confidence, permutations, samples and seed.

    Returns:
        H rows with `COLUMNS`; a difference is a fraction. Intervals are missing where there are too few actors for them
        (`crossed.enough`).
    """
    if not len(contrasts):
        return pd.DataFrame({name: pd.Series(dtype=float) for name in COLUMNS})
    strata = strata_of(genders)
    differences = value(measure, contrasts, clips)
    away = within(deviations(measure, contrasts, clips, contrasts), strata)
    degrees = freedom(strata)
    half = wider = np.full(len(contrasts), np.nan)
    if enough(strata):
        error = np.sqrt(len(strata) * (away**2).sum(axis=1) / degrees)
        single = float(stdtrit(degrees, (1 + evaluation.confidence) / 2))
        joint = simultaneous(away, degrees, evaluation.confidence, evaluation.samples, evaluation.seed)
        half, wider = single * error, max(single, joint) * error
    p, adjusted = sign_flips(by_actor(measure, contrasts, clips), evaluation.permutations, evaluation.seed)
    ends = (differences - half, differences + half, differences - wider, differences + wider)
    return pd.DataFrame(dict(zip(COLUMNS, (differences, *ends, p, adjusted), strict=True)))


def simultaneous(away: NDArray[Any], degrees: int, confidence: float, samples: int, seed: int) -> float:
    """The factor of the standard errors that makes intervals of all contrasts hold together.

    It is the quantile of the greatest Student's t among the contrasts, as in Dunnett's procedure for comparisons with a
    control (Hothorn, Bretz and Westfall 2008, doi 10.1002/bimj.200810425), but with a variance for each contrast.
    Actors are simulated as normal with the correlations of the contrasts that are observed among actors. Each single t
    then has exactly Student's distribution.

    Args:
        away: (H, A), each actor's deviation from the mean of their gender.
        degrees: the degrees of freedom of a contrast's variance.
        confidence: of all intervals together.
        samples: the number of simulated studies.
        seed: of the random numbers.
    """
    length = np.sqrt((away**2).sum(axis=1))
    directions = away[length > NOTHING] / length[length > NOTHING, None]
    if len(directions) < 2:  # then it is Student's t itself
        return float(stdtrit(degrees, (1 + confidence) / 2))
    # contrasts as combinations of few independent numbers: a study needs (1 + degrees) × rank of them
    loadings = np.asarray(np.linalg.qr(directions.T, mode="r"), dtype=np.float32)
    random, greatest = np.random.default_rng(seed), np.empty(samples)
    size = max(1, BLOCK // ((1 + degrees) * len(directions)))
    for start in range(0, samples, size):
        number = min(size, samples - start)
        drawn = random.standard_normal((number * (1 + degrees), len(loadings)), dtype=np.float32) @ loadings
        drawn = drawn.reshape(number, 1 + degrees, -1)
        variance = (drawn[:, 1:] ** 2).mean(axis=1)
        greatest[start : start + number] = (np.abs(drawn[:, 0]) / np.sqrt(variance)).max(axis=1)
    return float(np.quantile(greatest, confidence))
