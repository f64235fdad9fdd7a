# What the frozen blocks of a backbone make of each picture, computed once for all heads, seeds and folds.
rule feature_cache:
    input:
        unpack(inputs_of("feature_cache")),
    output:
        **stage_outputs("feature_cache"),
    log:
        stage_log("feature_cache"),
    # before any training, and beside it
    priority: 1
    conda:
        ENVIRONMENT
    threads: lambda wildcards: plan.stage("feature_cache", wildcards.key).settings["threads"]
    resources:
        gpu=GPU,
    params:
        settings=settings_of("feature_cache"),
        code=code_of("feature_cache"),
    script:
        "../scripts/feature_cache.py"
