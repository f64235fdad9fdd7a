# No parameter: where runs go changes no result, and what depends on this job would wait for another run of Snakemake.
# Makes the MLflow store ready before any tracked stage opens it: a fresh SQLite store breaks under several at once.
localrules:
    tracking,


rule tracking:
    output:
        store=TRACKING,
    log:
        "results/logs/tracking.log",
    conda:
        ENVIRONMENT
    message:
        "Make the tracking store ready"
    script:
        "../scripts/tracking.py"
