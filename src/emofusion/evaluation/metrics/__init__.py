"""Metrics of predictions, one in each module."""
