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
        facts=f"results/reports/{PUBLISHED_IN}/grid.json",
    log:
        "results/logs/compare.log",
    conda:
        ENVIRONMENT
    message:
        "Compare the cells of {PUBLISHED_IN}"
    script:
        "../scripts/compare.py"
