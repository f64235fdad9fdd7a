"""What the job of a stage asks a cluster for: memory, time and a GPU.

The numbers of `TABLE` were measured, and have a margin of about two. What is asked for grows with the size of what the
stage reads and with the settings of a training, and doubles with each attempt: a job that was killed for its memory or
its time is tried again with more of both.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.plan.currency import sources_of
from emofusion.plan.plan_file import PlanFile, PlannedStage
from emofusion.plan.records import RECORD, Record
from emofusion.plan.settings import FeatureCacheSettings, ModelSettings, PredictionsSettings
from emofusion.plan.stage import FEATURES_SKIPPED, RECORDED
from emofusion.settings.kinds.pairs import PairsOfFolds

MEBIBYTE = 2**20
LONGEST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True)
class Cost:
    """What the jobs of a kind of stage cost.

    memory: MiB of the script on empty input, imports included. memory_each: further MiB for each MiB that it reads.
    minutes: on empty input. minutes_each: further minutes for each MiB that it reads.
    """

    memory: int
    memory_each: float
    minutes: int
    minutes_each: float


TABLE = {
    "generated": Cost(600, 0, 30, 0),
    "download": Cost(600, 0, 240, 0),
    "weights": Cost(3000, 0, 30, 0),
    "tables": Cost(600, 100, 10, 0.5),
    "corpus": Cost(600, 0.1, 30, 0.02),
    "distorted": Cost(1000, 0.1, 30, 0.05),
    "split": Cost(600, 40, 10, 1),
    "groups": Cost(600, 40, 10, 1),
    "features": Cost(2500, 1, 30, 0.05),
    "feature_cache": Cost(3000, 4, 30, 0.2),
    "model": Cost(2200, 6, 20, 0),
    "predictions": Cost(2200, 6, 20, 0.05),
    "posteriors": Cost(700, 100, 10, 0.5),
    "ensemble": Cost(700, 100, 10, 0.5),
    "fusion": Cost(900, 300, 15, 5),
    "rules": Cost(900, 300, 20, 5),
    "report": Cost(1100, 60, 20, 5),
}
# MiB of the two processes of Snakemake that start a job on its node.
STARTING = 400
# Further MiB of a job with a GPU: the libraries for it.
WITH_GPU = 3000
# Minutes of a training for each MiB of features, epoch and seed, all folds together.
TRAINING = 0.01
# The same of a network that profits from a GPU: with one, and without.
LARGE_TRAINING = (0.02, 0.5)
# How many times as long the trainings for all pairs of folds take: n folds have n (n - 1) / 2 pairs, and n is nine.
OF_PAIRS = 4


@dataclass(frozen=True)
class Needs:
    """What a job asks for: memory in MiB, time in minutes, and a number of GPUs."""

    mem_mb: int
    runtime: int
    gpu: int


def estimate(plan: PlanFile, name: str, results: Path, attempt: int = 1, gpus: int = 0) -> Needs:
    """What the job of a stage asks for.

    What the stage reads may not be there yet. It then counts as empty, so ask again when the job can start.

    Args:
        plan: the plan that has the stage.
        name: the stage's name, `kind/key`.
        results: the folder of all results.
        attempt: the number of the try, counted from 1.
        gpus: the number of GPUs that a job gets that profits from one; 0 where there are none.
    """
    stage, settings = plan.stage(name), plan.settings(name)
    cost, read = TABLE[stage.kind], size_of_inputs(stage, settings, results) / MEBIBYTE
    wanted = wants_gpu(plan, stage, settings)
    memory = STARTING + cost.memory + cost.memory_each * read + (WITH_GPU if wanted and gpus else 0)
    minutes = cost.minutes + cost.minutes_each * read
    if isinstance(settings, ModelSettings):
        rate = LARGE_TRAINING[0 if gpus else 1] if wanted else TRAINING
        trainings = OF_PAIRS if isinstance(plan.settings(str(stage.inputs["split"])).protocol, PairsOfFolds) else 1
        minutes += trainings * rate * read * settings.training.epochs * len(settings.seeds)
    more = 2 ** (attempt - 1)
    return Needs(
        math.ceil(memory * more),
        min(math.ceil(minutes * more), LONGEST_MINUTES),
        gpus if wanted else 0,
    )


def feature_threads(plan: PlanFile, results: Path, cores: int) -> int:
    """How many cores the job of a feature set gets on this machine. Results do not depend on it.

    It gets all of them, because nothing else may be able to run until it ends. Where many feature sets are to be made,
    each gets fewer, so that about two rounds of jobs use all cores.

    Args:
        plan: the plan of the command.
        results: the folder of all results.
        cores: how many cores the command may use.
    """
    missing = [name for name in plan.stages if name.startswith("features/") and not (results / name / RECORD).exists()]
    return max(1, cores // max(1, len(missing) // 2))


def wants_gpu(plan: PlanFile, stage: PlannedStage, settings: Any) -> bool:
    """Whether the job of a stage profits from a GPU: the network says so, or half precision needs one."""
    match settings:
        case ModelSettings():
            return settings.network.profits_from_gpu() or settings.training.precision == "half"
        case PredictionsSettings():
            model = plan.settings(str(stage.inputs["model"]))
            return model.network.profits_from_gpu() or settings.precision == "half"
        case FeatureCacheSettings():
            return settings.part.profits_from_gpu
        case _:
            return False


def check_gpus(plan: PlanFile, to_run: Iterable[str], gpus: int, this_machine: bool) -> None:
    """Raise `EmofusionError` if a stage that has to run needs a GPU and jobs get none.

    Args:
        plan: the plan of the command.
        to_run: the names of stages that have to run.
        gpus: the number of GPUs that a job gets that profits from one.
        this_machine: whether jobs run on this machine, and not on a cluster.
    """
    needing = [plan.stage(name) for name in to_run if name.startswith(("model/", "predictions/"))]
    labels = sorted({stage.label for stage in needing if stage.precision == "half"})
    if labels and not gpus:
        modalities = [name for name in plan.facts["modalities"] if any(one.startswith(f"{name}-") for one in labels)]
        half, full = (
            " ".join(f"{name}.training.precision={value}" for name in modalities) for value in ("half", "full")
        )
        none, those = "this machine has none", "it has one that was not found"
        if not this_machine:
            none, those = "the jobs of this command get none", "the cluster has some"
        raise EmofusionError(
            f"{half}: half precision needs an NVIDIA GPU, and {none}. Set {full}; or, if {those}, add --resources "
            "gpu=1 (the number that all jobs together may hold)."
        )


def size_of_inputs(stage: PlannedStage, settings: Any, results: Path) -> int:
    """Bytes of what a stage reads, as far as it exists: results of other stages, and recordings or tables from outside.

    A stage of features, or of distorted recordings, reads the recordings that its corpus lists, and not only the
    corpus's table.
    """
    size = sum(file.stat().st_size for file in sources_of(settings)) if stage.kind in ("corpus", "posteriors") else 0
    # of these, only a small list or table is read
    listed = {*stage.inputs.get(FEATURES_SKIPPED, []), *stage.inputs.get(RECORDED, [])} - {stage.inputs.get("corpus")}
    for name in dict.fromkeys(stage.reads):
        record = Record.read(results / name / RECORD)
        if record is not None and name not in listed:
            size += sum(int(length) for length, _ in record.outputs.values())
            if stage.kind in ("features", "distorted"):
                size += sum(source.size for source in record.sources.values())
    return size
