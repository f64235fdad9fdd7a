"""Fixtures: planning as the workflow does it, without a file of the plan; and the tables of values."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from emofusion.plan.cells import plan_cells
from emofusion.plan.planner import Planner
from emofusion.settings.compose import Composer, Settings
from emofusion.settings.overrides import split_overrides


@pytest.fixture(scope="session")
def conf(repository):
    return repository / "conf"


class Planning:
    """Plans cells of any experiment; each experiment is opened once, because that takes a fifth of a second."""

    def __init__(self, conf: Path):
        self.conf = conf
        self._composers: dict[str, Composer] = {}

    def composer(self, experiment: str) -> Composer:
        if experiment not in self._composers:
            self._composers[experiment] = Composer(self.conf, experiment)
        return self._composers[experiment]

    def cells(self, experiment: str, override: str = ""):
        """The cells of a command, planned and checked as by `plan_file`, which calls the same function."""
        return plan_cells(self.composer(experiment), Planner(), experiment, split_overrides(override)).cells

    def settings(self, experiment: str, override: str = "") -> Settings:
        """The settings of the first cell of a command, planned and checked as by `plan_file`."""
        return plan_cells(self.composer(experiment), Planner(), experiment, split_overrides(override)).first


@pytest.fixture(scope="session")
def planning(conf):
    return Planning(conf)


def pytest_generate_tests(metafunc):
    """A test with the argument `bad_value` or `good_value` runs for every value in the table of that name."""
    for kind in ("bad", "good"):
        if f"{kind}_value" in metafunc.fixturenames:
            rows = list(_rows(Path(__file__).with_name(f"{kind}_values.yaml")))
            metafunc.parametrize(f"{kind}_value", rows, ids=[" ".join(filter(None, row)) for row in rows])


def _rows(table: Path) -> Iterator[tuple[str, str, str]]:
    """Experiment, the overrides that come first, and the override with one of the values."""
    for part in yaml.safe_load(table.read_text(encoding="utf-8")):
        for name, values in part["settings"].items():
            for value in separated(values):
                yield part["experiment"], part.get("first", ""), f"{name}={value}"


def separated(values: str) -> list[str]:
    """The values in a text; blanks within brackets or quotes do not separate."""
    parts, pending = [], ""
    for piece in values.split():
        pending = f"{pending} {piece}".strip()
        closed = all(pending.count(a) == pending.count(b) for a, b in ("[]", "{}", "()"))
        if closed and pending.count("'") % 2 == 0:
            parts.append(pending)
            pending = ""
    assert not pending, values
    return parts
