"""The grid of weights by hand."""

import numpy as np
import pytest

from emofusion.errors import EmofusionError
from emofusion.predictions.pools import simplex
from emofusion.settings.experiment import Fusion
from emofusion.settings.fields import check


def test_simplex_of_two_is_the_line_of_weights():
    grid = simplex(2, 100)
    np.testing.assert_array_equal(grid[:, 0], [i / 100 for i in range(101)])
    np.testing.assert_array_equal(grid[:, 1], [(100 - i) / 100 for i in range(101)])


def test_simplex_of_three_holds_every_composition_once():
    steps = 7
    expected = [[a / 7, b / 7, (7 - a - b) / 7] for a in range(steps + 1) for b in range(steps + 1 - a)]
    np.testing.assert_array_equal(simplex(3, steps), expected)
    assert simplex(1, 5).tolist() == [[1.0]]


def test_more_weights_than_can_be_compared_are_refused():
    with pytest.raises(EmofusionError, match=r"fusion\.steps=100 gives 4,598,126 settings of 5 weights"):
        simplex(5, 100)


@pytest.mark.parametrize("steps", [0, -3, 0.5, 100_000_000])
def test_steps_that_give_no_grid(steps):
    with pytest.raises(EmofusionError, match=r"fusion\.steps=.*from 1 to"):
        check(Fusion(steps=steps), "fusion")
