# What the models see of each clip, computed once for all models and seeds.
rule features:
    input:
        unpack(inputs_of("features")),
    output:
        **stage_outputs("features"),
    log:
        stage_log("features"),
    # before any training, and beside it
    priority: 1
    conda:
        ENVIRONMENT
    threads: FEATURE_THREADS
    params:
        settings=settings_of("features"),
        code=code_of("features"),
    script:
        "../scripts/features.py"
