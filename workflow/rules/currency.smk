# Which results are current, looked at once, before anything runs.
def needs_no_result():
    """Whether the command line asks for nothing that is made from results of the plan."""
    targets = set(workflow.dag_settings.targets) if workflow.dag_settings else set()
    return bool(targets) and targets <= WITHOUT_RESULTS


def makes_all_reports():
    """Whether the command makes all reports, and not only files that it names. Commands that draw a graph make nothing."""
    asked = workflow.dag_settings
    some = asked and (set(asked.targets) - {"all", "register"} or asked.until or asked.omit_from)
    return workflow.execution_settings is not None and not IS_REPORT and not some


def find_stale():
    """The names of current stages, and the existing files that are stale. Modification times play no role."""
    if needs_no_result():
        return set(), stale_audit(plan, RESULTS, REPOSITORY)
    currency = examine(plan, RESULTS, REPOSITORY)
    if makes_all_reports():
        to_run = set(plan.stages) - set(currency.content) - set(plan.deployed)
        try:
            check_gpus(plan, to_run, decisions["gpus"], this_machine=not SUBMITS)
        except EmofusionError as error:
            raise WorkflowError(str(error))
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
