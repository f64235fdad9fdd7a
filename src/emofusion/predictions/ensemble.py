"""Ensembles: the average of the prediction tables of several models of one modality.

Models with different features or different training make mistakes on different clips. Their average is often more
accurate than the best of them (Hansen and Salamon, "Neural network ensembles", 1990).
"""

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.predictions.pools import pool
from emofusion.predictions.table import KEY, align, scored
from emofusion.tables import PREDICTIONS, check, classes_of, unknown_to


def average(tables: dict[str, pd.DataFrame], pool_name: str) -> pd.DataFrame:
    """The averaged table (`tables.PREDICTIONS`) with the members' rows, validation and test.

    Each member has the same weight. The logit of a class is the natural logarithm of the averaged posterior.

    Args:
        tables: member → its prediction table.
        pool_name: `linear` (the mean of posteriors) or `product` (their geometric mean, normalised).

    Raises:
        EmofusionError: members have different classes, scored different clips in a fold and split, or disagree on a
            clip's corpus, actor, gender or emotion.
    """
    first = next(iter(tables))
    for member, table in tables.items():
        if (theirs := _known(table)) != (known := _known(tables[first])):
            raise EmofusionError(
                f"ensemble: {first} knows {', '.join(known)}, but {member} {', '.join(theirs)}; train both on the same "
                "emotions."
            )
        if member != first:
            unshared = pd.concat([table[KEY], tables[first][KEY]]).drop_duplicates(keep=False)
            if len(unshared):
                raise EmofusionError(
                    f"ensemble: {len(unshared)} clips are not scored by both {first} and {member} in the same fold and "
                    f"split, as {unshared['clip'].iloc[0]}; predict both on the same split."
                )
    aligned = align(tables)
    averaged = pool(pool_name, aligned.posteriors, np.full(len(tables), 1 / len(tables)))
    table = scored(aligned.clips, aligned.classes, averaged, aligned.order)
    return check(table, PREDICTIONS, "the averaged prediction table")


def _known(table: pd.DataFrame) -> list[str]:
    """The classes that a member knows."""
    unknown = unknown_to(table)
    return [emotion for emotion in classes_of(table) if emotion not in unknown]
