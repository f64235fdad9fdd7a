"""Reads the reports of all cells of one command; writes a table with one row a cell."""

from pathlib import Path

from emofusion.messages import clear_errors
from emofusion.reporting.cells import compare_cells

with clear_errors(snakemake.log[0]):
    tables = [Path(report) / "table1.csv" for report in snakemake.input.reports]
    compare_cells(snakemake.params.cells, tables).to_csv(snakemake.output.cells, index=False)
