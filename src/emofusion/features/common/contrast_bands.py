"""The frequency bands of spectral contrast, in plain Python, so that planning can check them without numpy.

The numbers are those of librosa's `spectral_contrast`.
"""

from bisect import bisect_left, bisect_right
from itertools import pairwise
from math import ceil, log2
from typing import NamedTuple

LOWEST = 200.0  # Hz, the upper edge of the first band; librosa's default
_MOST_OCTAVES = 6  # librosa's default
_QUANTILE = 0.02  # the share of a band that makes its peak, and its valley; librosa's default


class Band(NamedTuple):
    """The bins of a spectrum from `first` up to `stop`, of which the `averaged` largest make the band's peak."""

    first: int
    stop: int
    averaged: int

    @property
    def has_enough_bins(self) -> bool:
        return self.stop - self.first >= self.averaged


def octaves(sample_rate: int) -> int:
    """The number of octaves above `LOWEST`: six, or fewer where the highest would be above half the rate."""
    return max(1, min(_MOST_OCTAVES, ceil(log2(sample_rate / 2 / LOWEST))))


def bands(sample_rate: int, bins: int) -> list[Band]:
    """The band below `LOWEST` and those of the octaves above it, for spectra of `bins` from 0 Hz to half the rate."""
    highest = sample_rate / 2
    step = highest / (bins - 1)

    def frequency(number: int) -> float:
        return highest if number == bins - 1 else number * step

    edges = [0.0, *(LOWEST * 2.0**octave for octave in range(octaves(sample_rate) + 1))]
    result = []
    for number, (low, high) in enumerate(pairwise(edges)):
        is_lowest, is_highest = number == 0, number == len(edges) - 2
        # as in librosa, every band but the first begins one bin further down, and all but the highest leave out their
        # last bin, which still counts for the number of averaged bins
        first = bisect_left(range(bins), low, key=frequency) - (0 if is_lowest else 1)
        stop = bins if is_highest else bisect_right(range(bins), high, key=frequency)
        averaged = max(1, round(_QUANTILE * (stop - first)))
        result.append(Band(first, stop if is_highest else stop - 1, averaged))
    return result
