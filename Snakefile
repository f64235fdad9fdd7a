# This file opens the plan of the experiment, includes the rules, and names the targets. See README.md.
#
#   snakemake --cores 8 --config experiment=paper override="speech=cnn1d,lstm seed=range(0,5)"
from snakemake.utils import min_version

min_version("9.14")


report: "workflow/report/workflow.rst"


include: "workflow/rules/plan.smk"
include: "workflow/rules/currency.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/run.smk"
include: "workflow/rules/tracking.smk"
include: "workflow/rules/corpora.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/predictions.smk"
include: "workflow/rules/fusion.smk"
include: "workflow/rules/reporting.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/prune.smk"
include: "workflow/rules/register.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        published_reports,
