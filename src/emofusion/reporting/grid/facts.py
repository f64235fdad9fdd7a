"""What the summary of a grid states besides its numbers: the answer in words, the basis, warnings, what is missing."""

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from emofusion.evaluation.grid.means import DIFFERENT
from emofusion.evaluation.grid.measures import ACCURACY
from emofusion.evaluation.grid.summarise import Statistics
from emofusion.reporting.grid.cells import BASIS, CellReport, Grid
from emofusion.reporting.grid.tables import ROUNDING, GridTables
from emofusion.reporting.numbers import interval, level, points, probability
from emofusion.reporting.wording import heading

CAUTION = (
    "The baseline stands first, and the other settings follow in the order of the command, until a click sorts a "
    "column. To pick the most accurate of them is a choice on test clips: the best of many settings looks better than "
    "it is for new actors. Use the interval for all settings together and the adjusted p value (max-T), and confirm a "
    "choice on new data."
)
MOST_NAMES = 10
MOST_EFFECTS = 3
_YES = {"True": "yes", "False": "no"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class GridFacts:
    """What the page, the figures and the end of a run state.

    answer: sentences. facts: heading → text. warnings: of the cells. notes: what was left out or not compared. better,
    worse: the number of settings that differ from the baseline after max-T. compared: the number of settings that are
    compared with it.
    """

    answer: list[str]
    facts: dict[str, str]
    warnings: list[str]
    notes: list[str]
    better: int
    worse: int
    compared: int


def grid_facts(grid: Grid, found: Statistics, tables: GridTables, reports: Sequence[CellReport]) -> GridFacts:
    """Put the facts into words."""
    tests = found.tests[found.tests["measure"] == ACCURACY]
    different = _different(tests, grid)
    better, worse = int((different["difference"] > 0).sum()), int((different["difference"] < 0).sum())
    return GridFacts(
        answer=_answer(grid, found, different, len(tests)),
        facts=_facts(grid, found, tables),
        warnings=shared_warnings(reports),
        notes=[*_notes(grid, found, tables), *different_devices(reports)],
        better=better,
        worse=worse,
        compared=len(tests),
    )


def baseline_in_words(found: Statistics) -> str:
    """The levels of the baseline."""
    return words(found.settings[found.baseline].levels)


def words(levels: dict[str, str]) -> str:
    """Levels as text, such as `speech=lstm, face=vgg16`."""
    return ", ".join(f"{name}={value}" for name, value in levels.items()) or "the only setting"


def _different(rows: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """The rows of tests or effects that differ from 0 after max-T."""
    return rows[(rows["p_max_t"] <= 1 - grid.evaluation.confidence + ROUNDING) & (rows["difference"] != 0)]


def _answer(grid: Grid, found: Statistics, different: pd.DataFrame, compared: int) -> list[str]:
    """The result in sentences. different: the rows of tests whose settings differ from the baseline after max-T."""
    shown, better = level(grid.evaluation.confidence), int((different["difference"] > 0).sum())
    if not compared:
        return ["No setting could be compared with the baseline."] if len(found.settings) > 1 else []
    tested = f"sign-flip test over actors, adjusted by max-T for all {compared} settings"
    sentences = [
        f"{len(different)} of {compared} settings differ from the baseline in accuracy: {better} better, "
        f"{len(different) - better} worse ({tested}, at {level(1 - grid.evaluation.confidence)})."
    ]
    repeated = different[different["seeds"] > 1]
    if len(repeated):
        holds = int(((repeated["seeds_low"] > 0) | (repeated["seeds_high"] < 0)).sum())
        sentences.append(
            f"{holds} of the {len(repeated)} that have several seeds in common with it also differ in the {shown} "
            "interval over seeds and actors, which is not adjusted for their number."
        )
    return sentences + _effects(grid, found)


def _effects(grid: Grid, found: Statistics) -> list[str]:
    """The main effects in a sentence: all of them where there are few, and otherwise those that differ from 0.

    The greatest effect is not picked out. That would be a choice on test clips.
    """
    effects = found.effects[found.effects["measure"] == ACCURACY]
    few = len(effects) <= MOST_EFFECTS
    # of one factor they are the differences from the baseline, which are counted already
    if effects.empty or (not few and len(set(effects["factor"])) == 1):
        return []
    different = _different(effects, grid)
    told = effects if few else different[:MOST_EFFECTS]
    entries = [
        f"{row['factor']}={row['level']} instead of {row['reference']}: {points(row['difference'])} points"
        f"{_together(row)}, p {probability(row['p_max_t'])}"
        for row in told.to_dict("records")
    ]
    if not few and len(different) > len(told):
        entries.append(f"{len(different) - len(told)} more in effects.csv")
    counted = "1 main effect differs" if len(effects) == 1 else f"{len(effects)} main effects differ"
    basis = f"adjusted by max-T, {level(grid.evaluation.confidence)} intervals of all effects together"
    listed = f": {'; '.join(entries)}" if entries else ""
    return [f"{len(different)} of {counted} from 0 in accuracy ({basis}){listed}."]


def _together(row: dict[Hashable, Any]) -> str:
    """The simultaneous interval; empty where there is none."""
    ends = interval(row["simultaneous_low"], row["simultaneous_high"], points)
    return f" ({ends})" if ends else ""


def _facts(grid: Grid, found: Statistics, tables: GridTables) -> dict[str, str]:
    chosen = "" if grid.baseline_chosen else " (nobody chose one)"
    facts = {
        "Baseline": baseline_in_words(found) + chosen,
        "Settings and cells": f"{len(found.settings)} settings, {len(grid.cells)} cells",
    }
    if tables.repeats:
        seeds = Counter(found.means["seeds"].tolist())
        spread = ", ".join(f"{number} settings with {count}" for count, number in sorted(seeds.items()))
        facts["Repeated by"] = f"{' and '.join(tables.repeats)}: {spread if len(seeds) > 1 else f'{min(seeds)} each'}"
    counts = found.means[["clips", "actors"]].dropna().drop_duplicates()
    if len(counts) == 1:
        facts["Test clips"] = f"{counts['clips'].iloc[0]} of {counts['actors'].iloc[0]} actors"
    else:
        facts["Test clips"] = "differ between settings; see the tables"
    for name, value in tables.constant.items():
        title = name.replace("_", " ").capitalize()
        facts[title] = (
            _YES.get(str(value), str(value)) if name in BASIS else f"{100 * float(str(value)):.2f}% in every cell"
        )
    return facts


def shared_warnings(reports: Sequence[CellReport]) -> list[str]:
    """The warnings of cells, with the number of cells that have each. Those that differ in numbers alone are one."""
    every = dict.fromkeys(sentence for report in reports for sentence in report.warnings)
    alike = Counter(_NUMBER.sub("…", sentence) for sentence in every)

    def told(sentence: str) -> str:
        general = _NUMBER.sub("…", sentence)
        return general if alike[general] > 1 else sentence

    counts = Counter(told(sentence) for report in reports for sentence in report.warnings)
    return [
        sentence if number == len(reports) else f"{sentence} (This holds for {number} of {len(reports)} cells.)"
        for sentence, number in counts.items()
    ]


def different_clips(found: Statistics) -> list[str]:
    """A sentence that names the settings whose seeds were tested on different clips; none without such a setting."""
    numbers = [number for number, over in enumerate(found.means["interval_over"]) if over == DIFFERENT]
    if not numbers:
        return []
    counted = "1 setting has a mean alone" if len(numbers) == 1 else f"{len(numbers)} settings have means alone"
    return [
        f"{counted}, without a deviation, an interval and tables over seeds, as the seeds were tested on different "
        f"clips: {_named(found, numbers)}."
    ]


def different_devices(reports: Sequence[CellReport]) -> list[str]:
    """A sentence for each modality whose models were not all trained on the same device; empty if there is none."""
    modalities = dict.fromkeys(name for report in reports for name in report.devices)
    devices = {name: sorted({device for one in reports for device in one.devices.get(name, [])}) for name in modalities}
    return [
        f"{heading(name)} was trained on different devices ({', '.join(used)}). Each device draws other random "
        "numbers, so two settings also differ as two seeds do."
        for name, used in devices.items()
        if len(used) > 1
    ]


def _named(found: Statistics, numbers: Sequence[int]) -> str:
    """The first of some settings by their levels, and how many more there are."""
    names = [words(found.settings[number].levels) for number in numbers]
    return "; ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")


def _are_alike(found: Statistics, setting: int) -> bool:
    """Whether all cells of a setting have the same figures."""
    figures = found.cells[found.cells["setting"] == setting].drop(columns=["cell", "setting"])
    return len(figures.drop_duplicates()) == 1


def _without_effect(grid: Grid, found: Statistics, factors: Sequence[str]) -> list[str]:
    """The factors at whose levels all figures are the same, wherever the other factors are the same."""
    about = {cell.name: cell.factors for cell in grid.cells}
    levels = pd.DataFrame([about[name] for name in found.cells["cell"]], found.cells.index)
    figures = found.cells.drop(columns=["cell", "setting"]).apply(tuple, axis=1)
    alike = []
    for factor in factors:
        others = [name for name in levels if name != factor]
        groups = figures.groupby([levels[name] for name in others]) if others else [("", figures)]
        pairs = [group for _, group in groups if len(group) > 1]
        if pairs and all(len(set(group)) == 1 for group in pairs):
            alike.append(factor)
    return alike


def _notes(grid: Grid, found: Statistics, tables: GridTables) -> list[str]:
    notes = []
    if found.not_compared:
        settings = "setting was" if len(found.not_compared) == 1 else "settings were"
        notes.append(
            f"{len(found.not_compared)} {settings} not compared, as they were not tested on the clips of the baseline "
            f"with the same emotions: {_named(found, found.not_compared)}. Effects and interactions leave them out too."
        )
    notes += different_clips(found)
    draws = {cell.name for cell in grid.cells if cell.draws}
    # where nothing is drawn at random, another seed gives the same
    single = [one for one in found.settings if len(one.cells) == 1 and draws.intersection(one.cells.values())]
    if single:
        which, their = f"{len(single)} settings have", "Their intervals are"
        if len(single) == len(found.settings):
            which = "Every setting has"
        elif len(single) == 1:
            which, their = "1 setting has", "Its interval is"
        notes.append(
            f"{which} one seed. {their} over actors alone: another seed may change an accuracy by more than the "
            "interval says."
        )
    repeated = [number for number, one in enumerate(found.settings) if len(one.cells) > 1]
    alike = [
        number
        for number in repeated
        if not draws.intersection(found.settings[number].cells.values()) and _are_alike(found, number)
    ]
    if alike:
        which = "the setting" if len(repeated) == 1 else f"{len(alike)} of {len(repeated)} settings"
        notes.append(
            f"In {which} with several cells ({' and '.join(tables.repeats)}), nothing is drawn at random and all cells "
            "have the same result: it is one result, counted several times. Its deviation of 0 says nothing of other "
            "trainings."
        )
    for factor in _without_effect(grid, found, tables.questions):
        notes.append(
            f"The figures are the same at all levels of {factor}, wherever the other factors are the same. So it has "
            "no effect in these cells, and its differences of 0 are one result, counted several times."
        )
    negative = found.variance.loc[found.variance["measure"] == ACCURACY, "set_to_0"]
    if count := int((negative != "").sum()):
        notes.append(
            f"In {count} of {len(negative)} settings a variance was estimated as negative, and set to 0 (variance.csv)."
        )
    return notes
