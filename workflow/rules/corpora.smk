# From recordings to tables: generate or download missing files, list the clips, and split them.
localrules:
    download,
    weights,


rule generated:
    input:
        unpack(inputs_of("generated")),
    output:
        record=record("generated"),
    log:
        stage_log("generated"),
    priority: READ_FIRST
    conda:
        ENVIRONMENT
    resources:
        **needs_of("generated"),
    params:
        kind="generated",
    message:
        "Generate {wildcards.key}"
    script:
        "../scripts/prepare.py"


rule download:
    input:
        unpack(inputs_of("download")),
    output:
        record=record("download"),
    log:
        stage_log("download"),
    priority: READ_FIRST
    conda:
        ENVIRONMENT
    resources:
        **needs_of("download"),
    params:
        kind="download",
    message:
        "Fetch {wildcards.key}"
    script:
        "../scripts/prepare.py"


# Prepare the initial weights of a network: download them, read them from a file, or draw them at random.
rule weights:
    input:
        unpack(inputs_of("weights")),
    output:
        record=record("weights"),
    log:
        stage_log("weights"),
    conda:
        ENVIRONMENT
    resources:
        **needs_of("weights"),
    params:
        kind="weights",
    message:
        "Prepare the weights {wildcards.key}"
    script:
        "../scripts/prepare.py"


# Make the tables of posteriors that a corpus brings, such as the votes of its raters.
rule tables:
    input:
        unpack(inputs_of("tables")),
    output:
        record=record("tables"),
    log:
        stage_log("tables"),
    priority: READ_FIRST
    conda:
        ENVIRONMENT
    resources:
        **needs_of("tables"),
    params:
        kind="tables",
    message:
        "Make the tables {wildcards.key}"
    script:
        "../scripts/prepare.py"


rule corpus:
    input:
        unpack(inputs_of("corpus")),
    output:
        record=record("corpus"),
    log:
        stage_log("corpus"),
    priority: READ_FIRST
    conda:
        ENVIRONMENT
    resources:
        **needs_of("corpus"),
    params:
        modules=modules_of("corpus"),
    message:
        "Read the corpus {wildcards.key}"
    script:
        "../scripts/corpus.py"


rule split:
    input:
        unpack(inputs_of("split")),
    output:
        record=record("split"),
    log:
        stage_log("split"),
    priority: READ_FIRST
    conda:
        ENVIRONMENT
    resources:
        **needs_of("split"),
    params:
        modules=modules_of("split"),
    message:
        "Split the clips: {wildcards.key}"
    script:
        "../scripts/split.py"


# Check that all groups can be reported, as soon as the clips are known. A name without values stops here, before anything
# is computed or trained.
rule groups:
    input:
        unpack(inputs_of("groups")),
    output:
        record=record("groups"),
    log:
        stage_log("groups"),
    priority: READ_FIRST
    conda:
        ENVIRONMENT
    resources:
        **needs_of("groups"),
    params:
        modules=modules_of("groups"),
    message:
        "Read the groups: {wildcards.key}"
    script:
        "../scripts/groups.py"
