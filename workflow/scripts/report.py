"""Reads predictions, fusion, evaluation and training histories; writes tables, figures and page of one experiment."""

from emofusion import tracking
from emofusion.forkserver import in_fork

in_fork(*tracking.late_imports(snakemake.config["tracking"]))

import json
from pathlib import Path

import pandas as pd

from emofusion.errors import clear_errors
from emofusion.evaluation.accuracy import metrics_by_split
from emofusion.evaluation.schemas import EVALUATION, SWEEPS
from emofusion.reporting import Results, write_report
from emofusion.reporting.provenance import commit
from emofusion.tables import FUSED, HISTORY, PARAMETERS, PREDICTIONS, read_table

with clear_errors(snakemake.log[0]):
    settings, keys = dict(snakemake.params.settings), snakemake.params.upstream
    modalities = settings["modalities"]
    left_out = pd.concat([pd.read_csv(Path(path).parent / "left_out.csv") for path in snakemake.input.splits])
    counts = left_out.drop_duplicates(["corpus", "gender", "emotion"]).groupby(["corpus", "emotion"])["clips"].sum()
    settings["notes"] = [
        f"Left out, since the emotion is not among the classes: {clips} {emotion} clips of {corpus}."
        for (corpus, emotion), clips in counts.items()
    ]
    settings["classes"] = settings["emotions"]["classes"]
    with tracking.open_run("report", snakemake.wildcards.key, settings, snakemake.config["tracking"], keys) as run:
        fused = read_table(snakemake.input.fusion, PREDICTIONS)
        fusion, evaluated = Path(snakemake.input.fusion).parent, Path(snakemake.input.evaluation)
        rules = read_table(fusion / "rules.parquet", FUSED)
        if without := [name for name in settings["fusion"]["compare"] if name not in set(rules["rule"])]:
            settings["notes"] += [f"Not compared, as there is no other test actor to learn from: {', '.join(without)}."]
        settings["transductive"] = bool(rules.loc[rules["rule"] == settings["fusion"]["rule"], "transductive"].all())
        tables = {name: read_table(snakemake.input[f"predictions_{name}"], PREDICTIONS) for name in modalities}
        histories, models = {}, {}
        for name, networks in settings["curves"].items():
            files = list(zip(networks, map(Path, snakemake.input.get(f"curves_{name}")), strict=True))
            models[name] = {network: json.loads(path.read_text()) for network, path in files}
            # the seeds of one network may have been trained by several jobs
            parts = {network: [path.parent for other, path in files if other == network] for network in networks}
            histories[name] = {
                network: pd.concat([read_table(part / "history.parquet", HISTORY) for part in of_seeds])
                for network, of_seeds in parts.items()
            }
        results = Results(
            tables,
            fused,
            rules,
            read_table(fusion / "parameters.parquet", PARAMETERS),
            {name: read_table(evaluated / f"{name}.parquet", schema) for name, schema in (EVALUATION | SWEEPS).items()},
            histories,
            models,
        )
        provenance = {
            "key": snakemake.wildcards.key,
            "commit": commit(),
            "MLflow run": run.run_id or "not tracked",
        }
        out = Path(snakemake.output.report)
        write_report(out, results, settings, provenance)
        for name, table in {**tables, "fusion": fused}.items():
            run.log_metrics({f"{name}_{metric}": value for metric, value in metrics_by_split(table).items()}, 0)
        run.log_artifacts(out)
