"""What fusion rules share: pools, estimators, and which clips a rule learns from."""
