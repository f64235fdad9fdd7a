"""What the stages behind reports have cost, as a table: time, CPU time and memory, from the records of the results."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emofusion.plan.plan_file import PlanFile
from emofusion.plan.records import RECORD, Record
from emofusion.whole_files import replacing

COSTS = "costs.csv"
COLUMNS = ("kind", "key", "seconds", "cpu_seconds", "peak_mib", "threads", "host", "made")


@dataclass(frozen=True)
class Costs:
    """What stages have cost, each stage once.

    records: the records of the stages, in the order in which they are made. Records of earlier versions do not know
    CPU time, memory and host.
    """

    records: list[Record]

    @property
    def seconds(self) -> float:
        """The time of all stages, one after the other."""
        return sum(record.seconds for record in self.records)

    @property
    def cpu_seconds(self) -> float:
        """The CPU time of all stages, as far as it is known."""
        return sum(record.cpu_seconds or 0.0 for record in self.records)

    @property
    def peak_mib(self) -> float:
        """The most memory that one of the stages has held; 0 where it is not known."""
        return max((record.peak_mib or 0.0 for record in self.records), default=0.0)

    def write(self, path: Path) -> None:
        """Write a row for each stage. An interruption never leaves a part of the table under its name."""
        with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(COLUMNS)
            for record in self.records:
                kind, _, key = record.stage.partition("/")
                measured = [record.seconds, record.cpu_seconds, record.peak_mib, record.making.threads, record.host]
                table.writerow([kind, key, *("" if value is None else value for value in measured), record.made])

    def line(self) -> str:
        """One line for people: all stages, and the kinds of stages that have cost most of the CPU time."""
        by_kind: dict[str, float] = {}
        for record in self.records:
            kind = record.stage.partition("/")[0]
            by_kind[kind] = by_kind.get(kind, 0.0) + (record.cpu_seconds or 0.0)
        most = sorted(by_kind.items(), key=lambda item: -item[1])[:3]
        parts = ", ".join(f"{kind} {seconds:.0f} s" for kind, seconds in most if seconds)
        return (
            f"{len(self.records)} stages have cost {self.cpu_seconds:.0f} s of CPU"
            f"{f' ({parts})' if parts else ''}, and at most {self.peak_mib:.0f} MiB"
        )


def costs_of(plan: PlanFile, places: Iterable[str], results: Path) -> Costs:
    """What the stages behind the reports of some cells have cost; a stage without a record is left out.

    Args:
        plan: the plan of the cells.
        places: the cells' folders, relative to `results/reports`.
        results: the folder of the results.
    """
    behind = {name for place in places for name in plan.stages_of(place)}
    records = [Record.read(plan.stage(name).folder(results) / RECORD) for name in plan.stages if name in behind]
    return Costs([record for record in records if record is not None])
