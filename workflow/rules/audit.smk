# What a paper's published tables imply. It reads conf/ alone: no corpus, no other stage.


localrules:
    audit,


rule audit:
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
    params:
        published=published_tables(),
        code=code_fingerprint("emofusion.audit"),
    script:
        "../scripts/audit.py"
