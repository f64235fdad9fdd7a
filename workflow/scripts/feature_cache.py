"""Read features and the weights of a network, and write the output of the network's frozen part for each row."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

import torch

from emofusion.errors import clear_errors
from emofusion.features.common.feature_set import FeatureSet
from emofusion.features.common.unfinished import keep_unfinished
from emofusion.plan.job import Job


def work(job: Job) -> None:
    torch.set_num_threads(job.stage.threads)
    weights = [folder / "weights.safetensors" for folder in job.inputs("weights")]
    features = FeatureSet.open([job.input("features")])
    keep_unfinished(job.folder, job.token)
    job.settings.part.store(features, weights[0] if weights else None, job.folder)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "feature_cache", snakemake.wildcards.key).run(work)
