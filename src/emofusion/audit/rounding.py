"""Which counts of correct clips a printed accuracy can stand for: exact integer arithmetic, no floating point."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


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


def chance(values: Iterable[Decimal], clips: int, scale: int) -> float:
    """About how likely it is that as many arbitrary printed values all fit some number of clips up to `clips`.

    n clips give n + 1 of the scale · 10^decimals + 1 values that can be printed; summed over n, at most 1.
    """
    sizes = [scale * 10 ** -value.as_tuple().exponent + 1 for value in set(values)]
    total = 0.0
    for n in range(1, clips + 1):
        product = 1.0
        for size in sizes:
            product *= min(1.0, (n + 1) / size)
        total += product
        if total >= 1:
            return 1.0
    return total
