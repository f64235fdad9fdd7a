"""Find the numbers of correct clips that round to a printed accuracy, in exact integer arithmetic."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import comb


def numerators(printed: Decimal, clips: int, scale: int) -> range:
    """The numbers k of correct clips for which k / clips rounds to the printed value.

    A half may be rounded up or to even, because both are common.

    Args:
        printed: the printed accuracy.
        clips: the number of clips.
        scale: 100 for percent, 1 for fractions.

    Returns:
        A range; it is empty where the printed value is no rounded fraction of this number of clips.
    """
    digits = decimals_of(printed)
    units = int(printed.scaleb(digits))
    # The value k / clips · whole lies between units − ½ and units + ½. The lower end always counts: a half can be
    # rounded up to units. The upper end counts only where units is even: a half can then be rounded to even.
    whole = scale * 10**digits
    low = -(-(2 * units - 1) * clips // (2 * whole))
    top = (2 * units + 1) * clips
    high = top // (2 * whole) if units % 2 == 0 else (top - 1) // (2 * whole)
    return range(max(low, 0), min(high, clips) + 1)


def rounded(share: Fraction, decimals: int, scale: int) -> Decimal:
    """A share (0–1) times `scale`, rounded to this number of decimals; a half is rounded up."""
    value = Decimal(share.numerator * scale) / Decimal(share.denominator)
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def neighbours(printed: Decimal, clips: int, scale: int) -> list[int]:
    """The numbers of correct clips just below and just above a printed value, the nearer one first.

    scale: 100 for percent, 1 for fractions.
    """
    exact = Fraction(printed) * clips / scale
    around = {min(max(k, 0), clips) for k in (exact.__floor__(), exact.__floor__() + 1)}
    return sorted(around, key=lambda k: (abs(k - exact), k))


def decimals_of(printed: Decimal) -> int:
    """The number of decimals of a printed value."""
    exponent = printed.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0  # infinity and NaN have none


def chance(values: int, fitting: int, clips: int, size: int) -> float:
    """An upper bound, at most 1, of the probability that some number of clips explains arbitrary values by chance.

    With n clips, n + 1 of the `size` printable values are possible. The result is the sum over n = 1 … `clips` of the
    binomial probability that at least `fitting` of `values` arbitrary values are among the possible ones.

    Args:
        values: the number of printed values.
        fitting: how many of them are explained.
        clips: the largest number of clips.
        size: the number of different values that can be printed.
    """
    total = 0.0
    for n in range(1, clips + 1):
        p = min(1.0, (n + 1) / size)
        total += sum(comb(values, k) * p**k * (1 - p) ** (values - k) for k in range(fitting, values + 1))
        if total >= 1:
            return 1.0
    return total
