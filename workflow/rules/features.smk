# Add noise to recordings, or compress them.
rule distort:
    input:
        unpack(inputs_of("distorted")),
    output:
        record=record("distorted"),
    log:
        stage_log("distorted"),
    priority: 1
    conda:
        ENVIRONMENT
    threads: threads_of("features")
    resources:
        **needs_of("distorted"),
    params:
        modules=modules_of("distorted"),
    message:
        "Make recordings worse: {wildcards.key}"
    script:
        "../scripts/distort.py"


# Compute the features of each clip, once for all models and seeds.
rule features:
    input:
        unpack(inputs_of("features")),
    output:
        record=record("features"),
    log:
        stage_log("features"),
    # started before trainings, so that trainings have their inputs early
    priority: 1
    conda:
        ENVIRONMENT
    threads: threads_of("features")
    resources:
        **needs_of("features"),
    params:
        modules=modules_of("features"),
    message:
        "Compute the features {wildcards.key}"
    script:
        "../scripts/features.py"


# Compute the output of a network's frozen part for each row, once for all heads, seeds and folds.
rule feature_cache:
    input:
        unpack(inputs_of("feature_cache")),
    output:
        record=record("feature_cache"),
    log:
        stage_log("feature_cache"),
    priority: 1
    conda:
        ENVIRONMENT
    threads: threads_of("feature_cache")
    resources:
        **needs_of("feature_cache"),
    params:
        modules=modules_of("feature_cache"),
    message:
        "Compute the output of frozen layers: {wildcards.key}"
    script:
        "../scripts/feature_cache.py"
