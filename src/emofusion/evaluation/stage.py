"""Evaluate what a stage has predicted or fused, and write the tables into a folder."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from emofusion.evaluation.evaluate import evaluate, evaluate_alone
from emofusion.evaluation.presence import robustness_table
from emofusion.evaluation.schemas import ROBUSTNESS, evaluation_schemas
from emofusion.plan.settings import CellFusionSettings, EvaluationSettings
from emofusion.predictions.missing import USE_OTHERS, completed
from emofusion.tables import ABOUT_RULE, write_table


def write_evaluation(
    modalities: dict[str, pd.DataFrame],
    rules: pd.DataFrame,
    settings: EvaluationSettings,
    out: Path,
    new: Sequence[str] | None = None,
    facts: pd.DataFrame | None = None,
    fusion: CellFusionSettings | None = None,
    fitting: dict[str, pd.DataFrame] | None = None,
) -> None:
    """Evaluate every modality and every fusion rule. Each table becomes a file in `out`.

    The tables must have been checked, as those that `tables.read_table` returns.

    Args:
        modalities: modality → its predictions (`tables.PREDICTIONS`).
        rules: the fused posteriors of the test clips for every rule (`tables.FUSED`).
        settings: metrics, resampling and tests.
        out: the folder to write.
        new: see `evaluate`.
        facts: what the corpora say about each test clip (`tables.FACTS`); needed for groups.
        fusion: the configured rule, whose robustness is then measured.
        fitting: modality → the predictions that this rule is fitted on, where these are others.
    """
    systems = _systems(modalities, rules)
    kinds = rules.drop_duplicates("rule").set_index("rule")["kind"].to_dict()
    tables = evaluate(systems, list(modalities), settings, are_checked=True, new=new, facts=facts, kinds=kinds)
    _write(tables, settings, out)
    if fusion is not None:
        fused = systems[fusion.configured.kind]
        robustness = robustness_table(modalities, fused, fusion.configured, fusion.fusion, settings, fitting)
        write_table(robustness, out / "robustness.parquet", ROBUSTNESS)


def write_alone(
    modalities: dict[str, pd.DataFrame], rules: pd.DataFrame, settings: EvaluationSettings, out: Path
) -> None:
    """Write the tables of `evaluate_alone`. The arguments are those of `write_evaluation`."""
    _write(evaluate_alone(_systems(modalities, rules), settings, are_checked=True), settings, out)


def _systems(modalities: dict[str, pd.DataFrame], rules: pd.DataFrame) -> dict[str, pd.DataFrame]:
    groups = rules.groupby("rule", sort=False)
    fused = {str(rule): rules.loc[rows.index].drop(columns=ABOUT_RULE) for rule, rows in groups}
    return completed(modalities, USE_OTHERS) | fused


def _write(tables: dict[str, pd.DataFrame], settings: EvaluationSettings, out: Path) -> None:
    schemas = evaluation_schemas(settings.metrics, groups=bool(settings.evaluation.groups))
    for name, table in tables.items():
        write_table(table, out / f"{name}.parquet", schemas[name])
