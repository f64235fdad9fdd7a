"""Reads predictions, fusion, sweep and training histories; writes the tables and figures of one experiment."""

import json
from pathlib import Path

import pandas as pd

from emofusion import tracking
from emofusion.evaluation.accuracy import metrics_by_split
from emofusion.messages import clear_errors
from emofusion.reporting import write_report
from emofusion.tables import HISTORY, PREDICTIONS, SWEEP, read_table

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
        sweep = read_table(Path(snakemake.input.fusion).parent / "sweep.parquet", SWEEP)
        out = Path(snakemake.output.report)
        write_report(out, tables, fused, sweep, histories, models, settings)
        for name, table in {**tables, "fusion": fused}.items():
            run.log_metrics({f"{name}_{metric}": value for metric, value in metrics_by_split(table).items()}, 0)
        run.log_artifacts(out)
