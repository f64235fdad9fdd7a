# What the frozen blocks of a backbone make of each picture, computed once for all heads, seeds and folds.
rule activations:
    input:
        unpack(inputs_of("activations")),
    output:
        **stage_outputs("activations"),
    log:
        stage_log("activations"),
    # before any training, and beside it
    priority: 1
    conda:
        ENVIRONMENT
    threads: lambda wildcards: plan.stage("activations", wildcards.key).settings["threads"]
    resources:
        gpu=GPU,
    params:
        settings=settings_of("activations"),
        code=code_of("activations"),
    script:
        "../scripts/activations.py"
