"""The rounding of numbers, which is the same everywhere and follows the paper."""

from decimal import ROUND_HALF_UP, Decimal


def percentage(fraction: float, decimals: int = 2) -> str:
    """A share in percent without a sign, such as `90.63`.

    A half is rounded up, as in the paper (29 of 32 are 90.63 %), and not to the even digit. What is rounded to 0 has no
    sign.
    """
    return _rounded(Decimal(repr(float(fraction))) * 100, decimals)


def decimal(value: float, decimals: int = 2) -> str:
    """A number with this many decimals, such as `0.35`. A half is rounded up; what is rounded to 0 has no sign."""
    return _rounded(Decimal(repr(float(value))), decimals)


def _rounded(value: Decimal, decimals: int) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{abs(rounded) if rounded.is_zero() else rounded}"
