"""Late fusion: a rule a module, what rules share in `common`."""
