"""The summary of a grid: tables, figures and one page."""
