# Write the report of each cell under its key, and publish it in results/reports/.
rule report:
    input:
        unpack(inputs_of_report),
    output:
        **PUBLISHED_FILES,
    log:
        "results/logs/report/{place}.log",
    wildcard_constraints:
        place=f"{re.escape(PUBLISHED_IN)}(/[^/]+)?",
    conda:
        ENVIRONMENT
    resources:
        **needs_of("report"),
    params:
        modules=modules_of_report,
    message:
        "Write and publish results/reports/{wildcards.place}"
    script:
        "../scripts/report.py"


rule compare:
    input:
        unpack(reports_of_all),
    output:
        cells=report(
            f"results/reports/{PUBLISHED_IN}/cells.csv",
            caption="../report/cells.rst",
            category=PUBLISHED_IN,
            labels={"result": "All cells"},
        ),
        pairs=report(
            f"results/reports/{PUBLISHED_IN}/cells_pairs.csv",
            caption="../report/cells_pairs.rst",
            category=PUBLISHED_IN,
            labels={"result": "All pairs of cells"},
        ),
    log:
        "results/logs/compare.log",
    conda:
        ENVIRONMENT
    message:
        "Compare the cells"
    script:
        "../scripts/compare.py"
