# Prepare the MLflow store before any tracked stage opens it: several jobs at once damage a new SQLite store. The rule has
# no parameters, because the place of the runs changes no result and must not make jobs run again.
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
