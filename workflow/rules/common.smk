# Every helper that the rules use.
import re

from pathlib import Path

try:
    from emofusion import forkserver
    from emofusion.devices import has_gpu
    from emofusion.plan.fingerprint import code_fingerprint
    from emofusion.errors import EmofusionError
    from emofusion.plan.plan import make_plan
    from emofusion.plan.stages import OUTPUTS
    from emofusion.tracking import tracking_uri
except ModuleNotFoundError as error:
    raise WorkflowError(f"{error}. Activate the environment first (. .venv/bin/activate); `make setup` builds it.")


# In a job that Snakemake started on its own (on a cluster, say) the main process has already checked.
def compose_plan():
    try:
        plan = make_plan(
            Path(workflow.basedir) / "conf",
            str(config.get("experiment", "demo")),
            config.get("override"),
        )
        if workflow.is_main_process:
            plan.check_sources()
        return plan
    except EmofusionError as error:
        raise WorkflowError(str(error))


if unknown := set(config) - {"experiment", "override", "gpu", "tracking"}:
    raise WorkflowError(
        f"--config {' '.join(sorted(unknown))}: the settings are experiment=… and override=\"…\", "
        f'as in override="seed=1 speech=lstm"'
    )

plan = compose_plan()

# Read by the scripts of tracked stages. Not a parameter of their rules: where a run is tracked changes no result.
config["tracking"] = {
    "enabled": plan.tracking["enabled"],
    "uri": tracking_uri(plan.tracking["uri"], Path("results")),
    "experiment": plan.experiment,
    "results": "results",
}
TRACKING = "results/tracking/store.json"
# Half of the cores, so that two feature sets, or one and a training, run at once.
FEATURE_THREADS = max(1, (workflow.resource_settings.cores or 8) // 2)
# A GPU is asked for where there is one, or where `--config gpu=1` says that the cluster's nodes have one.
GPU = int(config.get("gpu", has_gpu()))
ENVIRONMENT = "../envs/emofusion.yaml"
CELLS = {cell.place: cell for cell in plan.cells}
MEMBERS = [*plan.modalities, "fusion"]
# Those whose model is ours, so that there are curves of its training.
TRAINED = [name for name in plan.modalities if f"curves_{name}" in plan.cells[0].report.inputs]
# The tables of a report besides those that have a caption of their own.
COMPARED = [
    "subsets",
    "narrowed",
    "pairs",
    "fairness",
    "confusion",
    "sweep_gaps",
    "sweep_confusion",
    "parameters",
    "marks",
]


wildcard_constraints:
    key=r"[^/]+",


def stage_outputs(kind):
    """The files of a stage of this kind, by their names without suffix."""
    return {name.partition(".")[0]: f"results/{kind}/{{key}}/{name}" for name in OUTPUTS[kind]}


def stage_log(kind):
    return f"results/logs/{kind}/{{key}}.log"


def inputs_of(kind):
    """What a stage reads, by role: the first output of each stage before it."""
    return lambda wildcards: plan.stage(kind, wildcards.key).input_files


def settings_of(kind):
    return lambda wildcards: plan.stage(kind, wildcards.key).settings


def code_of(kind):
    """A fingerprint of the code that a stage runs: when it changes, the stage is run again."""
    return lambda wildcards: plan.stage(kind, wildcards.key).code


def keys_of(kind):
    """The keys of the stages that a stage reads, by role."""
    return lambda wildcards: plan.stage(kind, wildcards.key).input_keys


def published_reports():
    """What the current command is to end with: a report for each cell and, of several, a table that compares them."""
    reports = [f"results/reports/{place}/provenance.json" for place in CELLS]
    return reports + ([f"results/reports/{plan.experiment}/cells.csv"] if len(CELLS) > 1 else [])


def published_tables():
    """The published tables that the cells name, each once: a command that audits has to name one."""
    tables = [cell.settings["published"] for cell in plan.cells]
    return [table for number, table in enumerate(tables) if table not in tables[:number]]


def provenance_of(wildcards):
    cell = CELLS[wildcards.place]
    stages = {}
    for stage in cell.stages.values():
        stages.setdefault(stage.kind, []).append(stage.key)
    return {
        "overrides": cell.overrides,
        "report": cell.report.key,
        "stages": {kind: sorted(keys) for kind, keys in sorted(stages.items())},
        "settings": cell.settings,
    }


# Jobs on this machine share one import of their libraries.
onstart:
    forkserver.start()
