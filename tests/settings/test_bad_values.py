"""What makes no sense is refused while planning, by a message that names the setting; what lies at an edge is not."""

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan.make import plan_file


def test_a_bad_value_is_refused_and_named(planning, bad_value):
    experiment, first, override = bad_value
    with pytest.raises(EmofusionError) as refused:
        planning.cells(experiment, f"{first} {override}")
    assert override.partition("=")[0].lstrip("+~") in str(refused.value)


def test_a_value_at_an_edge_is_accepted(planning, good_value):
    experiment, first, override = good_value
    assert planning.cells(experiment, f"{first} {override}")


def test_nothing_is_written_where_planning_refuses(conf, tmp_path):
    with pytest.raises(EmofusionError, match=r"^speech\.network\.dropout=1\.5: from 0 to below 1$"):
        plan_file(conf, "demo", "speech.network.dropout=1.5", tmp_path / "results")
    assert not list(tmp_path.iterdir())
