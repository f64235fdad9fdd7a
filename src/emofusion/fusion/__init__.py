"""Late fusion: each module has one or several related rules, and `common` has what rules share."""
