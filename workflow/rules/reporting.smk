# Reports under their keys, and the current command's reports where people look for them.


localrules:
    publish,
    compare,


rule report:
    input:
        unpack(inputs_of("report")),
        tracking=ancient(TRACKING),
    output:
        report=directory(stage_outputs("report")["report"]),
    log:
        stage_log("report"),
    conda:
        ENVIRONMENT
    params:
        settings=settings_of("report"),
        code=code_of("report"),
        upstream=keys_of("report"),
    script:
        "../scripts/report.py"


rule publish:
    input:
        report=lambda wildcards: CELLS[wildcards.place].report.outputs[0],
    output:
        provenance="results/reports/{place}/provenance.json",
        table1=report(
            "results/reports/{place}/table1.csv",
            caption="../report/table1.rst",
            category="{place}",
            labels={"result": "Table 1: accuracy by emotion"},
        ),
        table2=report(
            "results/reports/{place}/table2.csv",
            caption="../report/table2.rst",
            category="{place}",
            labels={"result": "Table 2: accuracy by emotion and gender"},
        ),
        comparison=report(
            "results/reports/{place}/comparison.csv",
            caption="../report/comparison.rst",
            category="{place}",
            labels={"result": "Networks: size, time, losses, their gap"},
        ),
        page=report(
            "results/reports/{place}/report.html",
            caption="../report/page.rst",
            category="{place}",
            labels={"result": "The report's page: move the weight and watch"},
        ),
        rules=report(
            "results/reports/{place}/rules.csv",
            caption="../report/rules.rst",
            category="{place}",
            labels={"result": "Rules of fusion: every figure with its interval"},
        ),
        gender=report(
            "results/reports/{place}/gender.csv",
            caption="../report/gender.rst",
            category="{place}",
            labels={"result": "Gender gaps of every rule"},
        ),
        sweep=report(
            "results/reports/{place}/sweep.csv",
            caption="../report/sweep.rst",
            category="{place}",
            labels={"result": "Accuracy against weight, all figures"},
        ),
        compared=[f"results/reports/{{place}}/{name}.csv" for name in COMPARED],
        sweep_figure=report(
            "results/reports/{place}/sweep.png",
            caption="../report/sweep.rst",
            category="{place}",
            labels={"result": "Accuracy against weight"},
        ),
        confusions=[
            report(
                f"results/reports/{{place}}/confusion_{member}.png",
                caption="../report/confusion.rst",
                category="{place}",
                labels={"result": f"Confusion: {member}"},
            )
            for member in MEMBERS
        ],
        curves=[
            report(
                f"results/reports/{{place}}/curves_{modality}.png",
                caption="../report/curves.rst",
                category="{place}",
                labels={"result": f"Training curves: {modality}"},
            )
            for modality in TRAINED
        ],
        markdown=multiext("results/reports/{place}/", "table1.md", "table2.md", "summary.md"),
    log:
        "results/logs/publish/{place}.log",
    wildcard_constraints:
        place="|".join(map(re.escape, CELLS)),
    conda:
        ENVIRONMENT
    params:
        provenance=provenance_of,
    script:
        "../scripts/publish.py"


rule compare:
    input:
        reports=[cell.report.outputs[0] for cell in plan.cells],
        fused=[cell.report.inputs["fusion"].outputs[0] for cell in plan.cells],
    output:
        cells=report(
            f"results/reports/{plan.experiment}/cells.csv",
            caption="../report/cells.rst",
            category=plan.experiment,
            labels={"result": "All cells"},
        ),
        pairs=report(
            f"results/reports/{plan.experiment}/cells_pairs.csv",
            caption="../report/cells_pairs.rst",
            category=plan.experiment,
            labels={"result": "All cells, two by two"},
        ),
    log:
        "results/logs/compare.log",
    conda:
        ENVIRONMENT
    params:
        cells=[
            {
                "name": Path(cell.place).name,
                "report": cell.report.key,
                "overrides": dict(override.split("=", 1) for override in cell.overrides),
            }
            for cell in plan.cells
        ],
        evaluation=plan.cells[0].settings["evaluation"],
        code=code_fingerprint("emofusion.evaluation.cells", "emofusion.reporting.cells"),
    script:
        "../scripts/compare.py"
