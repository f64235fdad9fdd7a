# Fuse the cached predictions by every rule that is compared, in one job.
rule fuse:
    input:
        unpack(inputs_of("fusion")),
        tracking=ancient(TRACKING),
    output:
        **stage_outputs("fusion"),
    log:
        stage_log("fusion"),
    conda:
        ENVIRONMENT
    params:
        settings=settings_of("fusion"),
        code=code_of("fusion"),
        upstream=keys_of("fusion"),
    script:
        "../scripts/fuse.py"
