"""Grids: which cells a command has, how they are named, what varies between them, and which is the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.plan.stage import short_hash
from emofusion.settings.ablation import REPLICATES, Ablation
from emofusion.settings.compose import Composer, Settings
from emofusion.settings.encoding import plain
from emofusion.settings.experiment import Root
from emofusion.settings.overrides import MOST_CELLS, expand, key_of, naming, parse, value_text

BASE = "base"  # the name of the cell that has the experiment's own settings
ABSENT = "–"  # the level of a cell that does not have the setting
_LONGEST_NAME = 120
# They are the same for all cells of a command, and change no figure.
_WITHOUT_PLACE = ("tracking", "accept_other_versions")


@dataclass
class GridCell:
    """One cell, before its stages are planned.

    overrides: in Hydra's grammar, without sweeps. common: the part of them that an ablation sets for all of its cells.
    named: the part that an ablation gives a name to. label: this name; empty where there is none. settings: the
    settings of the cell, as soon as they were asked for.
    """

    overrides: list[str]
    common: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    label: str = ""
    settings: Settings | None = None


class Grid:
    """The cells of one command, and what can be said about their settings.

    cells: in the order of the command. excluded: how many cells the ablation leaves out.
    """

    def __init__(self, composer: Composer, ablation: Ablation | None, overrides: list[str]) -> None:
        """Args:
            composer: of the experiment.
            ablation: None for a command without one.
            overrides: of the command line, in Hydra's grammar; they may be sweeps.

        Raises:
            EmofusionError: overrides contradict each other; an exclusion leaves out no cell; or no cell is left.
        """
        self._composer, self._ablation = composer, ablation
        self.cells = _expanded(ablation, overrides)
        before = len(self.cells)
        for number, entry in enumerate(ablation.exclude if ablation else []):
            wanted = wanted_levels(entry, f"ablation={_name(ablation)}: exclude[{number}]")
            kept = [cell for cell in self.cells if not self._matches(cell, wanted)]
            if len(kept) == len(self.cells):
                raise EmofusionError(
                    f"ablation={_name(ablation)}: exclude[{number}]: no cell has {' '.join(entry)}"
                    f"{self._levels_of(wanted)}"
                )
            self.cells = kept
        self.excluded = before - len(self.cells)
        if ablation and len(self.cells) < 2:
            raise EmofusionError(
                f"ablation={ablation.name}: it compares cells, and has {len(self.cells) or 'none'} here"
                + (f" ({self.excluded} are excluded)" if self.excluded else "")
            )

    def settings(self, cell: GridCell) -> Settings:
        """The settings of a cell. Raises `EmofusionError` where one of them is wrong."""
        if cell.settings is None:
            cell.settings = self._composer.settings(cell.overrides)
        return cell.settings

    def changed(self, cell: GridCell) -> dict[str, str]:
        """Setting or group → level, for the overrides that change the experiment's settings, sorted by name.

        What an ablation sets for all of its cells is left out. The overrides that it gives a name to are one entry: the
        name of the ablation → the name of the cell.
        """
        settings, used = self.settings(cell), list(cell.overrides)
        told = []
        for text in sorted(cell.overrides, key=key_of):
            if text in cell.common or key_of(text).partition(".")[0] in _WITHOUT_PLACE:
                continue
            if self._composer.changes(settings, used, text):
                told.append(text)
            else:
                used.remove(text)
        levels = {key_of(text): self.level(cell, key_of(text)) for text in told if text not in cell.named}
        if any(text in cell.named for text in told):
            levels[_name(self._ablation)] = cell.label
        return dict(sorted(levels.items()))

    def level(self, cell: GridCell, key: str) -> str:
        """The value that a cell has of a setting, or the choice that it makes of a group, as text."""
        if cell.label and key == _name(self._ablation):
            return cell.label
        given = next((parse(text) for text in cell.overrides if key_of(text) == key), None)
        choices = self._composer.choices(cell.overrides)
        if given is not None and (key in choices or given.package or given.deletes or isinstance(given.value, dict)):
            return ABSENT if given.deletes else value_text(given.value)
        if key in choices:
            return choices[key]
        value = _at(self.settings(cell), key)
        return value_text(plain(value))

    def factors(self) -> list[str]:
        """The settings and groups that have several levels in the grid, in the order of the command."""
        written: dict[str, list[str]] = {_name(self._ablation): []} if any(cell.label for cell in self.cells) else {}
        for cell in self.cells:
            for text in cell.overrides:
                name = _name(self._ablation) if text in cell.named else key_of(text)
                written.setdefault(name, []).append(cell.label if text in cell.named else text)
            if cell.label and not cell.named:
                written.setdefault(_name(self._ablation), []).append(cell.label)
        fixed = {name for name, texts in written.items() if len(set(texts)) == 1 and len(texts) == len(self.cells)}
        names = [name for name in written if name not in fixed]
        return [name for name in names if len({self.level(cell, name) for cell in self.cells}) > 1]

    def baseline(
        self, asked: Sequence[str], factors: list[str], replicates: list[str], changed: list[dict[str, str]]
    ) -> tuple[int, bool]:
        """The position of the baseline's first cell, and whether it was chosen.

        Without a choice it is the experiment's own settings, where they are a cell, and otherwise the first cell.

        Args:
            asked: partial settings, which match the cells of one setting; empty: none was chosen.
            factors: the names of what varies.
            replicates: those of them that are repetitions.
            changed: for each cell, what `changed` gives.

        Raises:
            EmofusionError: no cell matches, or the cells of several settings do.
        """
        questions = [name for name in factors if name not in replicates]
        if not asked:
            own = [number for number, levels in enumerate(changed) if not set(questions) & set(levels)]
            return (own[0] if own else 0), False
        wanted = wanted_levels(asked, "baseline")
        matching = [number for number, cell in enumerate(self.cells) if self._matches(cell, wanted)]
        settings = {
            tuple(f"{name}={self.level(self.cells[number], name)}" for name in questions): number
            for number in reversed(matching)
        }
        if not matching:
            raise EmofusionError(f"baseline={' '.join(asked)}: no cell has it{self._levels_of(wanted)}")
        if len(settings) > 1:
            first, second = list(settings)[-1], list(settings)[-2]
            raise EmofusionError(
                f"baseline={' '.join(asked)}: {len(settings)} settings have it, such as {' '.join(first)} and "
                f"{' '.join(second)}; name more of what varies"
            )
        return matching[0], True

    def _matches(self, cell: GridCell, wanted: dict[str, set[str]]) -> bool:
        return all(self._known_level(cell, key) in levels for key, levels in wanted.items())

    def _known_level(self, cell: GridCell, key: str) -> str:
        """The level; of a setting that an override sets, without composing the cell, which may be an impossible one."""
        if cell.settings is None:
            for assignment in (parse(text) for text in cell.overrides if key_of(text) == key):
                return ABSENT if assignment.deletes else value_text(assignment.value)
        return self.level(cell, key)

    def _levels_of(self, wanted: dict[str, set[str]]) -> str:
        """The end of a message: the levels that the cells have of the settings in question."""
        parts = []
        for key in wanted:
            levels = dict.fromkeys(self._known_level(cell, key) for cell in self.cells)
            parts.append(f"{key}={','.join(list(levels)[:20])}{'…' if len(levels) > 20 else ''}")
        return f"; there is {' '.join(parts)}"


def folder_name(changed: dict[str, str]) -> str:
    """The name of a cell's folder, of what it changes: `seed=1+speech=lstm`, or `base`.

    It has no comma: Snakemake hands the names to jobs on other machines in a list with commas.

    Where the settings do not fit into it, their names are shortened, as `steps` for `fusion.steps`, and it ends in a
    hash.
    """
    text = "+".join(f"{name}={level}" for name, level in changed.items()) or BASE
    name = _for_folder(text)
    if name == text and len(name) <= _LONGEST_NAME:
        return name
    if len(name) > _LONGEST_NAME:
        name = _for_folder("+".join(f"{name.rpartition('.')[2]}={level}" for name, level in changed.items()))
    return f"{name[: _LONGEST_NAME - 10]}-{short_hash(text, 8)}"


def _for_folder(text: str) -> str:
    """The text without brackets, quotes and spaces, and with `_` for other letters that folders should not have."""
    bare = "".join(letter for letter in text if letter not in "[]{}'\" ")
    return "".join(letter if letter.isalnum() or letter in "=._-+@" else "_" for letter in bare.replace(",", "+"))


def replicates_of(ablation: Ablation | None, factors: list[str]) -> list[str]:
    """The factors that are repetitions and no question."""
    return [name for name in (ablation.replicates if ablation else REPLICATES) if name in factors]


def _expanded(ablation: Ablation | None, overrides: list[str]) -> list[GridCell]:
    if ablation is None:
        return [GridCell(texts) for texts in expand(overrides)]
    given = {key_of(text) for text in overrides}
    for _, texts in ablation.cells or [("", [])]:
        for text in [*ablation.overrides, *texts]:
            if key_of(text) in given:
                raise EmofusionError(
                    f"override: {key_of(text)} is set by ablation={ablation.name} too, as {text}; "
                    "leave it out of override, or copy the ablation's file, change it, and name its path"
                )
    cells: list[GridCell] = []
    common = [text for text in ablation.overrides if expand([text]) == [[text]]]  # no sweep
    for label, texts in ablation.cells or [("", [])]:
        keys = {key_of(text) for text in texts} if label else set()
        for combination in expand([*ablation.overrides, *texts, *overrides]):
            named = [text for text in combination if key_of(text) in keys]
            cells.append(GridCell(combination, common, named, label))
        if len(cells) > MOST_CELLS:
            raise EmofusionError(
                f"ablation={ablation.name}: it has more than {MOST_CELLS:,} cells; one command plans fewer"
            )
    return cells


def wanted_levels(partial: Sequence[str], where: str) -> dict[str, set[str]]:
    """Setting → the levels that match; several, where the partial settings have a sweep.

    where: what the partial settings are called in messages, such as `baseline`.
    """
    wanted: dict[str, set[str]] = {}
    with naming(where):
        for texts in expand(list(partial)):
            for text in texts:
                wanted.setdefault(key_of(text), set()).add(value_text(parse(text).value))
    return wanted


def _name(ablation: Ablation | None) -> str:
    return ablation.name if ablation else ""


def _at(settings: Settings, key: str) -> Any:
    """The value of a setting by its full name; `ABSENT` where the cell does not have it."""
    first, *rest = key.split(".")
    nodes = {**settings.sections, **settings.modalities}
    if first not in nodes and first not in Root.__dataclass_fields__:
        return ABSENT
    value: Any = nodes[first] if first in nodes else getattr(settings.root, first)
    for part in rest:
        if isinstance(value, dict):
            value = value.get(part, ABSENT)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            value = getattr(value, part, ABSENT)
    return value
