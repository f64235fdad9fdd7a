"""The cells of a grid, as the summary gets them, and what their own reports say."""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path

from emofusion.errors import EmofusionError
from emofusion.plan.settings import ReportSettings
from emofusion.reporting.wording import FUSION, UAR
from emofusion.settings.experiment import Evaluation

BASIS = (
    "protocol",
    "leaks_speakers",
    "normalised_by_speaker",
    "enrolment_clips",
    "configured_rule_is_transductive",
    "data",
)
_ACCURACY = "_accuracy"


@dataclass(frozen=True)
class GridCell:
    """A cell of a grid.

    name: its name, and the name of its folder in the grid's folder. report: the key of its report. factors: factor →
    level, for every factor of the grid. folder: of its report, with `table1.csv`, `rules.csv` and `summary.json`.
    fused: file of its fused predictions (`tables.PREDICTIONS`). sweep: file of its sweep (`tables.SWEEP`). settings: of
    its report. rule: the configured fusion rule. pool: the pool whose sweep belongs to the rule. weights: modality →
    configured weight; empty for a rule that does not use them. evaluations: folders of its evaluation, which are for
    figures over seeds (`evaluation.grid.seeds.Evaluated`). draws: whether another seed gives other models.
    """

    name: str
    report: str
    factors: dict[str, str]
    folder: Path
    fused: Path
    sweep: Path
    settings: ReportSettings
    rule: str
    pool: str
    weights: dict[str, float] = field(default_factory=dict)
    evaluations: tuple[Path, ...] = ()
    draws: bool = True


@dataclass(frozen=True)
class Grid:
    """A grid: its name, its cells, the name of the baseline cell, and whether the user chose this baseline.

    replicates: the factors that are repetitions and not questions, such as `seed`. costs: a table (CSV) of what the
    stages cost, if there is one. title, question: what the ablation's file says; empty without a file. experiment: the
    experiment that the cells change. excluded: how many cells the ablation leaves out.
    """

    name: str
    cells: list[GridCell]
    baseline: str
    baseline_chosen: bool
    replicates: list[str]
    evaluation: Evaluation
    costs: Path | None = None
    title: str = ""
    question: str = ""
    experiment: str = ""
    excluded: int = 0


@dataclass(frozen=True)
class CellReport:
    """What the report of a cell says.

    accuracy: of the fusion. figures: `<modality>_accuracy` and `<modality>_unweighted_average_recall` →
    fraction. basis: column of `BASIS` → value. warnings: sentences that hold for the cell. devices: modality → what
    trained its network.
    """

    accuracy: float
    figures: dict[str, float]
    basis: dict[str, str]
    warnings: list[str]
    devices: dict[str, list[str]]

    @property
    def transductive(self) -> bool:
        """Whether the configured rule uses all unlabelled clips of a test speaker."""
        return self.basis["configured_rule_is_transductive"] == "True"


def read_report(cell: GridCell) -> CellReport:
    """Read the report of a cell. Raises `EmofusionError` where it is not complete."""
    path = cell.folder / "table1.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = {row["emotion"]: row for row in csv.DictReader(file)}
        overall, recall = rows["all"], rows[UAR]
        about = json.loads((cell.folder / "summary.json").read_text(encoding="utf-8"))
        figures = {}
        for column in overall:
            modality = column.removesuffix(_ACCURACY)
            if column.endswith(_ACCURACY) and modality != FUSION:
                figures[column] = float(overall[column])
                figures[f"{modality}_unweighted_average_recall"] = float(recall[column])
        basis = {name: overall[name] for name in BASIS}
        return CellReport(
            float(overall[FUSION + _ACCURACY]), figures, basis, list(about["warnings"]), dict(about["devices"])
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise not_complete(cell, error) from error


def read_rules(cell: GridCell) -> dict[str, dict[str, str]]:
    """Rule or modality → its row of the report's `rules.csv`. Raises `EmofusionError` where it is not complete."""
    try:
        with (cell.folder / "rules.csv").open(encoding="utf-8", newline="") as file:
            return {row["rule"]: row for row in csv.DictReader(file)}
    except (OSError, ValueError, KeyError) as error:
        raise not_complete(cell, error) from error


def not_complete(cell: GridCell, error: Exception) -> EmofusionError:
    """What to raise where a file of a cell's report is missing or damaged."""
    return EmofusionError(
        f"the report of the cell {cell.name} in {cell.folder} is not complete ({error!r}); delete the folder and run "
        "the workflow again"
    )
