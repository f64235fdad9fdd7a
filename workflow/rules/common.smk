# The functions and constants that the rules share.
import functools
import os
import sys
from pathlib import Path

try:
    from emofusion import forkserver
    from emofusion.errors import EmofusionError
    from emofusion.plan.fingerprint import module_closure
    from emofusion.plan.plan_file import PlanFile
    from emofusion.plan.records import RECORD
    from emofusion.plan.resources import estimate
    from emofusion.tracking import Tracking, late_imports, tracking_uri

    # A job that Snakemake starts on another machine parses this file twice, and needs nothing that plans or looks at
    # results.
    if workflow.is_main_process:
        from emofusion.devices import has_gpu
        from emofusion.plan.currency import examine
        from emofusion.plan.make import checked_plan, plan_file
        from emofusion.plan.publication import note_stale, settle_times, stale_audit, stale_publications
        from emofusion.reporting.headline import headline, headline_of_cells
        from emofusion.settings.command_line import typed_value
        from emofusion.slurm import wait_for_jobs_at_work
except ModuleNotFoundError as error:
    raise WorkflowError(f"{error}. Activate the environment first (. .venv/bin/activate); `make setup` builds it.")

RESULTS = Path("results")
STALE = RESULTS / "plans" / "stale.txt"
REPOSITORY = Path(workflow.basedir)
SETTINGS = {"experiment", "override", "delete"}
# What the main process decides for all jobs, wherever they run.
DECISIONS = {"plan", "feature_threads", "gpus"}
# Targets that need no result of the plan.
WITHOUT_RESULTS = {"audit", "prune", "tracking"}
# Snakemake's own report shows files as they are.
IS_REPORT = any(argument.partition("=")[0] == "--report" for argument in sys.argv)
# Whether jobs are submitted to a cluster. Then Snakemake is given a number of jobs, and otherwise a number of cores.
SUBMITS = workflow.resource_settings.nodes is not None

if unknown := set(config) - (SETTINGS if workflow.is_main_process else DECISIONS):
    raise WorkflowError(
        f"--config {' '.join(sorted(unknown))}: the settings are experiment=… and override=\"…\", "
        f'as in override="seed=1 speech=lstm"'
    )

if "delete" in config and "prune" not in sys.argv:
    raise WorkflowError(
        "--config delete: only prune deletes results; the command is snakemake prune --config delete=yes"
    )


def typed(name):
    """A setting of the command line as it was typed; None where it was not given."""
    try:
        return typed_value(name, TYPED, config)
    except EmofusionError as error:
        raise WorkflowError(str(error))


def open_plan():
    """The plan of this command."""
    experiment, _, others = str(typed("experiment") or "demo").partition(",")
    if others and "prune" not in sys.argv:  # that rule plans the others
        raise WorkflowError(
            f"--config experiment={experiment},{others}: a command runs one experiment; give a command for each"
        )
    # the targets are not known yet: files that are missing are found now, or else by the job that reads them
    make = plan_file if set(sys.argv) & WITHOUT_RESULTS else checked_plan
    try:
        return make(REPOSITORY / "conf", experiment, typed("override"), RESULTS)
    except EmofusionError as error:
        raise WorkflowError(str(error))


def gpus():
    """How many GPUs a job asks for that profits from one.

    `--resources gpu=…`, on the command line or in a profile, is how many GPUs all jobs may hold at once. Without it, jobs
    on this machine ask for one if it has one. What this machine has says nothing of the nodes of a cluster.
    """
    limit = workflow.resource_settings.resources.get("gpu")
    if limit is not None and limit.value is not None:
        return min(1, int(limit.value))
    return int(has_gpu() and not SUBMITS)


TYPED = workflow.config_settings.config_args
if workflow.is_main_process:
    plan = open_plan()
    # Half of the cores, so that two feature sets, or a feature set and a training, run at the same time. Results do not
    # depend on it.
    cores = 8 if SUBMITS else workflow.resource_settings.cores
    decisions = {"plan": plan.path, "feature_threads": max(1, (cores or 8) // 2), "gpus": gpus()}
    # Jobs that Snakemake starts as processes of their own get these instead of the command's settings: they compose
    # nothing, decide nothing, and no quote of an override has to pass through a shell.
    workflow.config_settings.config_args = [f"{name}={value}" for name, value in decisions.items()]
else:
    plan, decisions = PlanFile(Path(config["plan"])), config


# Scripts read these. They are not parameters of rules, because neither the tracking store nor the path of the plan changes
# a result.
config["job"] = {"plan": str(plan.path), "results": str(RESULTS), "repository": str(REPOSITORY)}
config["tracking"] = {
    "enabled": plan.facts["tracking"]["enabled"],
    "uri": tracking_uri(plan.facts["tracking"]["uri"], RESULTS),
    "experiment": plan.facts["experiment"],
    "results": str(RESULTS),
}
config["tracking_modules"] = late_imports(Tracking(**config["tracking"]))
TRACKING = "results/tracking/store.json"
ENVIRONMENT = "../envs/emofusion.yaml"
EXPERIMENT, MODALITIES, TRAINED = (plan.facts[name] for name in ("experiment", "modalities", "trained"))
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
    "annotations",
]
# The priority of jobs that read files: an unreadable file is found before other work starts.
READ_FIRST = 2


wildcard_constraints:
    key=r"[^/]+",


def record(kind):
    """The file that stands for a stage's result: its record, which is written last."""
    return f"results/{kind}/{{key}}/{RECORD}"


def stage_log(kind):
    return f"results/logs/{kind}/{{key}}.log"


def inputs_of(kind):
    """The records of the stages that a stage reads, by role."""

    def records(wildcards):
        stage = plan.stage(f"{kind}/{wildcards.key}")
        inputs = {
            role: [record_of(name) for name in (read if isinstance(read, list) else [read])]
            for role, read in stage.inputs.items()
        }
        return inputs | if_stale(f"results/{kind}/{wildcards.key}/{RECORD}")

    return records


def record_of(name):
    """The record of a stage that another stage reads. A current one is `ancient`: Snakemake then ignores its time."""
    path = f"results/{name}/{RECORD}"
    return ancient(path) if name in state()[0] or not workflow.is_main_process else path


def if_stale(file):
    """A further input that is newer than a stale file, so that Snakemake runs its job again; none for other files."""
    return {"stale": str(STALE)} if file in state()[1] else {}


def threads_of(kind):
    """How many threads Snakemake reserves for a stage. The script itself reads the number from the stage's settings."""
    if kind == "features":
        return decisions["feature_threads"]
    return lambda wildcards: plan.stage(f"{kind}/{wildcards.key}").threads


def needs_of(kind):
    """What a stage's job asks for: memory, time, and a GPU where the network profits from one and there are any."""

    def resource(name):
        def of_stage(wildcards, attempt):
            return getattr(estimate(plan, f"{kind}/{wildcards.key}", RESULTS, attempt, decisions["gpus"]), name)

        return of_stage

    return {name: resource(name) for name in ("mem_mb", "runtime", "gpu")}


def modules_of(kind):
    """The modules that a stage's script imports later. The fork server imports them in advance."""
    if not workflow.is_main_process:  # no fork server there, and finding the modules takes half a second
        return []
    return lambda wildcards: list(module_closure(*plan.stage(f"{kind}/{wildcards.key}").modules))


def published_reports(wildcards):
    """The targets of the present command: a report for each cell, and for several cells a table that compares them."""
    reports = [f"results/reports/{place}/provenance.json" for place in plan.cells]
    return reports + ([f"results/reports/{EXPERIMENT}/cells.csv"] if len(plan.cells) > 1 else [])


def captioned(name, caption, label):
    """A published file that `snakemake --report` shows."""
    return report(
        f"results/reports/{{place}}/{name}",
        caption=f"../report/{caption}.rst",
        category="{place}",
        labels={"result": label},
    )


def report_of_place(wildcards):
    """The report that is published in a folder."""
    published = {"report": record_of(plan.cells[wildcards.place].report)}
    return published | if_stale(f"results/reports/{wildcards.place}/provenance.json")


def reports_of_all(wildcards):
    """The reports of all cells."""
    reports = {"reports": [record_of(cell.report) for cell in plan.cells.values()]}
    return reports | if_stale(f"results/reports/{EXPERIMENT}/cells.csv")


def plans_to_keep(wildcards):
    """The plan of each experiment that the command line names."""
    try:
        experiments = str(typed("experiment") or "demo").split(",")
        made = [plan_file(REPOSITORY / "conf", name, typed("override"), RESULTS) for name in experiments]
        return [str(one.path) for one in made]
    except EmofusionError as error:
        raise WorkflowError(str(error))


def needs_no_result():
    """Whether the command line asks for nothing that is made from results of the plan."""
    targets = set(workflow.dag_settings.targets) if workflow.dag_settings else set()
    return bool(targets) and targets <= WITHOUT_RESULTS


def find_stale():
    """The names of current stages, and the existing files that are stale. Modification times play no role."""
    if needs_no_result():
        return set(), stale_audit(plan, RESULTS, REPOSITORY)
    currency = examine(plan, RESULTS, REPOSITORY)
    for name, reason in currency.stale.items():
        if not reason.endswith("has to be made again"):  # the reason of the stage that it depends on is printed already
            print(f"stale: results/{name}: {reason}", file=sys.stderr)
    for name, versions in currency.accepted.items():
        print(f"accepted: results/{name} was made with {', '.join(versions)}", file=sys.stderr)
    stale = {f"results/{name}/{RECORD}" for name in currency.stale}
    stale |= stale_publications(plan, currency, RESULTS, REPOSITORY)
    if any("audit" in argument for argument in sys.argv):  # as a target beside others, or one of its files
        stale |= stale_audit(plan, RESULTS, REPOSITORY)
    return set(currency.content), stale


@functools.cache
def state():
    """The stages that are current and the files that are stale, looked at when Snakemake first asks for an input.

    Jobs that Snakemake has started by themselves were asked for: they look at nothing.
    """
    if not workflow.is_main_process:
        return set(), set()
    if SUBMITS and not workflow.dryrun and not needs_no_result():
        missing = [stage.key for stage in plan.stages.values() if not (stage.folder(RESULTS) / RECORD).exists()]
        wait_for_jobs_at_work(missing, Path.cwd(), lambda line: print(line, file=sys.stderr))
    current, stale = find_stale()
    settle_times([Path(TRACKING), *(stage.folder(RESULTS) / RECORD for stage in plan.stages.values())])
    if stale:
        if IS_REPORT:
            raise WorkflowError(
                f"--report: {min(stale)} does not show what this command asks for; run the same command without "
                "--report first"
            )
        if "mtime" not in map(str, workflow.rerun_triggers):
            raise WorkflowError(
                f"--rerun-triggers: {min(stale)} is stale, and Snakemake would leave it as it is; add mtime, or leave "
                "that option out"
            )
        settle_times(map(Path, stale))
        try:
            note_stale(STALE, stale)
        except OSError as error:
            raise WorkflowError(f"results are stale, and {STALE} cannot be written: {error}; make it writable")
    return current, stale


if IS_REPORT:
    state()


def headline_lines():
    """The last lines that a run prints: the headline accuracies, and the path of the report."""
    folders = [RESULTS / "reports" / place for place in plan.cells]
    try:
        if len(folders) == 1:
            return headline(folders[0])
        return headline_of_cells(folders, RESULTS / "reports" / EXPERIMENT / "cells.csv")
    except EmofusionError:  # the command asked for another target than the reports
        return []


# Jobs on this machine share one import of their libraries. Jobs on other machines must not know the address of that
# process: Slurm gives them this process's environment, and their work would run here.
onstart:
    if SUBMITS:
        os.environ.pop(forkserver.ADDRESS, None)
    else:
        forkserver.start()


onsuccess:
    if workflow.is_main_process and not needs_no_result():
        print("\n".join(["", *headline_lines()]), file=sys.stderr)
