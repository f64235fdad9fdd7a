"""Decode sound, pictures and video: what checks a corpus and what computes features use the same functions."""
