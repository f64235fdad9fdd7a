"""Tables 1 and 2 of the paper over the seeds of a setting: mean, standard deviation and interval in each cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from emofusion.evaluation.grid.measures import ACCURACY, RECALL
from emofusion.evaluation.grid.settings import Setting
from emofusion.evaluation.grid.summarise import Statistics
from emofusion.reporting import tables
from emofusion.reporting.facts import Facts
from emofusion.reporting.grid.cells import CellReport, Grid, GridCell, not_complete
from emofusion.reporting.grid.facts import different_clips, shared_warnings, words
from emofusion.reporting.grid.page_tables import column, table_of, together
from emofusion.reporting.grid.seeds import MODALITY, of_levels
from emofusion.reporting.numbers import level
from emofusion.reporting.rounding import percentage
from emofusion.reporting.trained import GENDER, trained_in_words
from emofusion.reporting.wording import FUSION, escaped, percent

FIGURES = ("mean", "deviation", "least", "most", "low", "high")
_TRAINED_DIFFERENTLY = "Who trained each modality differs between the seeds; see the reports of the cells."


@dataclass(frozen=True)
class PaperTables:
    """The tables of one setting.

    levels: of the setting. is_baseline: whether it is the baseline. first, second: `tables.table1` and `tables.table2`.
    systems: modalities and `fusion`, which is the configured rule. facts: of its first cell's report. cells: what the
    tables' cells contain. warnings: of the reports of its cells.
    """

    levels: dict[str, str]
    is_baseline: bool
    first: pd.DataFrame
    second: pd.DataFrame
    systems: list[str]
    facts: Facts
    cells: tables.Cells
    warnings: list[str]


def paper_tables(
    grid: Grid, found: Statistics, order: Sequence[int], seeds: pd.DataFrame, reports: Sequence[CellReport]
) -> list[PaperTables]:
    """The tables of every setting that has figures over seeds.

    Args:
        grid: the grid.
        found: its statistics.
        order: the positions of the settings, in the order of the tables.
        seeds: of `seeds.seeds_over_settings`.
        reports: what each cell's report says, in the order of the cells.

    Raises:
        EmofusionError: a report is not complete.
    """
    cells = {cell.name: (cell, report) for cell, report in zip(grid.cells, reports, strict=True)}
    made = []
    for number in order:
        setting = found.settings[number]
        rows = of_levels(seeds, setting.levels)
        if len(setting.cells) > 1 and len(rows):
            members = [cells[name] for name in setting.cells.values()]
            made.append(_of_setting(setting, rows, members, number == found.baseline, grid.evaluation.confidence))
    return made


def _of_setting(
    setting: Setting,
    rows: pd.DataFrame,
    members: Sequence[tuple[GridCell, CellReport]],
    is_baseline: bool,
    confidence: float,
) -> PaperTables:
    cell, report = members[0]
    shown = rows[(rows["kind"] == MODALITY) | rows["configured"]]
    shown = shown[shown["metric"].isin([ACCURACY, RECALL])]
    shown = shown.assign(system=shown["system"].mask(shown["configured"], FUSION))
    systems = [name for name in (*cell.settings.modalities, FUSION) if name in set(shown["system"])]
    overall = shown[(shown["gender"] == "all") & (shown["emotion"] == "all")].iloc[0]
    fused = rows.loc[rows["configured"], "label"].iloc[:1]
    explained = (
        f"Each cell: mean ± standard deviation over {overall['seeds']} seeds [{level(confidence)} interval for new "
        f"seeds and new actors, where there are enough actors]. {overall['clips']} test clips of {overall['actors']} "
        "actors with each seed."
    ) + "".join(f" Fusion: {label}." for label in fused)
    counted = tables.Cells(("clips", "actors"), FIGURES, _over_seeds, explained, counts_apart=True)
    facts = Facts(cell.settings, report.transductive, trained=_trained([cell for cell, _ in members]))
    # as in a report, the columns stand in the order of the systems
    measured = pd.concat([shown[shown["system"] == name] for name in systems])
    first, second = (make(measured, facts, counted) for make in (tables.table1, tables.table2))
    warnings = shared_warnings([report for _, report in members])
    seeds = int(overall["seeds"])
    return PaperTables(
        setting.levels,
        is_baseline,
        first.assign(seeds=seeds),
        second.assign(seeds=seeds),
        systems,
        facts,
        counted,
        warnings,
    )


def _over_seeds(row: Mapping[Any, Any], system: str, prefix: str) -> str:
    """A cell, such as `62.18% ± 1.30 [55.1, 68.9]`."""
    mean, deviation, low, high = (row[f"{system}_{name}"] for name in ("mean", "deviation", "low", "high"))
    if pd.isna(mean):
        return tables.NO_CLIPS
    ends = "" if pd.isna(low) else f" [{percentage(low, 1)}, {percentage(high, 1)}]"
    return f"{percent(mean)} ± {percentage(deviation)}{ends}"


def _trained(cells: Sequence[GridCell]) -> dict[str, str]:
    """Who trained each modality, in words, beside the gap of men and women."""
    told = set()
    for cell in cells:
        path = cell.folder / "trained.csv"
        try:
            table = pd.read_csv(path, dtype={"level": str, "corpus": str}, keep_default_na=False)
            told.add(trained_in_words(table, cell.settings.modalities, [])[GENDER])
        except (OSError, ValueError, KeyError) as error:
            raise not_complete(cell, error) from error
    return {GENDER: told.pop() if len(told) == 1 else _TRAINED_DIFFERENTLY}


def as_one_table(made: Sequence[PaperTables], which: str) -> pd.DataFrame:
    """Table `first` or `second` of all settings below each other, with the levels of each setting.

    What a report says of the protocol has the suffix `_of_report` where the protocol varies, as in `settings.csv`.
    """
    parts = []
    for one in made:
        table: pd.DataFrame = getattr(one, which)
        table = table.rename(columns={name: f"{name}_of_report" for name in table if name in one.levels})
        for at, (name, value) in enumerate(one.levels.items()):
            table.insert(at, name, value)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def as_markdown(made: Sequence[PaperTables], which: str, found: Statistics) -> str:
    """Table `first` or `second` as Markdown, with a section for each setting.

    The settings that have no table are counted at the end.
    """
    write = tables.markdown1 if which == "first" else tables.markdown2
    parts = []
    for one in made:
        if one.levels:
            parts.append(f"## {'Baseline: ' if one.is_baseline else ''}{escaped(words(one.levels))}\n")
        parts.append(write(getattr(one, which), one.systems, one.facts, one.cells, one.warnings))
    return "\n".join([*parts, *(f"{escaped(line)}\n" for line in without_tables(found))])


def without_tables(found: Statistics) -> list[str]:
    """Sentences on the settings that have no tables over seeds."""
    single = int((found.means["seeds"] == 1).sum())
    settings = "1 setting has one seed, and so" if single == 1 else f"{single} settings have one seed each, and so"
    return [*([f"{settings} no table here."] if single else []), *different_clips(found)]


def page_table(one: PaperTables, which: str) -> dict[str, Any]:
    """Table `first` or `second` of the baseline for the page."""
    table: pd.DataFrame = getattr(one, which)
    columns = tables.columns1(one.systems) if which == "first" else tables.columns2(one.systems)
    prefixes = dict.fromkeys(prefix for prefix, _ in columns.values())
    shown = [column(table, "emotion", "Emotion", "text")]
    for name, (prefix, system) in columns.items():
        ends = [f"{prefix}{system}_{figure}" for figure in ("mean", "deviation", "low", "high")]
        shown.append(together(table, ends, name, "spread"))
    # behind the figures, of which a phone shows the first
    shown += [column(table, f"{prefix}clips", tables.clips_heading(prefix), "count") for prefix in prefixes]
    for name, (prefix, system) in columns.items():
        if (published := f"published_{prefix}{system}") in table:
            shown.append(column(table, published, f"{name}, published", "share"))
    title = tables.TITLES[0 if which == "first" else 1]
    setting = f" of the baseline ({words(one.levels)})" if one.levels else ""
    return table_of(f"paper_{which}", f"{title}, over seeds{setting}", shown)


def page_notes(one: PaperTables) -> dict[str, list[str]]:
    """Table → the sentences below it on the page; those of the second only where the first does not have them."""
    first = tables.explanations(one.first, one.facts, one.cells)
    second = tables.explanations(one.second, one.facts, one.cells, one.facts.trained_on())
    return {"first": first, "second": [line for line in second if line not in first]}
