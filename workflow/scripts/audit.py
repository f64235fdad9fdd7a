"""Reads a paper's published tables, from the configuration; writes what they imply, as a table and a page."""

from emofusion.audit import only_one, write_audit
from emofusion.errors import clear_errors

with clear_errors(snakemake.log[0]):
    write_audit(only_one(snakemake.params.published), snakemake.output.findings, snakemake.output.page)
