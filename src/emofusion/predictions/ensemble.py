"""A ensemble: one prediction table of several models of a modality, the mean of their posteriors.

Models that differ, in what they see of a clip or in how they learn, err on different clips: the mean is right more
often than the best of them (Hansen and Salamon, "Neural network ensembles", 1990).
"""

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.fusion.common.pools import pool
from emofusion.predictions.table import KEY, align, scored
from emofusion.tables import PREDICTIONS, check, classes_of


def ensemble(tables: dict[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """The combined table (`tables.PREDICTIONS`), a row for each of the members' rows, validation and test.

    tables: member → `tables.PREDICTIONS`. name: of the pool, `linear` (the mean of posteriors) or `product` (their
    geometric mean, normalised); each member counts alike. The logit of a class is the natural logarithm of the
    combined posterior. Raises `EmofusionError` if members do not know the same classes, did not score the same clips
    in the same fold and split, or disagree on what is known of a clip.
    """
    first = next(iter(tables))
    for member, table in tables.items():
        if classes_of(table) != classes_of(tables[first]):
            raise EmofusionError(
                f"ensemble: {first} knows {', '.join(classes_of(tables[first]))}, but {member} "
                f"{', '.join(classes_of(table))}; train both on the same emotions."
            )
        alone = pd.concat([table[KEY], tables[first][KEY]]).drop_duplicates(keep=False) if member != first else []
        if len(alone):
            raise EmofusionError(
                f"ensemble: {len(alone)} clips are not scored by both {first} and {member} in the same fold and split, "
                f"as {alone['clip'].iloc[0]}; predict both on the same split."
            )
    aligned = align(tables)
    combined = pool(name, aligned.posteriors, np.full(len(tables), 1 / len(tables)))
    return check(scored(aligned.clips, aligned.classes, combined), PREDICTIONS, "the combined prediction table")
