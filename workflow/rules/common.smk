# The functions that the rules share.
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
    return lambda wildcards: list(module_closure(*code_of(plan.stage(f"{kind}/{wildcards.key}").modules)))


def modules_of_report(wildcards):
    """The modules that the script of a cell's report imports later."""
    return list(module_closure(*code_of(plan.stage(plan.cells[wildcards.place].report).modules)))


def published_reports(wildcards):
    """The targets of the present command: a report for each cell, and for several cells a table that compares them."""
    reports = [f"results/reports/{place}/provenance.json" for place in plan.cells]
    return reports + ([f"results/reports/{PUBLISHED_IN}/cells.csv"] if plan.facts["grid"] else [])


def deployed_models(wildcards):
    """The records of the models that are trained on everybody, where the experiment registers these."""
    return [record_of(name) for name in plan.deployed]


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
        "reliability": captioned("reliability.png", "reliability", "Reliability: accuracy against confidence"),
        "classes": captioned("classes.csv", "classes", "Precision, recall and F1 by class"),
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
