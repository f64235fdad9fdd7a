"""Loops over frames of sound, compiled by numba on import: import them through `emofusion.features.common.sound.compiled`.

Each takes frames as the rows of its first argument. They are the inner loops of `descriptors`, which says what for.
"""

import numpy as np
from numba import guvectorize

_TINY = np.finfo(np.float64).tiny


@guvectorize(["void(float32[:], float32[:], int64, float64, float64[:])"], "(n),(m),(),()->()", cache=True)
def yin_period(samples, correlation, shortest, threshold, period):
    """Steps 2 to 5 of YIN: `(samples)`, its autocorrelation `(lags 0 to the longest)` → period in samples, float64.

    `threshold` is that of step 4. Sums are single precision and in librosa's order.
    """
    longest = len(correlation) - 1
    normalised = np.empty(longest + 1 - shortest, np.float64)
    energy = samples[0] * samples[0]
    # librosa's lag 1 misses this energy: lag 0 is set to 0 before lag 1 is computed from the same array
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
    for at in range(last + 1):
        here = normalised[at]
        falls = at == 0 or here < normalised[at - 1]
        rises = here < normalised[1] if at == 0 else at == last or here <= normalised[at + 1]
        if here < threshold and falls and rises:
            best = at
            break
        if here < normalised[best]:
            best = at

    shift = 0.0
    if 0 < best < last:
        curvature = normalised[best + 1] + normalised[best - 1] - 2 * normalised[best]
        slope = (normalised[best + 1] - normalised[best - 1]) / 2
        if abs(slope) < abs(curvature):
            shift = -slope / curvature
    period[0] = shortest + best + shift


@guvectorize(
    ["void(float32[:], int64[:], int64[:], int64[:], float64[:], float64[:])"], "(n),(b),(b),(b)->(b),(b)", cache=True
)
def valleys_and_peaks(spectrum, first, stop, few, valleys, peaks):
    """The mean of the `few` smallest and of the `few` largest values of each band from bin `first` up to `stop`."""
    for band in range(len(first)):
        smallest = np.full(few[band], np.inf)
        largest = np.full(few[band], -np.inf)
        for number in range(first[band], stop[band]):
            value = spectrum[number]
            if value < smallest[-1]:
                place = few[band] - 1
                while place > 0 and smallest[place - 1] > value:
                    smallest[place] = smallest[place - 1]
                    place -= 1
                smallest[place] = value
            if value > largest[-1]:
                place = few[band] - 1
                while place > 0 and largest[place - 1] < value:
                    largest[place] = largest[place - 1]
                    place -= 1
                largest[place] = value
        valleys[band] = smallest.mean()
        peaks[band] = largest.mean()


@guvectorize(["void(float32[:], float64, float64[:])"], "(n),()->()", cache=True)
def flatness(power, least, result):
    """Geometric over arithmetic mean of a power spectrum, values below `least` raised to it.

    The logarithm is taken of products of sixteen values, which double precision holds.
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
