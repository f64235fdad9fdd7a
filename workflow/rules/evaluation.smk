# Every rule and modality measured: intervals, paired comparisons, gender, and accuracy under every weight.
rule evaluate:
    input:
        unpack(inputs_of("evaluation")),
        tracking=ancient(TRACKING),
    output:
        evaluation=directory(stage_outputs("evaluation")["evaluation"]),
    log:
        stage_log("evaluation"),
    conda:
        ENVIRONMENT
    params:
        settings=settings_of("evaluation"),
        code=code_of("evaluation"),
        upstream=keys_of("evaluation"),
    script:
        "../scripts/evaluate.py"
