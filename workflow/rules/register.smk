# Register the fused model of the experiment in MLflow's registry, so that `emofusion score` can use it:
#
#   snakemake --cores 2 register --config experiment=demo
localrules:
    register,


rule register:
    input:
        published_reports,
        deployed_models,
    log:
        "results/logs/register.log",
    conda:
        ENVIRONMENT
    message:
        "Register the model of {PUBLISHED_IN}"
    script:
        "../scripts/register.py"
