# What the models see of each clip, computed once for all models and seeds.
rule features:
    input:
        unpack(inputs_of("features")),
    output:
        record=record("features"),
    log:
        stage_log("features"),
    # before any training, and beside it
    priority: 1
    conda:
        ENVIRONMENT
    threads: FEATURE_THREADS
    params:
        modules=modules_of("features"),
    message:
        "Compute the features {wildcards.key}"
    script:
        "../scripts/features.py"


# What the frozen part of a network makes of each row, computed once for all heads, seeds and folds.
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
        gpu=GPU,
    params:
        modules=modules_of("feature_cache"),
    message:
        "Compute what frozen layers put out: {wildcards.key}"
    script:
        "../scripts/feature_cache.py"
