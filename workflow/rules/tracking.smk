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
    params:
        tracking=config["tracking"],
    script:
        "../scripts/tracking.py"
