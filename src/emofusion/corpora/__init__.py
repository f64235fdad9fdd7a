"""The corpora: each kind reads one corpus in the layout of its distribution."""
