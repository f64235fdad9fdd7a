"""The file of a plan. The command that plans writes it once, and every job reads it.

It is an SQLite database, so that a job can read its own stage without the thousands of others. It is written under
another name, then moved to its own name, and never changed after that.
"""

import json
import os
import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from emofusion.plan.stage import RESULTS, Stage, short_hash
from emofusion.settings.encoding import decode, plain
from emofusion.settings.plugins import import_plugin

_TABLES = """
create table facts (name text primary key, value text);
create table stages (position integer primary key, name text unique, inputs text, modules text, threads integer,
    precision text);
create table texts (name text primary key, settings text);
create table cells (position integer primary key, place text unique, report text, overrides text, sections text,
    digest text, factors text);
create table sections (number integer primary key, text text);
"""


@dataclass(frozen=True)
class PlannedStage:
    """A stage as the plan's file describes it; see `stage.Stage`. inputs: role → name of a stage, or list of names."""

    name: str
    inputs: dict[str, Any]
    modules: tuple[str, ...]
    threads: int
    precision: str

    @property
    def label(self) -> str:
        """The readable part of the key, such as the name of the modality."""
        return self.key.rpartition("-")[0]

    @property
    def kind(self) -> str:
        return self.name.partition("/")[0]

    @property
    def key(self) -> str:
        return self.name.partition("/")[2]

    @property
    def reads(self) -> list[str]:
        """The names of all stages that it reads."""
        return [name for read in self.inputs.values() for name in (read if isinstance(read, list) else [read])]

    def folder(self, results: Path = Path(RESULTS)) -> Path:
        """The folder of its result. `results`: the folder of all results."""
        return results / self.name


@dataclass(frozen=True)
class PlannedCell:
    """A cell of a plan: one combination of overrides.

    place: the folder of its report, relative to `results/reports/`. report: the name of the report's stage. overrides:
    in Hydra's grammar, without sweeps. digest: of all settings. factors: name of a setting or group that varies in the
    grid → the cell's level of it as text, for every varying one; empty for a single cell.
    """

    place: str
    report: str
    overrides: list[str]
    digest: str
    factors: dict[str, str]


class Cell(NamedTuple):
    """A cell as it is written: see `PlannedCell`. sections: its settings as JSON, a text for each section."""

    place: str
    report: Stage
    overrides: list[str]
    sections: list[str]
    factors: dict[str, str]


def write_plan(path: Path, facts: dict[str, Any], stages: list[Stage], cells: Sequence[Cell]) -> None:
    """Write a plan. An interruption never leaves a part of it under its name.

    Args:
        path: the file to write.
        facts: name → a value that holds for the whole plan, and that JSON can represent.
        stages: all stages, each after the stages that it reads.
        cells: the cells.

    Raises:
        OSError, sqlite3.Error: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    with closing(sqlite3.connect(partial)) as connection, connection:
        connection.executescript(f"pragma journal_mode = off; pragma synchronous = off; {_TABLES}")
        connection.executemany(
            "insert into facts values (?, ?)", [(name, json.dumps(value)) for name, value in facts.items()]
        )
        connection.executemany(
            "insert into stages values (?, ?, ?, ?, ?, ?)",
            (
                (
                    n,
                    stage.name,
                    json.dumps(stage.inputs_by_name),
                    " ".join(stage.modules),
                    stage.threads,
                    stage.precision,
                )
                for n, stage in enumerate(stages)
            ),
        )
        connection.executemany("insert into texts values (?, ?)", ((stage.name, stage.text) for stage in stages))
        numbers: dict[str, int] = {}
        rows = []
        for n, (place, report, overrides, sections, factors) in enumerate(cells):
            used = [numbers.setdefault(section, len(numbers)) for section in sections]
            digest = short_hash(json.dumps(sections))
            row = (n, place, report.name, json.dumps(overrides), json.dumps(used), digest, json.dumps(factors))
            rows.append(row)
        connection.executemany("insert into cells values (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.executemany("insert into sections values (?, ?)", ((n, text) for text, n in numbers.items()))
    partial.replace(path)


def is_plan(path: Path) -> bool:
    """Whether a file is there and is a whole plan: a copy may have been cut off."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            pages, size = (connection.execute(f"pragma page_{name}").fetchone()[0] for name in ("count", "size"))
            return bool(path.stat().st_size == pages * size and connection.execute("select 1 from facts").fetchone())
    except (sqlite3.Error, OSError):
        return False


class PlanFile:
    """A plan that was written before. Stages and cells are read from the file when they are needed.

    Opening a plan imports the plug-ins that it names, because settings may be objects of their classes.

    facts: name → a value that holds for the whole plan. The fact `grid` is None for a single cell. For several, it is
    a map: `name` of the grid and of its folder in `results/reports/`; `ablation`, its name or None; `title` and
    `question` of the ablation; `factors`, the names of what varies, in the command's order; `replicates`, those of
    them that are repetitions; `baseline`, the place of the cell that the others are compared with; `baseline_chosen`,
    whether somebody chose it; `excluded`, the number of cells that the ablation leaves out.
    The fact `deployed` has the models of `registration.weights=all`: modality → the names of their stages.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.facts = {name: json.loads(value) for name, value in self._rows("select name, value from facts")}
        for plugin in self.facts["plugins"]:
            import_plugin(plugin)

    @cached_property
    def stages(self) -> dict[str, PlannedStage]:
        """Name → stage, each after the stages that it reads."""
        return {stage.name: stage for stage in self._stages("order by position")}

    @cached_property
    def cells(self) -> dict[str, PlannedCell]:
        """Place → cell."""
        rows = self._rows("select place, report, overrides, digest, factors from cells order by position")
        return {row[0]: PlannedCell(row[0], row[1], json.loads(row[2]), row[3], json.loads(row[4])) for row in rows}

    @property
    def folder(self) -> str:
        """The folder, relative to `results/reports/`, in which all that the plan publishes is."""
        grid = self.facts["grid"]
        return str(grid["name"] if grid else self.facts["experiment"])

    @property
    def is_grid(self) -> bool:
        """Whether the cells are those of a grid, which has a folder and a summary of its own."""
        return bool(self.facts["grid"])

    @property
    def deployed(self) -> list[str]:
        """The names of the models of `registration.weights=all`, which no report needs."""
        return [name for models in self.facts["deployed"].values() for name in models]

    def stage(self, name: str) -> PlannedStage:
        """The stage of this name. Raises `KeyError` where the plan has no such stage."""
        if "stages" in self.__dict__:
            return self.stages[name]
        for stage in self._stages("where name = ?", name):
            return stage
        raise KeyError(name)

    def settings(self, name: str) -> Any:
        """The typed settings of a stage."""
        (text,) = next(self._rows("select settings from texts where name = ?", name))
        return decode(json.loads(text))

    def cell_settings(self, place: str) -> dict[str, Any]:
        """All settings of a cell, as nested dictionaries."""
        (numbers,) = next(self._rows("select sections from cells where place = ?", place))
        settings: dict[str, Any] = {}
        for number in json.loads(numbers):
            (text,) = next(self._rows("select text from sections where number = ?", number))
            settings |= plain(json.loads(text))
        return settings

    def stages_of(self, place: str) -> list[str]:
        """The names of a cell's report and of all stages that it depends on, sorted."""
        return self.stages_behind(self.cells[place].report)

    def stages_behind(self, name: str) -> list[str]:
        """The names of a stage and of all stages that it depends on, sorted."""
        visited: set[str] = set()
        waiting = [name]
        while waiting:
            stage = waiting.pop()
            if stage not in visited:
                visited.add(stage)
                waiting += self.stage(stage).reads
        return sorted(visited)

    def _stages(self, condition: str, *values: str) -> Iterator[PlannedStage]:
        query = f"select name, inputs, modules, threads, precision from stages {condition}"
        for name, inputs, modules, threads, precision in self._rows(query, *values):
            yield PlannedStage(name, json.loads(inputs), tuple(modules.split()), threads, precision)

    @cached_property
    def _connection(self) -> sqlite3.Connection:
        # `immutable=1` opens the file without a lock: some file systems of clusters have none.
        # `check_same_thread=False`: Snakemake reads the plan from several threads.
        address = f"{self.path.absolute().as_uri()}?immutable=1"
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        weakref.finalize(self, connection.close)  # Python 3.13 warns of connections that nobody closes
        return connection

    def _rows(self, query: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        yield from self._connection.execute(query, values).fetchall()
