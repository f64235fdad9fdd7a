"""The rounding of shares, which is the same everywhere and follows the paper."""

from decimal import ROUND_HALF_UP, Decimal


def percentage(fraction: float, decimals: int = 2) -> str:
    """A share in percent without a sign, such as `90.63`.

    A half is rounded up, as in the paper (29 of 32 are 90.63 %), and not to the even digit.
    """
    step = Decimal(1).scaleb(-decimals)
    return f"{(Decimal(repr(float(fraction))) * 100).quantize(step, ROUND_HALF_UP)}"
