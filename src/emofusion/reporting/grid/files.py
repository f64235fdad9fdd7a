"""The names of the files of a grid's summary. The import of this module is fast."""

TABLES = ("settings", "cells", "effects", "interactions", "tests", "variance")
FIGURES = ("effects", "interactions", "curves")
PAGE = "grid.html"
MATRIX = "matrix.csv"  # only where cells report the group corpus
LEVELS = "levels.png"  # only where a factor's levels are numbers, as of a learning curve
SEEDS = "seeds.csv"  # only where a setting has several seeds
PAPER = {"table1": "first", "table2": "second"}  # .csv and .md, only where a setting has several seeds
SOMETIMES = (LEVELS, MATRIX, SEEDS, *(f"{name}.{kind}" for name in PAPER for kind in ("csv", "md")))
FACTS = "grid.json"  # what the end of a run says
FILES = (*(f"{name}.csv" for name in TABLES), *(f"{name}.png" for name in FIGURES), PAGE, FACTS)
