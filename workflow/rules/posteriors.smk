# Posteriors that were made elsewhere, in the form of our own predictions.
rule posteriors:
    input:
        unpack(inputs_of("posteriors")),
        tracking=ancient(TRACKING),
    output:
        **stage_outputs("posteriors"),
    log:
        stage_log("posteriors"),
    priority: READ_FIRST
    conda:
        ENVIRONMENT
    params:
        settings=settings_of("posteriors"),
        code=code_of("posteriors"),
        upstream=keys_of("posteriors"),
    script:
        "../scripts/posteriors.py"
