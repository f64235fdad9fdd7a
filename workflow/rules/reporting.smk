# Write reports under their keys, and publish the reports of the present command in results/reports/.
localrules:
    publish,
    compare,


rule report:
    input:
        unpack(inputs_of("report")),
        tracking=ancient(TRACKING),
    output:
        record=record("report"),
    log:
        stage_log("report"),
    conda:
        ENVIRONMENT
    resources:
        **needs_of("report"),
    params:
        modules=modules_of("report"),
    message:
        "Write the report {wildcards.key}"
    script:
        "../scripts/report.py"


rule publish:
    input:
        unpack(report_of_place),
    output:
        provenance="results/reports/{place}/provenance.json",
        table1=captioned("table1.csv", "table1", "Table 1: accuracy by emotion"),
        table2=captioned("table2.csv", "table2", "Table 2: accuracy by emotion and gender"),
        comparison=captioned("comparison.csv", "comparison", "Networks: size, time, losses and their gap"),
        page=captioned("report.html", "page", "The report's page, with a slider for the weight"),
        rules=captioned("rules.csv", "rules", "Fusion rules: all metrics with intervals"),
        gender=captioned("gender.csv", "gender", "Gender gaps of every rule"),
        sweep=captioned("sweep.csv", "sweep", "Accuracy against weight, all numbers"),
        compared=[f"results/reports/{{place}}/{name}.csv" for name in COMPARED],
        sweep_figure=captioned("sweep.png", "sweep", "Accuracy against weight"),
        confusions=[
            captioned(f"confusion_{member}.png", "confusion", f"Confusion: {member}")
            for member in [*MODALITIES, "fusion"]
        ],
        curves=[captioned(f"curves_{name}.png", "curves", f"Training curves: {name}") for name in TRAINED],
        markdown=multiext("results/reports/{place}/", "table1.md", "table2.md", "summary.md"),
    log:
        "results/logs/publish/{place}.log",
    wildcard_constraints:
        place=f"{EXPERIMENT}(/[^/]+)?",
    conda:
        ENVIRONMENT
    message:
        "Publish results/reports/{wildcards.place}"
    script:
        "../scripts/publish.py"


rule compare:
    input:
        unpack(reports_of_all),
    output:
        cells=report(
            f"results/reports/{EXPERIMENT}/cells.csv",
            caption="../report/cells.rst",
            category=EXPERIMENT,
            labels={"result": "All cells"},
        ),
        pairs=report(
            f"results/reports/{EXPERIMENT}/cells_pairs.csv",
            caption="../report/cells_pairs.rst",
            category=EXPERIMENT,
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
