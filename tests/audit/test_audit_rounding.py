"""Which counts a printed value can stand for, against a plain search with decimal's own rounding."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from emofusion.audit.rounding import chance, neighbours, numerators, rounded


@pytest.mark.parametrize(("scale", "decimals"), [(100, 2), (100, 1), (100, 0), (1, 3), (1, 2)])
def test_numerators_are_those_that_round_to_the_printed_value(scale, decimals):
    step = Decimal(1).scaleb(-decimals)
    for clips in (*range(1, 42), 64, 72):
        made = {}
        for k in range(clips + 1):
            exact = Decimal(k * scale) / Decimal(clips)
            for mode in (ROUND_HALF_UP, ROUND_HALF_EVEN):
                made.setdefault(exact.quantize(step, mode), set()).add(k)
        for value, counts in made.items():
            assert set(numerators(value, clips, scale)) == counts, (value, clips)
        for units in range(0, scale * 10**decimals + 1, 7):
            value = Decimal(units).scaleb(-decimals)
            assert set(numerators(value, clips, scale)) == made.get(value, set())


def test_a_half_may_go_up_or_to_even():
    # 29 of 32 are 90.625 %, 25 of 32 are 78.125 %
    assert list(numerators(Decimal("90.63"), 32, 100)) == [29] and list(numerators(Decimal("90.62"), 32, 100)) == [29]
    assert list(numerators(Decimal("78.13"), 32, 100)) == [25] and list(numerators(Decimal("78.12"), 32, 100)) == [25]
    assert rounded(Fraction(29, 32), 2, 100) == Decimal("90.63")


def test_trailing_zeros_count():
    assert not numerators(Decimal("33.00"), 3, 100) and list(numerators(Decimal("33"), 3, 100)) == [1]


def test_neighbours_of_what_cannot_be():
    assert neighbours(Decimal("10.35"), 40, 100) == [4, 5]
    assert neighbours(Decimal("58.63"), 72, 100) == [42, 43]
    assert neighbours(Decimal("100.00"), 40, 100) == [40]


def test_chance_of_fitting_any_number():
    assert chance(1, 1, 9, 10) == 1.0
    # one value of 1,001: n clips give n + 1 of them
    assert chance(1, 1, 3, 1001) == pytest.approx((2 + 3 + 4) / 1001)
    assert chance(2, 2, 2, 1001) == pytest.approx((4 + 9) / 1001**2)
