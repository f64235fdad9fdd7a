"""Figures of predictions: a metric a module."""
