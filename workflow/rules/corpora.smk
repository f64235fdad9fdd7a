# From recordings to tables: generate or download what is not there, list the clips, split them.
localrules:
    download,


# A file that cannot be read is found before anything else is begun.
READ_FIRST = 2


rule demo:
    output:
        corpus=directory(stage_outputs("demo")["corpus"]),
    log:
        stage_log("demo"),
    priority: READ_FIRST
    conda:
        ENVIRONMENT
    params:
        settings=settings_of("demo"),
        code=code_of("demo"),
    script:
        "../scripts/demo.py"


rule download:
    output:
        **stage_outputs("download"),
    log:
        stage_log("download"),
    priority: READ_FIRST
    conda:
        ENVIRONMENT
    params:
        settings=settings_of("download"),
        code=code_of("download"),
    script:
        "../scripts/download.py"


rule corpus:
    input:
        unpack(inputs_of("corpus")),
    output:
        **stage_outputs("corpus"),
    log:
        stage_log("corpus"),
    priority: READ_FIRST
    conda:
        ENVIRONMENT
    params:
        settings=settings_of("corpus"),
        code=code_of("corpus"),
    script:
        "../scripts/corpus.py"


rule split:
    input:
        unpack(inputs_of("split")),
    output:
        **stage_outputs("split"),
    log:
        stage_log("split"),
    conda:
        ENVIRONMENT
    params:
        settings=settings_of("split"),
        code=code_of("split"),
    script:
        "../scripts/split.py"
