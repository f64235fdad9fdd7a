# What no experiment on the command line needs:
#
#   snakemake --cores 1 prune --config experiment=demo,posteriors             # lists it
#   snakemake --cores 1 prune --config experiment=demo,posteriors delete=yes  # and deletes it


localrules:
    prune,


def plans_to_keep(wildcards):
    """The plan of each experiment that the command line names."""
    try:
        experiments = str(config.get("experiment", "demo")).split(",")
        made = [plan_file(REPOSITORY / "conf", name, config.get("override"), RESULTS) for name in experiments]
        return [str(one.path) for one in made]
    except EmofusionError as error:
        raise WorkflowError(str(error))


rule prune:
    params:
        plans=plans_to_keep,
        delete=str(config.get("delete", "no")).lower() in ("yes", "true", "1"),
    conda:
        ENVIRONMENT
    script:
        "../scripts/prune.py"
