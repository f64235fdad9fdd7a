"""Numbers as the page shows them: each is a value of a table, rounded once, here."""

from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

MISSING = "–"


def hundredths(fraction: float) -> int | None:
    """A fraction in hundredths of a percent, rounded as `wording.percent` does; None for a missing one.

    The page's script holds these whole numbers, so that it shows what `percent` would and never rounds for itself.
    """
    if pd.isna(fraction):
        return None
    return int((Decimal(repr(float(fraction))) * 10000).quantize(Decimal(1), ROUND_HALF_UP))


def share(fraction: float, unit: str = "%") -> str:
    """Such as `90.63%`."""
    found = hundredths(fraction)
    return MISSING if found is None else f"{_decimal(found)}{unit}"


def level(confidence: float) -> str:
    """The level of intervals, such as `95%` or `97.5%`."""
    return f"{confidence * 100:g}%"


def points(fraction: float) -> str:
    """A difference of two shares in percentage points, with its sign, such as `+2.08` or `−4.17`."""
    found = hundredths(fraction)
    return MISSING if found is None else f"{'+' if found > 0 else ''}{_decimal(found)}"


def interval(low: float, high: float, shown=lambda fraction: share(fraction, "")) -> str:
    """Such as `83.10 to 90.02`; nothing where an end is missing."""
    return "" if pd.isna(low) or pd.isna(high) else f"{shown(low)} to {shown(high)}"


def number(value: float, places: int = 3) -> str:
    """A plain number with that many decimals, a half rounded up."""
    if pd.isna(value):
        return MISSING
    return f"{Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)}".replace("-", "−")


def probability(value: float) -> str:
    """A p-value with four decimals; what would show as 0 is said to be smaller."""
    return "<0.0001" if value < 0.00005 else number(value, 4)


def _decimal(found: int) -> str:
    return f"{'−' if found < 0 else ''}{abs(found) // 100}.{abs(found) % 100:02d}"
