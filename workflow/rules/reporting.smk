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
        page=of_grid("grid.html", "grid", "The grid's page: filter, sort, move the weight"),
        settings=of_grid("settings.csv", "settings", "Settings, with means over seeds"),
        cells=of_grid("cells.csv", "cells", "All cells"),
        effects=of_grid("effects.csv", "effects", "Main effect of each factor"),
        interactions=of_grid("interactions.csv", "interactions", "Interactions of two factors"),
        tests=of_grid("tests.csv", "tests", "Tests against the baseline"),
        variance=of_grid("variance.csv", "variance", "Variance of seeds and actors"),
        effects_figure=of_grid("effects.png", "effects", "Main effects"),
        interactions_figure=of_grid("interactions.png", "interactions", "Interactions"),
        curves=of_grid("curves.png", "weight_curves", "Weight curves of the cells"),
        facts=f"results/reports/{EXPERIMENT}/grid.json",
    log:
        "results/logs/compare.log",
    conda:
        ENVIRONMENT
    message:
        "Compare the cells of {EXPERIMENT}"
    script:
        "../scripts/compare.py"
