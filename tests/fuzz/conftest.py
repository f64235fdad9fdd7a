"""How long the tests with drawn input take: about a minute in all, or EMOFUSION_FUZZ times as long.

The same input is drawn in each run, so that a commit that has nothing to do with it does not fail by chance. With
`EMOFUSION_FUZZ=60` it is sixty times as much, which takes an hour, and another in each run.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TIMES = float(os.environ.get("EMOFUSION_FUZZ", "1"))

settings.register_profile(
    "emofusion",
    max_examples=round(300 * TIMES),
    derandomize=TIMES == 1,
    deadline=None,  # machines are busy, and a slow example is no fault
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    print_blob=True,
)
settings.load_profile("emofusion")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if TIMES > 1 and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One folder for all examples of a test: each writes its files anew."""
    return tmp_path_factory.mktemp("drawn")
