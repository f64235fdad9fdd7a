"""Whether fusion narrows the gender gap of a single modality."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.gender import Gaps
from emofusion.evaluation.permutation import ROUNDING
from emofusion.evaluation.systems import Systems

COLUMNS = ["system", "modality", "emotion", "gap_before", "gap_after", "change", "low", "high", "verdict"]


def narrowed_table(systems: Systems, resampling: Resampling, found: Gaps, modalities: Sequence[str]) -> pd.DataFrame:
    """Each system that is no single modality against each that is, by emotion.

    Columns: system, modality, emotion, gap_before (the modality's, male - female), gap_after (the system's), change
    (|after| - |before|) with low and high from resamples of actors, and verdict: `narrowed` or `widened` if the
    interval leaves out 0, else `not shown`. A gap near 0 looks greater in a resample than it is, as it can only move
    away from 0; that makes `narrowed` harder to reach, not easier.
    """
    present = found.clips > 0
    parts = []
    for after, system in enumerate(systems.names):
        for modality in modalities if system not in modalities else ():
            before = systems.names.index(modality)
            change = np.abs(found.seen[after]) - np.abs(found.seen[before])
            low, high = resampling.interval(np.abs(found.draws[after]) - np.abs(found.draws[before]), present)
            verdict = np.select([high < -ROUNDING, low > ROUNDING], ["narrowed", "widened"], "not shown")
            values = [system, modality, found.rows, found.seen[before], found.seen[after], change, low, high, verdict]
            parts.append(pd.DataFrame(dict(zip(COLUMNS, values, strict=True))))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
