"""What the summary of a grid says of main effects: all of few, and of many those that differ from 0."""

from types import SimpleNamespace

import pandas as pd
import pytest

from emofusion.reporting.grid.facts import _effects
from emofusion.settings.experiment import Evaluation

GRID = SimpleNamespace(evaluation=Evaluation())
BASIS = "from 0 in accuracy (adjusted by max-T, 95% intervals of all effects together)"


def told(factors, differences, p):
    """The sentences on main effects; the levels of a factor are a, b, …"""
    table = pd.DataFrame({"factor": list(factors), "difference": differences, "p_max_t": p})
    table["level"] = [chr(ord("a") + n) for n in table.groupby("factor").cumcount()]
    ends = {"simultaneous_low": table["difference"] - 0.01, "simultaneous_high": table["difference"] + 0.01}
    table = table.assign(measure="accuracy", reference="base", **ends)
    other = table.assign(measure="unweighted_average_recall", difference=1.0)
    return _effects(GRID, SimpleNamespace(effects=pd.concat([table, other], ignore_index=True)))


def test_few_effects_are_all_told_in_the_order_of_the_command():
    assert told("xxy", [0.01, -0.2, 0.03], [0.4, 0.001, 0.05]) == [
        f"2 of 3 main effects differ {BASIS}: "
        "x=a instead of base: +1.00 points (0.00 to +2.00), p 0.4000; "
        "x=b instead of base: −20.00 points (−21.00 to −19.00), p 0.0010; "
        "y=a instead of base: +3.00 points (+2.00 to +4.00), p 0.0500."
    ]
    assert told("x", [0.01], [0.4]) == [
        f"0 of 1 main effect differs {BASIS}: x=a instead of base: +1.00 points (0.00 to +2.00), p 0.4000."
    ]


def test_of_many_the_first_that_differ_from_0_are_told_and_not_the_greatest():
    (sentence,) = told("xxxyy", [0.05, 0.01, 0.02, 0.03, 0.5], [0.9, 0.01, 0.02, 0.03, 0.001])
    assert sentence.startswith(f"4 of 5 main effects differ {BASIS}: x=b instead of base: +1.00 points (")
    assert [text in sentence for text in ("x=a", "x=c", "y=a", "y=b")] == [False, True, True, False]
    assert sentence.endswith("; 1 more in effects.csv.")
    assert told("xxxy", [0.05] * 4, [0.9] * 4) == [f"0 of 4 main effects differ {BASIS}."]


@pytest.mark.parametrize(("count", "sentences"), [(0, 0), (3, 1), (4, 0)])
def test_many_levels_of_one_factor_are_counted_as_settings_alone(count, sentences):
    assert len(told("x" * count, [0.1] * count, [0.01] * count)) == sentences
