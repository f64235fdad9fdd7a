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
    """Each system that is no single modality against each single modality, by emotion.

    Columns: system, modality, emotion, gap_before (the modality's, male - female), gap_after (the system's), change
    (|after| - |before|) with low and high from resamples of actors, and verdict: `narrowed` or `widened` if the
    interval leaves out 0, else `not shown`; clips and actors, on which it rests.

    In resamples, a gap that is near 0 is mostly farther from 0 than it was observed to be. The interval therefore need
    not lie evenly around the change, and such a gap seldom gets either verdict.
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
