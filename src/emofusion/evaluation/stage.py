"""The evaluation stage: read prediction tables, and write a folder of tables."""

from pathlib import Path

import pandas as pd

from emofusion.evaluation.evaluate import evaluate
from emofusion.evaluation.figures import ACCURACY
from emofusion.evaluation.schemas import SWEEPS, evaluation_schemas
from emofusion.evaluation.sweep import sweep_weights
from emofusion.plan.settings import EvaluationSettings
from emofusion.predictions.pools import POOLS
from emofusion.predictions.table import align
from emofusion.tables import ABOUT_RULE, FUSED, PREDICTIONS, read_table, write_table


def evaluate_files(
    modalities: dict[str, Path], rules: Path, settings: EvaluationSettings, out: Path
) -> dict[str, float]:
    """Evaluate every modality and every fusion rule, and sweep the weights. Each table becomes a file in `out`.

    Args:
        modalities: modality → file of its predictions (`tables.PREDICTIONS`).
        rules: file with the fused posteriors of the test clips for every rule (`tables.FUSED`).
        settings: metrics, resampling, tests, and the number of steps of the sweep.
        out: the folder to write.

    Returns:
        `<system>_<metric>` → its value over all test clips, for tracking. Shares are numbers from 0 to 1.
    """
    predictions = {name: read_table(path, PREDICTIONS) for name, path in modalities.items()}
    fused = read_table(rules, FUSED)
    by_rule = {
        str(rule): fused.loc[rows.index].drop(columns=ABOUT_RULE) for rule, rows in fused.groupby("rule", sort=False)
    }
    tables: dict[str, pd.DataFrame] = evaluate({**predictions, **by_rule}, list(predictions), settings)
    tables |= sweep_weights(align(predictions), list(POOLS), settings.steps, settings.evaluation)
    schemas = evaluation_schemas(settings.metrics) | SWEEPS
    for name, table in tables.items():
        write_table(table, out / f"{name}.parquet", schemas[name])
    subsets = tables["subsets"]
    overall = subsets[(subsets[["gender", "emotion"]] == "all").all(axis=1)].set_index("system")
    figures = dict.fromkeys([ACCURACY, *(metric.kind for metric in settings.metrics if metric.is_tracked)])
    return {f"{name}_{figure}": float(overall.loc[name, figure]) for name in overall.index for figure in figures}
