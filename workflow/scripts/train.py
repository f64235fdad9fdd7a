"""Read a split and its features, train a model for each fold and seed, and write the models and their losses."""

from emofusion.forkserver import in_fork

in_fork(
    *snakemake.params.modules,
    "torch._dynamo",  # the first optimizer imports it
)

from emofusion.emotions import read_classes
from emofusion.errors import clear_errors, tell
from emofusion.features.common.joined import open_features
from emofusion.plan.job import Job
from emofusion.tables import SPLIT, read_table
from emofusion.tracking.jobs import tracked
from emofusion.training.fit import fit_folds


def work(job: Job) -> None:
    weights = [folder / "weights.safetensors" for folder in job.inputs("weights")]
    with tracked(job, snakemake.config["tracking"]) as run:
        fit_folds(
            read_table(job.input("split") / "split.parquet", SPLIT),
            open_features(job.inputs("features"), job.settings.parts),
            job.settings,
            job.folder,
            weights=weights[0] if weights else None,
            token=job.token,
            order=read_classes(job.input("split")),
            on_epoch=run.log_metrics,
            # after an interruption the run is a new one, and gets all epochs
            on_earlier_epoch=run.log_metrics,
            progress=lambda line: tell(f"{job.stage.key}: {line}"),
        )
        run.log_artifact(job.folder / "history.parquet")
        run.log_artifact(job.folder / "model.json")


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "model", snakemake.wildcards.key).run(work)
