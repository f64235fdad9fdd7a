"""Reads reports and fused predictions of all cells of one command; writes a table of the cells, and of their pairs."""

from pathlib import Path

from emofusion.errors import clear_errors
from emofusion.evaluation.cells import compare_pairs
from emofusion.reporting.cells import BASIS, compare_cells, with_basis
from emofusion.tables import PREDICTIONS, read_table

with clear_errors(snakemake.log[0]):
    cells = snakemake.params.cells
    tables = [Path(report) / "table1.csv" for report in snakemake.input.reports]
    compared = compare_cells(cells, tables)
    compared.to_csv(snakemake.output.cells, index=False)
    fused = {
        cell["name"]: read_table(path, PREDICTIONS) for cell, path in zip(cells, snakemake.input.fused, strict=True)
    }
    pairs = compare_pairs(fused, snakemake.params.evaluation)
    if pairs.empty:
        print("no two cells were tested on the same clips: there is nothing to compare")
    rests_on = dict(zip(fused, compared[BASIS].to_dict("records"), strict=True))
    with_basis(pairs, rests_on).to_csv(snakemake.output.pairs, index=False)
