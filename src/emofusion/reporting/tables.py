"""Tables 1 and 2 of the paper for our predictions: as data, and as Markdown with the paper's printed values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from emofusion.emotions import in_order
from emofusion.evaluation.accuracy import by_subset, unweighted_average_recall
from emofusion.reporting.facts import Facts
from emofusion.reporting.wording import UAR, escaped, heading, percent

# the order of the rows in the paper's tables; the paper's "fear" has the name fearful here
PAPER_ORDER = ("neutral", "disgust", "fearful", "happy", "sad", "angry")
PAPER_GENDERS = ("male", "female")
TITLES = ("Table 1. Emotion classification accuracy", "Table 2. Gender difference")


@dataclass(frozen=True)
class Cells:
    """What the cells of a table contain, and how they are put into words.

    counts: the numbers of a row, columns of the measured table that are the same for all systems; the first is `clips`.
    figures: the columns that each system has. text: a row of the table, the beginning of the names of a system's
    columns, and that of the counts' columns → the text of a cell. explained: a sentence on these texts. counts_apart:
    whether the numbers of clips stand in columns of their own.
    """

    counts: tuple[str, ...]
    figures: tuple[str, ...]
    text: Callable[[Mapping[Any, Any], str, str], str]
    explained: str
    counts_apart: bool = False


def _of_one_training(row: Mapping[Any, Any], system: str, prefix: str) -> str:
    """An accuracy (0–1) in percent with its numbers of clips; `correct` is missing for a mean over emotions."""
    accuracy, correct, clips = row[f"{system}_accuracy"], row[f"{system}_correct"], row[f"{prefix}clips"]
    if pd.isna(accuracy):
        return NO_CLIPS
    return f"{percent(accuracy)} " + (f"(n={clips})" if pd.isna(correct) else f"({correct}/{clips})")


NO_CLIPS = "no clips"
ONE_TRAINING = Cells(
    ("clips",), ("correct", "accuracy"), _of_one_training, "In brackets: recognised clips / tested clips."
)


def measure(systems: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """All numbers of both tables, with the columns system, gender, emotion, correct, clips, accuracy (0–1).

    gender may be `all`. emotion may be `all` or `unweighted average recall`, which has no number of correct clips.

    systems: modality or `fusion` → its test rows (`tables.PREDICTIONS`).
    """
    counts = []
    for rows in systems.values():
        counted = by_subset(rows)
        recalls = counted[counted["emotion"] == "all"].assign(emotion=UAR, correct=pd.NA)
        subsets = [rows if gender == "all" else rows[rows["gender"] == gender] for gender in recalls["gender"]]
        recalls["accuracy"] = [unweighted_average_recall(subset) for subset in subsets]
        counts.append(pd.concat([counted.astype({"correct": "Int64"}), recalls.astype({"correct": "Int64"})]))
    return pd.concat(counts, keys=systems, names=["system", None]).reset_index("system").reset_index(drop=True)


def table1(measured: pd.DataFrame, facts: Facts, cells: Cells = ONE_TRAINING) -> pd.DataFrame:
    """The paper's Table 1, with one row for each emotion. Accuracies are fractions.

    Columns: emotion; the counts, such as clips; for each system its figures, such as `<system>_correct` and
    `<system>_accuracy`; `published_<system>` where the paper has a value; the columns of `Facts.basis`.

    Args:
        measured: the columns system, gender, emotion, and those that `cells` names, as from `measure`.
        facts: the facts about the report.
        cells: which columns the cells are made of.
    """
    published = (facts.settings.published or {}).get("table1", {})
    table = pd.DataFrame({"emotion": _rows(measured, published, facts.settings.classes)})
    return facts.described(_fill(table, measured, "all", "", published, cells))


def table2(measured: pd.DataFrame, facts: Facts, cells: Cells = ONE_TRAINING) -> pd.DataFrame:
    """The paper's Table 2: the columns of `table1` for men, then for women.

    Each column's name begins with `male_` or `female_` (published values: `published_male_<system>`).
    """
    published = (facts.settings.published or {}).get("table2", {})
    printed = [emotion for values in published.values() for emotion in values]
    table = pd.DataFrame({"emotion": _rows(measured, printed, facts.settings.classes)})
    for gender in PAPER_GENDERS:
        table = _fill(table, measured, gender, f"{gender}_", published.get(gender, {}), cells)
    return facts.described(table)


def columns1(systems: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The columns of Table 1: heading → (how the names of its columns begin, system)."""
    return {heading(system): ("", system) for system in systems}


def columns2(systems: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The columns of Table 2: heading → (how the names of its columns begin, system)."""
    return {
        f"{gender.capitalize()}({heading(system, short=True)})": (f"{gender}_", system)
        for gender in PAPER_GENDERS
        for system in systems
    }


def markdown1(
    table: pd.DataFrame,
    systems: Sequence[str],
    facts: Facts,
    cells: Cells = ONE_TRAINING,
    warnings: Sequence[str] | None = None,
) -> str:
    """`table1` in the paper's layout, as Markdown.

    Args:
        table: from `table1`.
        systems: modalities and `fusion`, in their order.
        facts: the facts about the report.
        cells: what its cells contain.
        warnings: sentences above the table; those of the facts where there is none.
    """
    return _markdown(TITLES[0], table, columns1(systems), facts, cells, warnings)


def markdown2(
    table: pd.DataFrame,
    systems: Sequence[str],
    facts: Facts,
    cells: Cells = ONE_TRAINING,
    warnings: Sequence[str] | None = None,
) -> str:
    """`table2` in the paper's layout, as Markdown. The arguments are those of `markdown1`."""
    return _markdown(TITLES[1], table, columns2(systems), facts, cells, warnings, facts.trained_on())


def explanations(table: pd.DataFrame, facts: Facts, cells: Cells, more: str = "") -> list[str]:
    """The sentences below a table: its protocol, what its cells contain, and where published values are from.

    more: a further sentence. The other arguments are those of `markdown1`.
    """
    notes = [f"Protocol: {facts.settings.protocol}. {cells.explained}"]
    if any(str(name).startswith("published_") for name in table):
        source = (facts.settings.published or {}).get("source", "see the configuration")
        notes.append(f"The published values are from the test clips of their authors: {source}.")
    return [*notes, *([more] if more else [])]


def _rows(measured: pd.DataFrame, printed: Iterable[str], classes: Sequence[str]) -> list[str]:
    """The rows of a table: the paper's emotions in its order, other tested or printed emotions, and the summaries."""
    emotions = {*measured["emotion"], *printed} - {"all", UAR}
    first = [emotion for emotion in PAPER_ORDER if emotion in emotions]
    return [*first, *in_order(emotions - set(first), classes), "all", UAR]


def _fill(
    table: pd.DataFrame,
    measured: pd.DataFrame,
    gender: str,
    prefix: str,
    published: Mapping[str, Mapping[str, float]],
    cells: Cells,
) -> pd.DataFrame:
    """Add the columns of one gender, or of `all`, to the table. published: emotion → system → percentage."""
    of_gender = measured[measured["gender"] == gender]
    for name in cells.counts:
        count = of_gender.groupby("emotion")[name].max()
        table[f"{prefix}{name}"] = count.reindex(table["emotion"], fill_value=0).to_numpy()
    systems = list(measured["system"].unique())
    for system in systems:
        rows = of_gender[of_gender["system"] == system].set_index("emotion").reindex(table["emotion"])
        for name in cells.figures:
            table[f"{prefix}{system}_{name}"] = rows[name].array
    for system in systems:
        values = [published.get(emotion, {}).get(system) for emotion in table["emotion"]]
        if any(value is not None for value in values):
            # published values are percentages with two decimals
            table[f"published_{prefix}{system}"] = (pd.Series(values, dtype=float) / 100).round(6)
    return table


def _markdown(
    title: str,
    table: pd.DataFrame,
    columns: dict[str, tuple[str, str]],
    facts: Facts,
    cells: Cells,
    warnings: Sequence[str] | None,
    note: str = "",
) -> str:
    """The table as Markdown, with its title, warnings and notes. columns: heading → (prefix of the columns, system)."""
    shown = pd.DataFrame({"Emotion": table["emotion"].map(escaped)})
    if cells.counts_apart:
        for prefix in dict.fromkeys(prefix for prefix, _ in columns.values()):
            shown[clips_heading(prefix)] = table[f"{prefix}clips"].astype(str)
    rows = table.to_dict("records")
    for name, (prefix, system) in columns.items():
        shown[name] = [cells.text(row, f"{prefix}{system}", prefix) for row in rows]
    for name, (prefix, system) in columns.items():
        if (column := f"published_{prefix}{system}") in table:
            shown[f"{name}, published"] = ["–" if pd.isna(value) else percent(value) for value in table[column]]
    body = shown.to_markdown(
        index=False, colalign=["left"] + ["right"] * (len(shown.columns) - 1), disable_numparse=True
    )
    notes = [escaped(line) for line in explanations(table, facts, cells, note)]
    above = [f"**{escaped(line)}**" for line in (facts.warnings() if warnings is None else warnings)]
    return "\n\n".join([f"**{title}**", *above, body, *notes]) + "\n"


def clips_heading(prefix: str) -> str:
    """The heading of a column of numbers of clips. prefix: how the names of its columns begin, such as `male_`."""
    return f"{prefix.rstrip('_').capitalize()}(clips)" if prefix else "Clips"
