# The audit of a paper's published tables. It reads only conf/, and no corpus or other stage.


localrules:
    audit,


rule audit:
    input:
        unpack(lambda wildcards: if_stale("results/reports/audit/findings.csv")),
    output:
        findings=report(
            "results/reports/audit/findings.csv",
            caption="../report/audit.rst",
            category="Audit",
            labels={"result": "Findings"},
        ),
        page=report(
            "results/reports/audit/report.html",
            caption="../report/audit.rst",
            category="Audit",
            labels={"result": "Page"},
        ),
    log:
        "results/logs/audit.log",
    conda:
        ENVIRONMENT
    message:
        "Audit the published tables"
    script:
        "../scripts/audit.py"
