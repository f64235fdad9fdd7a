"""The corpora: each kind reads one corpus in the layout in which it is distributed."""
