"""Everything that is said of several systems on the same test clips, as tables."""

from collections.abc import Sequence

import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import count
from emofusion.evaluation.fairness import fairness_table
from emofusion.evaluation.figures import confusion_table, subset_table
from emofusion.evaluation.gender import gaps, gender_table
from emofusion.evaluation.narrowed import narrowed_table
from emofusion.evaluation.paired import pairs
from emofusion.evaluation.systems import side_by_side


def evaluate(systems: dict[str, pd.DataFrame], modalities: Sequence[str], settings: dict) -> dict[str, pd.DataFrame]:
    """Figures, intervals and tests of systems on the same test clips.

    systems: name (of a fusion rule, or of a modality) → prediction table (`tables.PREDICTIONS`), of which the test rows
    are used. modalities: which of the systems are single modalities. settings: `samples` of the bootstrap, `seed`,
    `permutations`, `bins` of the calibration error and `confidence`, as in `schema.Evaluation`.

    Returns the tables named in `schemas.EVALUATION`: subsets, confusion, pairs, gender, narrowed, fairness.

    Raises `EmofusionError` for a modality that is no system, or systems that do not belong together (see
    `systems.side_by_side`).
    """
    if missing := [name for name in modalities if name not in systems]:
        raise EmofusionError(f"no predictions of {', '.join(missing)} to evaluate; there are: {', '.join(systems)}.")
    scored = side_by_side(systems)
    counts = count(scored, settings["bins"])
    genders, seed = scored.actors["gender"].to_numpy(), settings["seed"]
    resampling = Resampling.of(genders, settings["samples"], seed, settings["confidence"])
    found = gaps(scored, counts, resampling)
    return {
        "subsets": subset_table(scored, counts, resampling),
        "confusion": confusion_table(scored, counts),
        "pairs": pairs(scored, counts, resampling),
        "gender": gender_table(scored, counts, resampling, found, settings["permutations"], seed),
        "narrowed": narrowed_table(scored, resampling, found, modalities),
        "fairness": fairness_table(scored, counts),
    }
