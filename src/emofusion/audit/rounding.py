"""Which counts of correct clips a printed accuracy can stand for: exact integer arithmetic, no floating point."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import comb


def numerators(printed: Decimal, clips: int, scale: int) -> range:
    """Every k for which k of `clips`, rounded to the decimals of `printed`, may have been printed so.

    A half may have been rounded up or to even: both are in use. `scale`: 100 for percent, 1 for fractions. Empty where
    the printed value is no fraction of so many clips.
    """
    digits = -printed.as_tuple().exponent
    units = int(printed.scaleb(digits))
    # k / clips · whole lies between units − ½ (included: a half goes up) and units + ½ (included for an even last
    # digit: a half goes to even)
    whole = scale * 10**digits
    low = -(-(2 * units - 1) * clips // (2 * whole))
    top = (2 * units + 1) * clips
    high = top // (2 * whole) if units % 2 == 0 else (top - 1) // (2 * whole)
    return range(max(low, 0), min(high, clips) + 1)


def rounded(share: Fraction, decimals: int, scale: int) -> Decimal:
    """A share (0–1) as it is printed: times `scale`, a half rounded up."""
    value = Decimal(share.numerator * scale) / Decimal(share.denominator)
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def neighbours(printed: Decimal, clips: int, scale: int) -> list[int]:
    """The counts of correct clips just below and just above a printed value, the nearer first."""
    exact = Fraction(printed) * clips / scale
    around = {min(max(k, 0), clips) for k in (exact.__floor__(), exact.__floor__() + 1)}
    return sorted(around, key=lambda k: (abs(k - exact), k))


def chance(values: int, fitting: int, clips: int, size: int) -> float:
    """About how likely it is that some number up to `clips` fits at least `fitting` of so many arbitrary values.

    n clips give n + 1 of the `size` values that can be printed; binomial, summed over n; at most 1.
    """
    total = 0.0
    for n in range(1, clips + 1):
        one = min(1.0, (n + 1) / size)
        total += sum(comb(values, k) * one**k * (1 - one) ** (values - k) for k in range(fitting, values + 1))
        if total >= 1:
            return 1.0
    return total
