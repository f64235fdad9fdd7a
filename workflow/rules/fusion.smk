# Fuse the stored predictions by all compared rules.


# The rules that do not use the configured weights, and the sweep over all weights. Cells with other weights share them.
rule fuse_rules:
    input:
        unpack(inputs_of("rules")),
    output:
        record=record("rules"),
    log:
        stage_log("rules"),
    conda:
        ENVIRONMENT
    resources:
        **needs_of("rules"),
    params:
        modules=modules_of("rules"),
    message:
        "Fuse by the rules with weights of their own: {wildcards.key}"
    script:
        "../scripts/fuse_rules.py"


# The configured rule, evaluated together with all others: intervals, paired comparisons and gender gaps.
rule fuse:
    input:
        unpack(inputs_of("fusion")),
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
        "Fuse and evaluate: {wildcards.key}"
    script:
        "../scripts/fuse.py"
