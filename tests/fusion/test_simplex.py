"""The grid of weights by hand."""

import numpy as np
import pytest

from emofusion.errors import EmofusionError
from emofusion.fusion.common.pools import simplex


def test_simplex_of_two_is_the_line_of_weights():
    grid = simplex(2, 100)
    np.testing.assert_array_equal(grid[:, 0], [i / 100 for i in range(101)])
    np.testing.assert_array_equal(grid[:, 1], [(100 - i) / 100 for i in range(101)])


def test_simplex_of_three_holds_every_composition_once():
    steps = 7
    expected = [[a / 7, b / 7, (7 - a - b) / 7] for a in range(steps + 1) for b in range(steps + 1 - a)]
    np.testing.assert_array_equal(simplex(3, steps), expected)
    assert simplex(1, 5).tolist() == [[1.0]]


@pytest.mark.parametrize("modalities, steps", [(2, 0), (2, -3), (2, 0.5), (5, 100)])
def test_steps_that_give_no_grid(modalities, steps):
    with pytest.raises(EmofusionError, match=r"fusion\.steps="):
        simplex(modalities, steps)
