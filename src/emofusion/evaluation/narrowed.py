"""Whether fusion narrows the gender gap of a single modality."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.gender import Gaps
from emofusion.evaluation.permutation import ROUNDING
from emofusion.evaluation.systems import Systems


def narrowed_table(systems: Systems, resampling: Resampling, found: Gaps, modalities: Sequence[str]) -> pd.DataFrame:
    """Each system that is no single modality against each that is, by emotion.

    Columns: system, modality, emotion, gap_before (the modality's, male - female), gap_after (the system's), change
    (|after| - |before|) with low and high from resamples of actors, and verdict: `narrowed` or `widened` if the
    interval leaves out 0, else `not shown`; clips and actors, on which it rests. Resamples of a gap near 0 are mostly
    farther from 0 than it is, so that the interval need not lie evenly around the change, and neither verdict comes
    easily there.
    """
    fused = [place for place, name in enumerate(systems.names) if name not in modalities]
    single = [systems.names.index(name) for name in modalities]
    after, before = np.array([(a, b) for a in fused for b in single], dtype=int).reshape(-1, 2).T
    low, high = resampling.interval(np.abs(found.draws[after]) - np.abs(found.draws[before]), found.clips > 0)
    columns = {
        "gap_before": found.seen[before],
        "gap_after": found.seen[after],
        "change": np.abs(found.seen[after]) - np.abs(found.seen[before]),
        "low": low,
        "high": high,
        "verdict": np.select([high < -ROUNDING, low > ROUNDING], ["narrowed", "widened"], "not shown"),
    }
    names, rows = np.array(systems.names, dtype=object), len(found.rows)
    keys = {
        "system": np.repeat(names[after], rows),
        "modality": np.repeat(names[before], rows),
        "emotion": np.tile(np.array(found.rows, dtype=object), len(after)),
    }
    counted = {"clips": found.clips.sum(axis=1), "actors": (found.clips > 0).sum(axis=1)}
    columns |= {name: np.tile(values, len(after)) for name, values in counted.items()}
    table = pd.DataFrame({**keys, **{name: values.ravel() for name, values in columns.items()}})
    return table.astype(dict.fromkeys([*keys, "verdict"], "str"))
