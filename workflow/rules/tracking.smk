# Make the MLflow store ready, and send what earlier commands could not send. Without an output it runs whenever a command
# asks for it.
localrules:
    tracking,


rule tracking:
    log:
        "results/logs/tracking.log",
    conda:
        ENVIRONMENT
    message:
        "Send what is not sent yet to the tracking store"
    script:
        "../scripts/tracking.py"
