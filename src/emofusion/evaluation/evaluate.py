"""All metrics, intervals and tests of several systems on the same test clips, as tables."""

from collections.abc import Mapping, Sequence

import pandas as pd
from threadpoolctl import threadpool_limits

from emofusion.errors import EmofusionError
from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.by_actor import actor_table
from emofusion.evaluation.classes import class_table
from emofusion.evaluation.counts import count
from emofusion.evaluation.fairness import fairness_table
from emofusion.evaluation.figures import beside_accuracy, confusion_table, subset_table
from emofusion.evaluation.gender import find_gaps, gender_table, permuted_gaps
from emofusion.evaluation.groups import group_tables
from emofusion.evaluation.narrowed import narrowed_table
from emofusion.evaluation.paired import RULE, against, pairs
from emofusion.evaluation.presence import presence_table
from emofusion.evaluation.reliability import reliability_table
from emofusion.evaluation.systems import Systems, side_by_side
from emofusion.plan.settings import EvaluationSettings

# the tables whose rows show a system whatever the others are
ALONE = ("subsets", "confusion", "actors", "classes", "reliability")


def evaluate(
    systems: dict[str, pd.DataFrame],
    modalities: Sequence[str],
    settings: EvaluationSettings,
    are_checked: bool = False,
    new: Sequence[str] | None = None,
    facts: pd.DataFrame | None = None,
    kinds: Mapping[str, str] | None = None,
) -> dict[str, pd.DataFrame]:
    """Metrics, intervals and tests of systems on the same test clips.

    Everything runs on one thread, so that sums do not depend on the machine's number of cores.

    Args:
        systems: name of a fusion rule or of a modality → prediction table (`tables.PREDICTIONS`). The test rows are
            used.
        modalities: the names of the systems that are single modalities.
        settings: metrics, resampling and tests.
        are_checked: whether the tables were checked already, as `tables.read_table` does.
        new: the systems that have rows in the tables `ALONE`; without it, all have. The rows of the others were made
            by `evaluate_alone`, and are the same beside any other systems with the same classes.
        facts: `tables.FACTS`, for at least the test clips; needed where the settings name groups.
        kinds: fusion rule → its kind, as in `tables.RULES`; without it, each counts as a rule. The first one is the
            configured rule, which all others are compared with.

    Returns:
        Name → table, as in `schemas.evaluation_schemas`: those of `ALONE`, pairs, against, gender, narrowed, fairness,
        presence; and those of `groups.group_tables` where the settings name groups.

    Raises:
        EmofusionError: a modality is not among the systems, or the systems do not fit together (see
            `systems.side_by_side`).
    """
    if missing := [name for name in modalities if name not in systems]:
        raise EmofusionError(f"no predictions of {', '.join(missing)} to evaluate; there are: {', '.join(systems)}.")
    with threadpool_limits(1):
        scored, chosen = side_by_side(systems, are_checked), settings.evaluation
        resampling = _resampling(scored, settings)
        counts = count(scored)
        gaps = find_gaps(scored, counts)
        groups = group_tables(scored, facts, chosen) if chosen.groups and facts is not None else {}
        alone = _alone(scored.only(new) if new else scored, resampling, settings)
        if new is not None and not new:
            alone = {name: table[:0] for name, table in alone.items()}
        ways = (chosen.permutations, chosen.seed)
        kind_of = {name: (kinds or {}).get(name, RULE) for name in systems} | dict.fromkeys(modalities, "modality")
        configured = next((name for name in systems if name not in modalities), scored.names[0])
        permuted = permuted_gaps(scored, counts, *ways)
        return alone | {
            "pairs": pairs(scored, counts, resampling, *ways, kind_of),
            "against": against(scored, counts, resampling, *ways, configured, kind_of),
            "gender": gender_table(scored, counts, resampling, gaps, permuted, *ways),
            "narrowed": narrowed_table(scored, resampling, gaps, modalities, permuted, kind_of, chosen.seed),
            "fairness": fairness_table(scored, counts, resampling),
            "presence": presence_table(scored, modalities, resampling),
            **groups,
        }


def evaluate_alone(
    systems: dict[str, pd.DataFrame], settings: EvaluationSettings, are_checked: bool = False
) -> dict[str, pd.DataFrame]:
    """The tables `ALONE` of `evaluate`. It has the same arguments and errors."""
    with threadpool_limits(1):
        scored = side_by_side(systems, are_checked)
        return _alone(scored, _resampling(scored, settings), settings)


def _alone(systems: Systems, resampling: Resampling, settings: EvaluationSettings) -> dict[str, pd.DataFrame]:
    counts = count(systems, beside_accuracy(settings.metrics))
    return {
        "subsets": subset_table(systems, counts, resampling, settings.metrics),
        "confusion": confusion_table(systems, counts),
        "actors": actor_table(systems, counts, settings.metrics),
        "classes": class_table(systems, counts, resampling),
        "reliability": reliability_table(systems, resampling, settings.evaluation.bins),
    }


def _resampling(systems: Systems, settings: EvaluationSettings) -> Resampling:
    chosen = settings.evaluation
    return Resampling.of(systems.genders, chosen.samples, chosen.seed, chosen.confidence)
