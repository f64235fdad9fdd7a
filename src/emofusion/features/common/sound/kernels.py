"""The inner loops of `descriptors`, compiled by numba on import.

Import them through `emofusion.features.common.sound.compiled`. The first argument of each holds one frame, or its
spectrum; numba repeats the loop for every row of an array.
"""

import numpy as np
from numba import guvectorize

from emofusion.features.common.arrays import Array

_TINY = np.finfo(np.float64).tiny


@guvectorize(  # type: ignore[no-untyped-call, untyped-decorator]
    ["void(float32[:], float32[:], int64, float64, float64[:])"], "(n),(m),(),()->()", cache=True
)
def yin_period(samples: Array, correlation: Array, shortest: int, threshold: float, period: Array) -> None:
    """Steps 2 to 5 of YIN for one frame; writes the period in samples.

    samples: the frame. correlation: its autocorrelation at the lags from 0 to the longest. shortest: the shortest lag
    that may be chosen. threshold: that of step 4. Sums are in single precision and in librosa's order.
    """
    longest = len(correlation) - 1
    normalised = np.empty(longest + 1 - shortest, np.float64)
    energy = samples[0] * samples[0]
    # librosa leaves this energy out at lag 1: it sets lag 0 to 0 before it computes lag 1 from the same array
    difference = np.float32(2) * (correlation[0] - correlation[1])
    total = difference
    for lag in range(1, longest + 1):
        if lag > 1:
            difference = np.float32(2) * (correlation[0] - correlation[lag]) - energy
            total += difference
        energy += samples[lag] * samples[lag]
        if lag >= shortest:
            normalised[lag - shortest] = difference / (total / np.float64(lag) + _TINY)

    last, best = len(normalised) - 1, 0
    for index in range(last + 1):
        value = normalised[index]
        falls = index == 0 or value < normalised[index - 1]
        rises = value < normalised[1] if index == 0 else index == last or value <= normalised[index + 1]
        if value < threshold and falls and rises:
            best = index
            break
        if value < normalised[best]:
            best = index

    shift = 0.0
    if 0 < best < last:
        curvature = normalised[best + 1] + normalised[best - 1] - 2 * normalised[best]
        slope = (normalised[best + 1] - normalised[best - 1]) / 2
        if abs(slope) < abs(curvature):
            shift = -slope / curvature
    period[0] = shortest + best + shift


@guvectorize(  # type: ignore[no-untyped-call, untyped-decorator]
    ["void(float32[:], int64[:], int64[:], int64[:], float64[:], float64[:])"], "(n),(b),(b),(b)->(b),(b)", cache=True
)
def valleys_and_peaks(
    spectrum: Array, first: Array, stop: Array, averaged: Array, valleys: Array, peaks: Array
) -> None:
    """Write the mean of the smallest and of the largest values of each band of a spectrum.

    A band reaches from the bin `first` up to `stop`; so many of its values are `averaged`.
    """
    for band in range(len(first)):
        smallest = np.full(averaged[band], np.inf)
        largest = np.full(averaged[band], -np.inf)
        for number in range(first[band], stop[band]):
            value = spectrum[number]
            if value < smallest[-1]:
                position = averaged[band] - 1
                while position > 0 and smallest[position - 1] > value:
                    smallest[position] = smallest[position - 1]
                    position -= 1
                smallest[position] = value
            if value > largest[-1]:
                position = averaged[band] - 1
                while position > 0 and largest[position - 1] < value:
                    largest[position] = largest[position - 1]
                    position -= 1
                largest[position] = value
        valleys[band] = smallest.mean()
        peaks[band] = largest.mean()


@guvectorize(["void(float32[:], float64, float64[:])"], "(n),()->()", cache=True)  # type: ignore[no-untyped-call, untyped-decorator]
def flatness(power: Array, least: float, result: Array) -> None:
    """Write the geometric mean of a power spectrum over its arithmetic mean; values below `least` are raised to it.

    The logarithm is taken of products of sixteen values, which double precision can hold.
    """
    logarithms, total, product = 0.0, 0.0, 1.0
    for number in range(len(power)):
        value = max(np.float64(power[number]), least)
        total += value
        product *= value
        if number % 16 == 15:
            logarithms += np.log(product)
            product = 1.0
    logarithms += np.log(product)
    result[0] = np.exp(logarithms / len(power)) / (total / len(power))
