# What happens at the start and at the end of a run.
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


def keep_others_from_reports():
    """Stop if another command makes reports in the folder of this one, and keep others from it."""
    if workflow.is_main_process and not needs_no_result() and not workflow.touch:
        try:
            publish_alone(RESULTS, PUBLISHED_IN)
        except EmofusionError as error:
            raise WorkflowError(str(error))


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
    keep_others_from_reports()
    if SUBMITS:
        os.environ.pop(forkserver.ADDRESS, None)
    else:
        forkserver.start()
    start_sender()  # after the server: the sender asks it for a fork


onsuccess:
    if workflow.is_main_process and not needs_no_result():
        print("\n".join(["", *headline_lines(), costs_of(plan, plan.cells, RESULTS).line()]), file=sys.stderr)
    finish_sender()


onerror:
    finish_sender()


def send_left_over(folder):
    """Send what an earlier command could not send, where nothing is left to do: Snakemake then calls no handler.

    folder: the folder of the workflow, which Snakemake leaves before its process ends.
    """
    os.chdir(folder)
    is_run = not (workflow.executor_plugin is None or workflow.dryrun)
    if is_run and sender is None and unsent(TRACKING.journals, TRACKING.store).runs and not trouble_of_store():
        start_sender()
        finish_sender()


if workflow.is_main_process and TRACKING.enabled:
    atexit.register(send_left_over, Path.cwd())
