"""Read the models of all folds, their split and features; score validation and test clips; write the predictions."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.emotions import read_classes
from emofusion.errors import clear_errors
from emofusion.features.common.joined import open_features
from emofusion.plan.job import Job
from emofusion.tables import SPLIT, read_table
from emofusion.tracking.jobs import tracked_predictions
from emofusion.training.predict import predict_folds


def work(job: Job) -> None:
    with tracked_predictions(job, snakemake.config["tracking"]) as write:
        split = read_table(job.input("split") / "split.parquet", SPLIT)
        features = open_features(job.inputs("features"), job.settings.parts)
        order = read_classes(job.input("split"))
        write(predict_folds(split, features, job.input("model"), job.settings, order=order))


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "predictions", snakemake.wildcards.key).run(work)
