"""The report of an experiment: tables, figures, the page, and the last lines that a run prints.

`collect.collect` reads the tables that a report is made from. `report.write_report` writes the report.
`publish.publish` copies it into its published folder. `cells.write_cells` compares the cells of one command.
`headline.headline` states the main result. This module imports nothing, so that the import of the headline is fast.
"""
