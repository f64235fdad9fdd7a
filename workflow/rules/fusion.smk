# Fuse the stored predictions by all compared rules, in one job.
rule fuse:
    input:
        unpack(inputs_of("fusion")),
        tracking=ancient(TRACKING),
    output:
        record=record("fusion"),
    log:
        stage_log("fusion"),
    conda:
        ENVIRONMENT
    resources:
        **needs_of("fusion"),
    params:
        modules=modules_of("fusion"),
    message:
        "Fuse: {wildcards.key}"
    script:
        "../scripts/fuse.py"


# Evaluate every rule and modality: intervals, paired comparisons, gender gaps, and accuracy for every weight.
rule evaluate:
    input:
        unpack(inputs_of("evaluation")),
        tracking=ancient(TRACKING),
    output:
        record=record("evaluation"),
    log:
        stage_log("evaluation"),
    conda:
        ENVIRONMENT
    resources:
        **needs_of("evaluation"),
    params:
        modules=modules_of("evaluation"),
    message:
        "Evaluate: {wildcards.key}"
    script:
        "../scripts/evaluate.py"
