"""Statistics of a grid: means over seeds, variance, tests against a baseline, effects of factors, interactions."""
