# Predictions of each modality: from a trained model, from a table of posteriors, or averaged over several models.


# Train a model for all folds of its split.
rule train:
    input:
        unpack(inputs_of("model")),
    output:
        record=record("model"),
    log:
        stage_log("model"),
    conda:
        ENVIRONMENT
    threads: threads_of("model")
    resources:
        **needs_of("model"),
    params:
        modules=modules_of("model"),
    message:
        "Train {wildcards.key}"
    script:
        "../scripts/train.py"


# Score the clips that a model did not learn from.
rule predict:
    input:
        unpack(inputs_of("predictions")),
    output:
        record=record("predictions"),
    log:
        stage_log("predictions"),
    conda:
        ENVIRONMENT
    threads: threads_of("predictions")
    resources:
        **needs_of("predictions"),
    params:
        modules=modules_of("predictions"),
    message:
        "Score clips: {wildcards.key}"
    script:
        "../scripts/predict.py"


# Turn posteriors that were computed elsewhere into a prediction table.
rule posteriors:
    input:
        unpack(inputs_of("posteriors")),
    output:
        record=record("posteriors"),
    log:
        stage_log("posteriors"),
    priority: READ_FIRST
    conda:
        ENVIRONMENT
    resources:
        **needs_of("posteriors"),
    params:
        modules=modules_of("posteriors"),
    message:
        "Read posteriors: {wildcards.key}"
    script:
        "../scripts/posteriors.py"


# Average the predictions of several models of a modality.
rule ensemble:
    input:
        unpack(inputs_of("ensemble")),
    output:
        record=record("ensemble"),
    log:
        stage_log("ensemble"),
    conda:
        ENVIRONMENT
    resources:
        **needs_of("ensemble"),
    params:
        modules=modules_of("ensemble"),
    message:
        "Average {wildcards.key}"
    script:
        "../scripts/ensemble.py"
