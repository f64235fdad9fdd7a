"""Numbers as text for pages. Each is a value of a table, and is rounded once, in this module."""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from emofusion.reporting.rounding import decimal

MISSING = "–"


def hundredths(fraction: float) -> int | None:
    """A fraction in hundredths of a percent, rounded like `wording.percent`; None where it is missing.

    The page's script gets these whole numbers, so that it shows the same text as `percent` without rounding.
    """
    if pd.isna(fraction):
        return None
    return int((Decimal(repr(float(fraction))) * 10000).quantize(Decimal(1), ROUND_HALF_UP))


def share(fraction: float, unit: str = "%") -> str:
    """A fraction as a percentage, such as `90.63%`."""
    value = hundredths(fraction)
    return MISSING if value is None else f"{_decimal(value)}{unit}"


def level(confidence: float) -> str:
    """The level of intervals, such as `95%` or `97.5%`."""
    return f"{confidence * 100:g}%"


def points(fraction: float) -> str:
    """A difference of two shares in percentage points, with its sign, such as `+2.08` or `−4.17`."""
    value = hundredths(fraction)
    return MISSING if value is None else f"{'+' if value > 0 else ''}{_decimal(value)}"


def bare_share(fraction: float) -> str:
    """A percentage without its sign, such as `90.63`."""
    return share(fraction, "")


def interval(low: float, high: float, shown: Callable[[float], str] = bare_share) -> str:
    """An interval, such as `83.10 to 90.02`; empty where an end is missing."""
    return "" if pd.isna(low) or pd.isna(high) else f"{shown(low)} to {shown(high)}"


def with_interval(values: Iterable[float], shown: Callable[[float], str], unit: str = "") -> str:
    """A value with its interval in brackets, where it has one: `82.43% [78.69%, 85.59%]`; a dash without a value.

    values: the value, and the low and high ends. shown: turns one number into text. unit: follows the value alone, such
    as ` points` in `−4.17 points [−8.33, +0.01]`.
    """
    value, low, high = values
    if pd.isna(value):
        return MISSING
    return shown(value) + unit + ("" if pd.isna(low) or pd.isna(high) else f" [{shown(low)}, {shown(high)}]")


def or_none(value: float) -> float | None:
    """The value; None where it is missing, because JSON has no NaN."""
    return None if pd.isna(value) else float(value)


def number(value: float, places: int = 3) -> str:
    """A plain number, rounded to this number of decimals; a half is rounded up."""
    if pd.isna(value):
        return MISSING
    return decimal(value, places).replace("-", "−")


def probability(value: float) -> str:
    """A p value with four decimals; `<0.0001` where this would be 0, and a dash where there is none."""
    return "<0.0001" if value < 0.00005 else number(value, 4)


def _decimal(value: int) -> str:
    """Hundredths as a decimal number, with a true minus sign."""
    return f"{'−' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"
