"""Evaluate what a stage has predicted or fused, and write the tables into a folder."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from emofusion.evaluation.evaluate import evaluate
from emofusion.evaluation.schemas import evaluation_schemas
from emofusion.plan.settings import EvaluationSettings
from emofusion.tables import ABOUT_RULE, write_table


def write_evaluation(
    modalities: dict[str, pd.DataFrame],
    rules: pd.DataFrame,
    settings: EvaluationSettings,
    out: Path,
    facts: Sequence[pd.DataFrame] = (),
) -> None:
    """Evaluate every modality and every fusion rule. Each table becomes a file in `out`.

    The tables must have been checked, as those that `tables.read_table` returns.

    Args:
        modalities: modality → its predictions (`tables.PREDICTIONS`).
        rules: the fused posteriors of the test clips for every rule (`tables.FUSED`).
        settings: metrics, resampling and tests.
        out: the folder to write.
        facts: what the corpora say about each clip (`tables.FACTS`), a table for each split; needed for groups.
    """
    by_rule = {
        str(rule): rules.loc[rows.index].drop(columns=ABOUT_RULE) for rule, rows in rules.groupby("rule", sort=False)
    }
    about = pd.concat(facts).groupby("clip", sort=False).first().reset_index() if facts else None
    tables = evaluate({**modalities, **by_rule}, list(modalities), settings, are_checked=True, facts=about)
    schemas = evaluation_schemas(settings.metrics, groups=bool(settings.evaluation.groups))
    for name, table in tables.items():
        write_table(table, out / f"{name}.parquet", schemas[name])
