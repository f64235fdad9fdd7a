"""The report of an experiment, and what is shown of it: tables, figures, pages, and the lines that end a run.

`report.write_report` writes a report, `collect.collect` reads what it is made from, `publish.publish` copies it to
where people look for it, `cells.write_cells` compares the cells of one command, `headline.headline` says what was
found. This package imports nothing by itself, so that the headline is quick to import.
"""
