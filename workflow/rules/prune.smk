# List or delete the results that no experiment on the command line needs:
#
#   snakemake --cores 1 prune --config experiment=demo,posteriors             # list them
#   snakemake --cores 1 prune --config experiment=demo,posteriors delete=yes  # delete them


localrules:
    prune,


def plans_to_keep(wildcards):
    """The plan's file of each experiment that the command line names."""
    try:
        experiments = str(config.get("experiment", "demo")).split(",")
        plans = [plan_file(REPOSITORY / "conf", name, config.get("override"), RESULTS) for name in experiments]
        return [str(plan.path) for plan in plans]
    except EmofusionError as error:
        raise WorkflowError(str(error))


rule prune:
    conda:
        ENVIRONMENT
    params:
        plans=plans_to_keep,
        delete=str(config.get("delete", "no")).lower() in ("yes", "true", "1"),
    message:
        "Look for results that no experiment needs"
    script:
        "../scripts/prune.py"
