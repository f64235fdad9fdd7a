# List or delete the results that no experiment on the command line needs:
#
#   snakemake --cores 1 prune --config experiment=demo,posteriors             # list them
#   snakemake --cores 1 prune --config experiment=demo,posteriors delete=yes  # delete them


localrules:
    prune,


rule prune:
    log:
        "results/logs/prune.log",
    conda:
        ENVIRONMENT
    params:
        plans=plans_to_keep,
        delete=DELETES,
    message:
        "Look for results that no experiment needs"
    script:
        "../scripts/prune.py"
