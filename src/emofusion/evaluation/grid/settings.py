"""The settings of a grid: cells that differ only in replicates, such as the seed, are one setting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emofusion.errors import EmofusionError


@dataclass
class Setting:
    """One setting: its levels, and its cells.

    levels: factor → level, for the factors that vary and are no replicates. cells: the levels of the replicates → the
    name of the cell.
    """

    levels: dict[str, str]
    cells: dict[tuple[str, ...], str] = field(default_factory=dict)

    def shared(self, others: Sequence["Setting"]) -> list[tuple[str, ...]]:
        """The replicates that this setting has in common with all others, in this setting's order."""
        return [seed for seed in self.cells if all(seed in other.cells for other in others)]


def varying(cells: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The factors that have several levels, in the order of the cells' factors. cells: name → factor → level."""
    names = list(dict.fromkeys(factor for factors in cells.values() for factor in factors))
    if missing := [(cell, name) for cell, factors in cells.items() for name in names if name not in factors]:
        raise EmofusionError(f"the cell {missing[0][0]} has no level of {missing[0][1]}; give a level to every cell")
    return [name for name in names if len({factors[name] for factors in cells.values()}) > 1]


def levels_of(cells: Mapping[str, Mapping[str, str]], factor: str) -> list[str]:
    """The levels of a factor: numbers by value, other levels in the order of the cells."""
    levels = list(dict.fromkeys(factors[factor] for factors in cells.values()))
    try:
        return sorted(levels, key=float)
    except ValueError:
        return levels


def group_settings(cells: Mapping[str, Mapping[str, str]], replicates: Sequence[str]) -> list[Setting]:
    """The settings of a grid, in the order of their first cells.

    Args:
        cells: the name of each cell → factor → level.
        replicates: the factors that repeat a setting, such as `seed`.

    Raises:
        EmofusionError: two cells have the same levels, or a cell lacks the level of a factor.
    """
    names = varying(cells)
    repeats, questions = [n for n in names if n in replicates], [n for n in names if n not in replicates]
    settings: dict[tuple[str, ...], Setting] = {}
    for cell, factors in cells.items():
        key, seed = (tuple(factors[name] for name in chosen) for chosen in (questions, repeats))
        setting = settings.setdefault(key, Setting(dict(zip(questions, key, strict=True))))
        if seed in setting.cells:
            raise EmofusionError(f"the cells {setting.cells[seed]} and {cell} have the same settings; leave one out")
        setting.cells[seed] = cell
    return list(settings.values())
