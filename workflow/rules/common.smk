# The functions and constants that the rules share.
import functools
import os
import re
import sys
from pathlib import Path

try:
    from emofusion import forkserver
    from emofusion.errors import EmofusionError
    from emofusion.plan.fingerprint import module_closure
    from emofusion.plan.plan_file import PlanFile
    from emofusion.plan.records import RECORD
    from emofusion.plan.resources import estimate
    from emofusion.tracking import Tracking, tracking_uri

    # A job that Snakemake starts on another machine parses this file twice, and needs nothing that plans or looks at
    # results.
    if workflow.is_main_process:
        from emofusion.devices import has_gpu
        from emofusion.plan.costs import costs_of
        from emofusion.plan.currency import examine
        from emofusion.plan.forecast import forecast
        from emofusion.plan.make import checked_plan, plan_file, plans_of
        from emofusion.plan.publication import note_stale, settle_times, stale_audit, stale_publications
        from emofusion.reporting.headline import headline, headline_of_grid
        from emofusion.settings.command_line import typed_value
        from emofusion.slurm import wait_for_jobs_at_work
        from emofusion.tracking import SenderProcess, check_store, left_over
except ModuleNotFoundError as error:
    raise WorkflowError(f"{error}. Activate the environment first (. .venv/bin/activate); `make setup` builds it.")

RESULTS = Path("results")
STALE = RESULTS / "plans" / "stale.txt"
REPOSITORY = Path(workflow.basedir)
SETTINGS = {"experiment", "override", "ablation", "baseline", "delete"}
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
        f"--config {' '.join(sorted(unknown))}: the settings are experiment=…, override=\"…\", ablation=… and "
        f'baseline="…", as in override="seed=1 speech=lstm"'
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


def grid_settings():
    """The ablation and the baseline that the command line names; None where it names none, and for prune."""
    if "prune" in sys.argv:  # that rule plans the ablations
        return None, None
    ablation, _, others = (typed("ablation") or "").partition(",")
    if others:
        raise WorkflowError(
            f"--config ablation={ablation},{others}: a command runs one ablation; give a command for each"
        )
    return ablation or None, typed("baseline")


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
        return make(REPOSITORY / "conf", experiment, typed("override"), RESULTS, *grid_settings())
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
    "patience": plan.facts["tracking"]["patience"],
}
TRACKING = Tracking(**config["tracking"])
ENVIRONMENT = "../envs/emofusion.yaml"
MODALITIES, TRAINED = (plan.facts[name] for name in ("modalities", "trained"))
# The folder in results/reports/ of all that this command publishes: the name of the grid, or of the experiment.
PUBLISHED_IN = plan.folder
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
        return stage_inputs(f"{kind}/{wildcards.key}") | if_stale(f"results/{kind}/{wildcards.key}/{RECORD}")

    return records


def stage_inputs(name):
    """The records of the stages that a stage reads, by role."""
    return {
        role: [record_of(other) for other in (read if isinstance(read, list) else [read])]
        for role, read in plan.stage(name).inputs.items()
    }


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
            stage = plan.cells[wildcards.place].report if kind == "report" else f"{kind}/{wildcards.key}"
            return getattr(estimate(plan, stage, RESULTS, attempt, decisions["gpus"]), name)

        return of_stage

    return {name: resource(name) for name in ("mem_mb", "runtime", "gpu")}


def modules_of(kind):
    """The modules that a stage's script imports later. The fork server imports them in advance."""
    if not workflow.is_main_process:  # no fork server there, and finding the modules takes half a second
        return []
    return lambda wildcards: list(module_closure(*plan.stage(f"{kind}/{wildcards.key}").modules))


def modules_of_report(wildcards):
    """The modules that the script of a cell's report imports later."""
    return list(module_closure(*plan.stage(plan.cells[wildcards.place].report).modules))


def published_reports(wildcards):
    """The targets of the present command: a report for each cell, and for several cells a table that compares them."""
    reports = [f"results/reports/{place}/provenance.json" for place in plan.cells]
    return reports + ([f"results/reports/{PUBLISHED_IN}/cells.csv"] if plan.facts["grid"] else [])


def captioned(name, caption, label):
    """A published file that `snakemake --report` shows."""
    return report(
        f"results/reports/{{place}}/{name}",
        caption=f"../report/{caption}.rst",
        category="{place}",
        labels={"result": label},
    )


def of_grid(name, caption, label):
    """A file of the grid's summary that `snakemake --report` shows."""
    return report(
        f"results/reports/{PUBLISHED_IN}/{name}",
        caption=f"../report/{caption}.rst",
        category=PUBLISHED_IN,
        labels={"result": label},
    )


def published_files():
    """Name → the files of a published report that `snakemake --report` shows, and its last file.

    The report of a grid shows what compares the cells, and their pages are opened from there.
    """
    last = {"provenance": "results/reports/{place}/provenance.json"}
    if plan.is_grid:
        return last
    return last | {
        "page": captioned("report.html", "page", "The report's page, with a slider for the weight"),
        "table1": captioned("table1.csv", "table1", "Table 1: accuracy by emotion"),
        "table2": captioned("table2.csv", "table2", "Table 2: accuracy by emotion and gender"),
        "comparison": captioned("comparison.csv", "comparison", "Networks: size, time, losses and their gap"),
        "rules": captioned("rules.csv", "rules", "Fusion rules: all metrics with intervals"),
        "gender": captioned("gender.csv", "gender", "Gender gaps of every rule"),
        "sweep": captioned("sweep.csv.gz", "sweep", "Accuracy against weight, all numbers"),
        "sweep_figure": captioned("sweep.png", "sweep", "Accuracy against weight"),
        "confusions": [
            captioned(f"confusion_{member}.png", "confusion", f"Confusion: {member}")
            for member in [*MODALITIES, "fusion"]
        ],
        "curves": [captioned(f"curves_{name}.png", "curves", f"Training curves: {name}") for name in TRAINED],
    }


def inputs_of_report(wildcards):
    """The records of the stages that the report of a cell reads."""
    inputs = stage_inputs(plan.cells[wildcards.place].report)
    return inputs | if_stale(f"results/reports/{wildcards.place}/provenance.json")


def reports_of_all(wildcards):
    """The published reports of all cells."""
    stale = state()[1]

    def published(place):
        path = f"results/reports/{place}/provenance.json"
        is_current = workflow.is_main_process and path not in stale and Path(path).exists()
        return ancient(path) if is_current else path

    reports = {"reports": [published(place) for place in plan.cells]}
    return reports | if_stale(f"results/reports/{PUBLISHED_IN}/cells.csv")


PUBLISHED_FILES = published_files()


def plans_to_keep(wildcards):
    """The plan of each experiment that the command line names, and of each ablation of it."""
    experiments = str(config.get("experiment", "demo")).split(",")
    ablations = [name for name in str(config.get("ablation", "")).split(",") if name]
    try:
        made = plans_of(REPOSITORY / "conf", experiments, typed("override"), RESULTS, ablations)
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
    if not IS_REPORT:
        cores = workflow.resource_settings.cores or workflow.resource_settings.nodes or 1
        for line in forecast(plan, currency, RESULTS, cores):
            print(line, file=sys.stderr)
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
    if workflow.dryrun and set(plan.stages) - current and (message := trouble_of_store()):
        print(f"warning: {message}", file=sys.stderr)  # a run would end here
    settle_times(stage.folder(RESULTS) / RECORD for stage in plan.stages.values())
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
    """The last lines that a run prints: the headline figures, and the path of the page."""
    folders = [RESULTS / "reports" / place for place in plan.cells]
    try:
        if not plan.facts["grid"]:
            return headline(folders[0])
        return headline_of_grid(RESULTS / "reports" / PUBLISHED_IN)
    except EmofusionError:  # the command asked for another target than the reports
        return []


sender = None


def start_sender():
    """Start the process that sends what jobs log; none where tracking is off, and for commands that log nothing."""
    global sender
    if TRACKING.enabled and not needs_no_result() and not workflow.touch:
        if message := trouble_of_store():
            raise WorkflowError(message)
        sender = SenderProcess(TRACKING)


def trouble_of_store():
    """Why the tracking store cannot be used; the empty text where it can."""
    try:
        check_store(TRACKING)
    except EmofusionError as error:
        return str(error)
    return ""


def finish_sender():
    """Let the sender send the rest, and say what it could not send."""
    if sender is not None:
        uri = plan.facts["tracking"]["uri"]
        override = f' override="tracking.uri={uri}"' if uri else ""
        command = f"snakemake --cores 1 tracking --config experiment={plan.facts['experiment']}{override}"
        if line := left_over(TRACKING, sender.finish(), command):
            print(line, file=sys.stderr)


# Jobs on this machine share one import of their libraries, and one process sends what all jobs log. Jobs on other machines
# must not know the address of the first: Slurm gives them this process's environment, and their work would run here.
onstart:
    start_sender()
    if SUBMITS:
        os.environ.pop(forkserver.ADDRESS, None)
    else:
        forkserver.start()


onsuccess:
    if workflow.is_main_process and not needs_no_result():
        print("\n".join(["", *headline_lines(), costs_of(plan, plan.cells, RESULTS).line()]), file=sys.stderr)
    finish_sender()


onerror:
    finish_sender()
