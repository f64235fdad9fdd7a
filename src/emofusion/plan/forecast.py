"""What a command is about to do: its cells, its stages by kind, and about how long they take."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median

from emofusion.plan.currency import Currency
from emofusion.plan.plan_file import PlanFile, PlannedStage
from emofusion.plan.records import RECORD, Record
from emofusion.plan.stage import KINDS

_MOST_RECORDS = 20  # of which the median is taken: the newest
_MOST_LEVELS = 12  # of a factor that are listed


@dataclass
class Row:
    """The stages of one kind.

    in_all_cells: the sum over the cells. distinct: each stage counted once. current: those whose results need no work.
    stale: those with a result that is not current. seconds: an estimate for each stage to run; None where no earlier
    run says anything.
    """

    in_all_cells: int = 0
    distinct: int = 0
    current: int = 0
    stale: int = 0
    seconds: list[float | None] = field(default_factory=list)

    @property
    def to_run(self) -> int:
        """The number of stages that have to run."""
        return self.distinct - self.current


def rows_of(plan: PlanFile, currency: Currency, results: Path) -> dict[str, Row]:
    """Kind of stage → its row, in the order of the work.

    Args:
        plan: the plan of the command.
        currency: which of its results are current.
        results: the folder of the results, whose records say how long earlier work took.
    """
    rows: dict[str, Row] = defaultdict(Row)
    for place in plan.cells:
        for name in plan.stages_of(place):
            rows[name.partition("/")[0]].in_all_cells += 1
    earlier = Earlier(results)
    for stage in plan.stages.values():
        row = rows[stage.kind]
        row.distinct += 1
        if stage.name in currency.content:
            row.current += 1
        else:
            row.stale += stage.name in currency.stale
            row.seconds.append(earlier.seconds(stage))
    return {kind: rows[kind] for kind in KINDS if kind in rows}


class Earlier:
    """How long earlier stages took, by their records."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self._records = cache(self._found)
        self._median = cache(self._median_of)

    def seconds(self, stage: PlannedStage) -> float | None:
        """The median time of the newest stages with the same kind and label, or else of those with the same kind.

        None where there are none.
        """
        return self._median(stage.kind, _label(stage.key)) or self._median(stage.kind, "")

    def _median_of(self, kind: str, label: str) -> float | None:
        files = [path for path in self._records(kind) if not label or _label(path.parent.name) == label]
        read = (Record.read(path) for path in files[:_MOST_RECORDS])
        seconds = [record.seconds for record in read if record is not None]
        return median(seconds) if seconds else None

    def _found(self, kind: str) -> list[Path]:
        """The records of a kind, the newest first."""
        files = [path for path in (self._results / kind).glob(f"*/{RECORD}") if path.is_file()]
        return sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)


def forecast(plan: PlanFile, currency: Currency, results: Path, cores: int) -> list[str]:
    """What a command is about to do, as lines of text.

    A grid gets a table of its stages. A single experiment gets one line, and none where nothing is to run.

    Args:
        plan: the plan of the command.
        currency: which of its results are current.
        results: the folder of the results.
        cores: how many jobs can run at the same time.
    """
    rows = rows_of(plan, currency, results)
    seconds = [time for row in rows.values() for time in row.seconds]
    if plan.facts["grid"]:
        return ["", *_about_grid(plan), "", *_table(rows), "", *_estimate(seconds, cores), ""]
    if not seconds:
        return []
    stale = sum(row.stale for row in rows.values())
    counted = f"{len(seconds)} of {sum(row.distinct for row in rows.values())} stages to run"
    return [f"{plan.facts['experiment']}: {counted}{f' ({stale} stale)' if stale else ''}", *_estimate(seconds, cores)]


def _about_grid(plan: PlanFile) -> Iterable[str]:
    grid, cells = plan.facts["grid"], plan.cells
    which = f"ablation {grid['ablation']}, " if grid["ablation"] else ""
    excluded = f" ({grid['excluded']} excluded)" if grid["excluded"] else ""
    yield f"{which}experiment {plan.facts['experiment']}: {len(cells)} cells{excluded}"
    for name in grid["factors"]:
        levels = list(dict.fromkeys(cell.factors[name] for cell in cells.values()))
        more = f", … ({len(levels)} in all)" if len(levels) > _MOST_LEVELS else ""
        repeated = " (repetitions)" if name in grid["replicates"] else ""
        yield f"  {name}: {', '.join(levels[:_MOST_LEVELS])}{more}{repeated}"
    levels_of_baseline = cells[grid["baseline"]].factors
    named = [f"{name}={level}" for name, level in levels_of_baseline.items() if name not in grid["replicates"]]
    default = "" if grid["baseline_chosen"] else " (by default; baseline=… chooses another)"
    yield f"  baseline: {' '.join(named) + default if named else 'the only setting'}"


def _table(rows: dict[str, Row]) -> list[str]:
    heads = ["stages", "in all cells", "distinct", "current", "stale", "to run", "time"]
    lines = []
    for kind, row in rows.items():
        counts = [row.in_all_cells, row.distinct, row.current, row.stale, row.to_run]
        lines.append([kind, *map(str, counts), _time_of(row.seconds)])
    sums = [sum(values) for values in zip(*[map(int, line[1:-1]) for line in lines], strict=True)]
    lines.append(["all", *map(str, sums), _time_of([time for row in rows.values() for time in row.seconds])])
    widths = [max(len(line[column]) for line in [heads, *lines]) for column in range(len(heads))]
    return [
        "  ".join([line[0].ljust(widths[0]), *(text.rjust(w) for text, w in zip(line[1:], widths[1:], strict=True))])
        for line in [heads, *lines]
    ]


def _time_of(seconds: list[float | None]) -> str:
    """The sum of the known times, such as `12 min`; `≥` where some are unknown."""
    known = [time for time in seconds if time is not None]
    if not seconds:
        return "–"
    if not known:
        return "unknown"
    return f"{'≥ ' if len(known) < len(seconds) else ''}{_duration(sum(known))}"


def _estimate(seconds: list[float | None], cores: int) -> list[str]:
    """A sentence about the time of the whole command."""
    known = [time for time in seconds if time is not None]
    if not seconds:
        return ["no stage to run: all results are current"]
    if not known:
        return ["estimate: unknown, because no stage of these kinds has run here before"]
    unknown = len(seconds) - len(known)
    wall = max(sum(known) / cores, *known, 0)
    on = f"{cores} {'core' if cores == 1 else 'cores'}"
    how = f"{_duration(sum(known))} of work by the medians of earlier stages of the same name or kind"
    more = f", and {unknown} stages of kinds that never ran here" if unknown else ""
    return [f"estimate: {'at least' if unknown else 'about'} {_duration(wall)} on {on} ({how}{more})"]


def _duration(seconds: float) -> str:
    """A time in words, such as `8 s`, `12 min` or `3.5 h`."""
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _label(key: str) -> str:
    """The readable part of a key, which is without the hash at its end."""
    return key.rpartition("-")[0]
