# Train a model over the folds of its split, and score the clips that it did not learn from.
localrules:
    weights,


rule weights:
    output:
        **stage_outputs("weights"),
    log:
        stage_log("weights"),
    conda:
        ENVIRONMENT
    params:
        settings=settings_of("weights"),
        code=code_of("weights"),
    script:
        "../scripts/weights.py"


rule train:
    input:
        unpack(inputs_of("model")),
        tracking=ancient(TRACKING),
    output:
        model=stage_outputs("model")["model"],
        history=stage_outputs("model")["history"],
        folds=directory(stage_outputs("model")["folds"]),
    log:
        stage_log("model"),
    conda:
        ENVIRONMENT
    threads: lambda wildcards: plan.stage("model", wildcards.key).settings["training"]["threads"]
    resources:
        gpu=GPU,
    params:
        settings=settings_of("model"),
        code=code_of("model"),
        upstream=keys_of("model"),
    script:
        "../scripts/train.py"


rule predict:
    input:
        unpack(inputs_of("predictions")),
        tracking=ancient(TRACKING),
    output:
        **stage_outputs("predictions"),
    log:
        stage_log("predictions"),
    conda:
        ENVIRONMENT
    threads: lambda wildcards: plan.stage("predictions", wildcards.key).settings["threads"]
    resources:
        gpu=GPU,
    params:
        settings=settings_of("predictions"),
        code=code_of("predictions"),
        upstream=keys_of("predictions"),
    script:
        "../scripts/predict.py"


# One prediction table of several models of a modality.
rule ensemble:
    input:
        unpack(inputs_of("ensemble")),
        tracking=ancient(TRACKING),
    output:
        **stage_outputs("ensemble"),
    log:
        stage_log("ensemble"),
    conda:
        ENVIRONMENT
    params:
        settings=settings_of("ensemble"),
        code=code_of("ensemble"),
        upstream=keys_of("ensemble"),
    script:
        "../scripts/ensemble.py"
