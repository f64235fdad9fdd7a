"""Whether fusion narrows the gender gap of a single modality."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.gender import Gaps
from emofusion.evaluation.permutation import ROUNDING
from emofusion.evaluation.systems import Systems


def narrowed_table(systems: Systems, resampling: Resampling, gaps: Gaps, modalities: Sequence[str]) -> pd.DataFrame:
    """Compare the gender gap of each fusion rule with that of each single modality, by emotion.

    Args:
        systems: fusion rules and single modalities on the same clips.
        resampling: the resamples of the actors.
        gaps: the gaps of the same systems.
        modalities: the names of the systems that are single modalities.

    Returns:
        A table with the columns system, modality, emotion; gap_before (male - female accuracy of the modality),
        gap_after (of the system); change (|after| - |before|) with its interval low and high from resamples of actors;
        verdict (`narrowed` or `widened` if the interval does not contain 0, otherwise `not shown`); clips and actors
        that the row is computed from.

    A gap near 0 is usually farther from 0 in the resamples than in the data. The interval may therefore be asymmetric
    around the change, and such a gap rarely gets a verdict.
    """
    fused = [position for position, name in enumerate(systems.names) if name not in modalities]
    single = [systems.names.index(name) for name in modalities]
    after, before = np.array([(a, b) for a in fused for b in single], dtype=int).reshape(-1, 2).T
    low, high = resampling.interval(np.abs(gaps.draws[after]) - np.abs(gaps.draws[before]), gaps.clips > 0)
    columns: dict[str, NDArray[Any]] = {
        "gap_before": gaps.observed[before],
        "gap_after": gaps.observed[after],
        "change": np.abs(gaps.observed[after]) - np.abs(gaps.observed[before]),
        "low": low,
        "high": high,
        "verdict": np.select([high < -ROUNDING, low > ROUNDING], ["narrowed", "widened"], "not shown"),
    }
    names, rows = np.array(systems.names, dtype=object), len(gaps.rows)
    keys = {
        "system": np.repeat(names[after], rows),
        "modality": np.repeat(names[before], rows),
        "emotion": np.tile(np.array(gaps.rows, dtype=object), len(after)),
    }
    counted = {"clips": gaps.clips.sum(axis=1), "actors": (gaps.clips > 0).sum(axis=1)}
    columns |= {name: np.tile(values, len(after)) for name, values in counted.items()}
    table = pd.DataFrame({**keys, **{name: values.ravel() for name, values in columns.items()}})
    return table.astype(dict.fromkeys([*keys, "verdict"], "str"))
