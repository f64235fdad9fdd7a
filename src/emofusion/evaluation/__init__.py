"""Metrics with intervals, tests between systems, gaps between genders, and the sweep of weights."""
