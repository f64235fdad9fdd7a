"""Which counts of correct clips a printed accuracy can stand for, in exact integer arithmetic."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import comb


def numerators(printed: Decimal, clips: int, scale: int) -> range:
    """Every number k of correct clips, of all `clips`, that may have been printed as `printed`.

    A half may have been rounded up or to even, as both are in use. scale: 100 for percent, 1 for fractions. The range
    is empty where the printed value is no fraction of so many clips.
    """
    digits = decimals_of(printed)
    units = int(printed.scaleb(digits))
    # k / clips · whole lies from units − ½, which is rounded up to units, to units + ½, which is rounded to units only
    # where a half is rounded to even and the last digit of units is even
    whole = scale * 10**digits
    low = -(-(2 * units - 1) * clips // (2 * whole))
    top = (2 * units + 1) * clips
    high = top // (2 * whole) if units % 2 == 0 else (top - 1) // (2 * whole)
    return range(max(low, 0), min(high, clips) + 1)


def rounded(share: Fraction, decimals: int, scale: int) -> Decimal:
    """A share (0–1) as it is printed: times `scale`, with so many decimals, a half rounded up."""
    value = Decimal(share.numerator * scale) / Decimal(share.denominator)
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def neighbours(printed: Decimal, clips: int, scale: int) -> list[int]:
    """The counts of correct clips just below and just above a printed value, the nearer first."""
    exact = Fraction(printed) * clips / scale
    around = {min(max(k, 0), clips) for k in (exact.__floor__(), exact.__floor__() + 1)}
    return sorted(around, key=lambda k: (abs(k - exact), k))


def decimals_of(printed: Decimal) -> int:
    """How many decimals a printed value has."""
    exponent = printed.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0  # infinity and NaN have none


def chance(values: int, fitting: int, clips: int, size: int) -> float:
    """About how likely it is that some number of clips explains arbitrary values by chance.

    n clips make n + 1 of the `size` values that can be printed. The binomial probabilities that they include at least
    `fitting` of `values` arbitrary values are added up over n = 1 … `clips`; the sum is at most 1.
    """
    total = 0.0
    for n in range(1, clips + 1):
        p = min(1.0, (n + 1) / size)
        total += sum(comb(values, k) * p**k * (1 - p) ** (values - k) for k in range(fitting, values + 1))
        if total >= 1:
            return 1.0
    return total
