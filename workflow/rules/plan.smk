# Open the plan of the command, and decide what holds for all jobs, wherever they run.
import atexit
import functools
import os
import re
import sys
from pathlib import Path

try:
    from emofusion.importing import fast_imports

    with fast_imports():
        from emofusion import forkserver
        from emofusion.errors import EmofusionError
        from emofusion.plan.fingerprint import module_closure
        from emofusion.plan.making import code_of
        from emofusion.plan.plan_file import PlanFile
        from emofusion.plan.records import RECORD
        from emofusion.plan.resources import check_gpus, estimate, feature_threads
        from emofusion.tracking import Tracking, tracking_uri

        # A job that Snakemake starts on another machine parses this file twice, and needs nothing that plans or looks at
        # results.
        if workflow.is_main_process:
            from emofusion.devices import has_gpu
            from emofusion.plan.at_work import begin, check_alone
            from emofusion.plan.costs import costs_of
            from emofusion.plan.currency import examine
            from emofusion.plan.forecast import forecast
            from emofusion.plan.make import checked_plan, plan_file, plans_of
            from emofusion.plan.publication import note_stale, settle_times, stale_audit, stale_publications
            from emofusion.plan.publishing import publish_alone
            from emofusion.reporting.headline import headline, headline_of_grid
            from emofusion.settings.command_line import typed_value
            from emofusion.slurm import wait_for_jobs_at_work
            from emofusion.tracking import SenderProcess, check_store, left_over
            from emofusion.tracking.journal import unsent
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

# whether the rule prune is to delete what it lists
DELETES = str(config.get("delete", "no")).lower() in ("yes", "true", "1")

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
    limit = getattr(limit, "value", limit)  # the first versions of Snakemake 9 have the number itself
    if limit is not None:
        return min(1, int(limit))
    return int(has_gpu() and not SUBMITS)


TYPED = workflow.config_settings.config_args
if workflow.is_main_process:
    # Lift the locks of commands that were killed, before Snakemake looks at them. It comes first, so that a kill from now
    # on is noticed by the next command.
    for line in begin(RESULTS, [workflow.snakemake_tmp_dir], unlocks="--unlock" in sys.argv):
        print(line, file=sys.stderr)
    if DELETES:
        try:
            check_alone()
        except EmofusionError as error:
            raise WorkflowError(str(error))
    plan = open_plan()
    cores = workflow.resource_settings.cores or 8
    threads = 4 if SUBMITS else feature_threads(plan, RESULTS, cores)
    decisions = {"plan": plan.path, "feature_threads": threads, "gpus": gpus()}
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
