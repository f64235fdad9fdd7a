"""Reads what every modality and every fusion rule makes of each clip; writes figures, intervals and comparisons."""

from emofusion import tracking
from emofusion.forkserver import in_fork

in_fork(*tracking.late_imports(snakemake.config["tracking"]))

from pathlib import Path

from emofusion.errors import clear_errors
from emofusion.evaluation.evaluate import evaluate
from emofusion.evaluation.schemas import EVALUATION, SWEEPS
from emofusion.evaluation.sweep import sweep_weights
from emofusion.fusion.common.pools import POOLS
from emofusion.predictions.table import align
from emofusion.tables import ABOUT_RULE, FUSED, PREDICTIONS, read_table, write_table

with clear_errors(snakemake.log[0]):
    settings, keys = dict(snakemake.params.settings), snakemake.params.upstream
    with tracking.open_run("evaluation", snakemake.wildcards.key, settings, snakemake.config["tracking"], keys) as run:
        steps = settings.pop("steps")
        modalities = {name: read_table(snakemake.input[name], PREDICTIONS) for name in keys if name != "fusion"}
        rules = read_table(Path(snakemake.input.fusion).parent / "rules.parquet", FUSED)
        alone = rules.drop(columns=ABOUT_RULE)
        fused = {name: alone.loc[rows.index] for name, rows in rules.groupby("rule", sort=False)}
        tables = evaluate({**modalities, **fused}, list(modalities), settings)
        bootstrap = {name: settings[name] for name in ("samples", "seed", "confidence")}
        tables |= sweep_weights(align(modalities), list(POOLS), steps, **bootstrap)
        out = Path(snakemake.output.evaluation)
        for name, table in tables.items():
            write_table(table, out / f"{name}.parquet", (EVALUATION | SWEEPS)[name])
        overall = tables["subsets"].query("gender == 'all' and emotion == 'all'").set_index("system")
        logged = ("accuracy", "unweighted_average_recall", "log_loss", "calibration_error")
        run.log_metrics(
            {f"{name}_{figure}": overall.loc[name, figure] for name in overall.index for figure in logged}, 0
        )
        run.log_artifacts(out)
