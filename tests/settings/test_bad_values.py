"""What makes no sense is refused while planning, by a message that names the setting; what lies at an edge is not."""

import pytest

from emofusion.errors import EmofusionError


def test_a_bad_value_is_refused_and_named(planning, bad_value):
    experiment, first, override = bad_value
    with pytest.raises(EmofusionError) as refused:
        planning.cells(experiment, f"{first} {override}")
    assert override.partition("=")[0].lstrip("+~") in str(refused.value)
