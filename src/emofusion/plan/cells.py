"""Plan and check the cells of a command: their settings, their stages, and their places in the results."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.plan.checks import check_cell, check_modality
from emofusion.plan.grid import Grid, GridCell, folder_name, replicates_of
from emofusion.plan.plan_file import Cell
from emofusion.plan.planner import Planner
from emofusion.plan.stage import Stage
from emofusion.settings.ablation import Ablation
from emofusion.settings.compose import Composer, Settings
from emofusion.settings.experiment import Modality


@dataclass(frozen=True)
class PlannedCells:
    """The cells of a command.

    cells: in the order of the command. first: the settings of the first cell. plugins: the paths of all plug-in files.
    grid: what varies between the cells, see `PlanFile`; None for a single cell. deployed: modality → the models that
    are trained on everybody, where the only cell asks for them (`registration.weights=all`).
    """

    cells: list[Cell]
    first: Settings
    plugins: list[str]
    grid: dict[str, Any] | None
    deployed: dict[str, list[Stage]]


def plan_cells(
    composer: Composer,
    planner: Planner,
    experiment: str,
    overrides: list[str],
    ablation: Ablation | None = None,
    baseline: list[str] | None = None,
) -> PlannedCells:
    """Plan and check every cell of a command.

    Args:
        composer: composes the settings of each cell.
        planner: plans the stages of each cell.
        experiment: the name of a file in `conf/experiment/`.
        overrides: in Hydra's grammar; they may be sweeps.
        ablation: names further overrides, and cells; None for a command without one.
        baseline: partial settings of the baseline; None where the command line chooses none.

    Raises:
        EmofusionError: a setting does not exist or does not fit, or two cells are the same.
    """
    grid = Grid(composer, ablation, overrides)
    is_grid = ablation is not None or len(grid.cells) > 1
    if baseline and not is_grid:
        raise EmofusionError(f"baseline={' '.join(baseline)}: nothing is swept, so there is only one cell")
    factors = grid.factors() if is_grid else []
    changed: list[dict[str, str]] = []
    cells: list[Cell] = []
    first: Settings | None = None
    plugins: dict[str, None] = {}
    checked: set[tuple[int, ...]] = set()
    made: dict[int, GridCell] = {}
    deployed: dict[str, list[Stage]] = {}
    for cell in grid.cells:
        texts, settings = cell.overrides, grid.settings(cell)
        if first is None:
            first = settings
        plugins |= dict.fromkeys(settings.root.plugins)
        if settings.root.modalities != first.root.modalities:
            raise EmofusionError(
                "override: all cells of one command must have the same modalities; run one command for each list of "
                "modalities"
            )
        _refuse_differences(first, settings)
        section_ids = tuple(map(id, [*settings.sections.values(), *settings.modalities.values()]))
        if section_ids not in checked:
            check_cell(settings)
            checked.add(section_ids)
        alternatives = _alternatives(composer, texts, settings, checked)
        report = planner.report(settings, alternatives)
        if settings.registration.weights == "all" and not is_grid:
            deployed = planner.deployed(settings, alternatives)
        if (other := made.setdefault(id(report), cell)) is not cell:
            raise _same_result(other, cell)
        if is_grid:
            changed.append(grid.changed(cell))
            named = {name: level for name, level in changed[-1].items() if name in factors or not _is_location(name)}
            folder = f"{ablation.name if ablation else experiment}/{folder_name(named)}"
        else:
            folder = experiment
        levels = {name: grid.level(cell, name) for name in factors}
        cells.append(Cell(folder, report, texts, _section_texts(planner, settings), levels))
    assert first is not None
    _refuse_same_places(cells)
    facts = _facts(grid, experiment, ablation, baseline, factors, changed, cells) if is_grid else None
    return PlannedCells(cells, first, list(plugins), facts, deployed)


def _is_location(name: str) -> bool:
    """Whether a setting says where something is, and not what is computed. It names no cell unless it varies."""
    return bool(re.fullmatch(r"data|plugins|tracking(\..+)?|.+\.root|.+\.posteriors\..+", name))


def _facts(
    grid: Grid,
    experiment: str,
    ablation: Ablation | None,
    baseline: list[str] | None,
    factors: list[str],
    changed: list[dict[str, str]],
    cells: list[Cell],
) -> dict[str, Any]:
    """What `PlanFile` says about a grid."""
    replicates = replicates_of(ablation, factors)
    asked = baseline or (ablation.baseline if ablation else [])
    position, is_chosen = grid.baseline(asked, factors, replicates, changed)
    return {
        "name": ablation.name if ablation else experiment,
        "ablation": ablation.name if ablation else None,
        "title": ablation.title if ablation else "",
        "question": ablation.question if ablation else "",
        "factors": factors,
        "replicates": replicates,
        "baseline": cells[position].place,
        "baseline_chosen": is_chosen,
        "excluded": grid.excluded,
    }


def _same_result(first: GridCell, second: GridCell) -> EmofusionError:
    """The error for two cells that differ in nothing."""
    texts = [" ".join(sorted(set(cell.overrides) - set(other.overrides))) for cell, other in _both_ways(first, second)]
    one, other = (text or "nothing" for text in texts)
    if one == other:  # a listed cell stands twice
        return EmofusionError(f"the cell {' '.join(first.overrides) or 'without overrides'} is there twice; remove one")
    return EmofusionError(
        f"the cells with {one} and with {other} would have the same result, because these settings change "
        "nothing, or have the same value; remove one"
    )


def _both_ways(first: GridCell, second: GridCell) -> list[tuple[GridCell, GridCell]]:
    return [(first, second), (second, first)]


def _refuse_same_places(cells: list[Cell]) -> None:
    first: dict[str, Cell] = {}
    for cell in cells:
        other = first.setdefault(cell.place, cell)
        if other is not cell:
            raise EmofusionError(
                f"override: the cells {' '.join(other.overrides)} and {' '.join(cell.overrides)} would have the same "
                f"folder, results/reports/{cell.place}; leave out the overrides that differ, or remove one cell"
            )


def _refuse_differences(first: Settings, settings: Settings) -> None:
    """Raise `EmofusionError` where two cells differ in a setting that must be the same for the whole command."""
    common = {
        "accept_other_versions": settings.root.accept_other_versions == first.root.accept_other_versions,
        "tracking": settings.tracking == first.tracking,
    }
    for name, is_same in common.items():
        if not is_same:
            raise EmofusionError(f"override: {name} must be the same for the whole command; set one value")
    for name in settings.root.modalities:
        if (settings.modalities[name].posteriors is None) != (first.modalities[name].posteriors is None):
            raise EmofusionError(
                f"override: {name} is trained in some cells, and read from {name}.posteriors in others; run one "
                "command for each"
            )


def _alternatives(
    composer: Composer, texts: list[str], settings: Settings, checked: set[tuple[int, ...]]
) -> Callable[[str, str], Modality]:
    def alternative(modality: str, choice: str) -> Modality:
        node = composer.alternative(texts, modality, choice)
        if (id(node), id(settings.protocol)) not in checked:
            check_modality(settings, modality, node)
            checked.add((id(node), id(settings.protocol)))
        return node

    return alternative


def _section_texts(planner: Planner, settings: Settings) -> list[str]:
    """The cell's settings as JSON, a text for each section, so that equal sections of many cells are stored once."""
    texts = [planner.factory.text(settings.root)]
    for name, node in {**settings.sections, **settings.modalities}.items():
        texts.append(f"{{{json.dumps(name)}: {planner.factory.text(node)}}}")
    return texts
