"""Tables 1 and 2 of the paper for our predictions: as data, and as Markdown with the paper's printed values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from emofusion.emotions import in_order
from emofusion.evaluation.accuracy import by_subset, unweighted_average_recall
from emofusion.reporting.facts import Facts
from emofusion.reporting.wording import UAR, escaped, heading, percent

# the order of the rows in the paper's tables; the paper's "fear" has the name fearful here
PAPER_ORDER = ("neutral", "disgust", "fearful", "happy", "sad", "angry")
PAPER_GENDERS = ("male", "female")


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


def table1(measured: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """The paper's Table 1, with one row for each emotion. Accuracies are fractions.

    Columns: emotion, clips; for each system `<system>_correct` and `<system>_accuracy`; `published_<system>` where the
    paper has a value; the columns of `Facts.basis`.

    measured: from `measure`.
    """
    published = (facts.settings.published or {}).get("table1", {})
    table = pd.DataFrame({"emotion": _rows(measured, published, facts.settings.classes)})
    return facts.described(_fill(table, measured, "all", "", published))


def table2(measured: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """The paper's Table 2: the columns of `table1` for men, then for women.

    Each column's name begins with `male_` or `female_` (published values: `published_male_<system>`).
    """
    published = (facts.settings.published or {}).get("table2", {})
    printed = [emotion for values in published.values() for emotion in values]
    table = pd.DataFrame({"emotion": _rows(measured, printed, facts.settings.classes)})
    for gender in PAPER_GENDERS:
        table = _fill(table, measured, gender, f"{gender}_", published.get(gender, {}))
    return facts.described(table)


def markdown1(table: pd.DataFrame, systems: list[str], facts: Facts) -> str:
    """`table1` in the paper's layout, as Markdown: percentages, each with its numbers of clips."""
    columns = {heading(system): ("", system) for system in systems}
    return _markdown("Table 1. Emotion classification accuracy", table, columns, facts)


def markdown2(table: pd.DataFrame, systems: list[str], facts: Facts) -> str:
    """`table2` in the paper's layout, as Markdown: percentages, each with its numbers of clips."""
    columns = {
        f"{gender.capitalize()}({heading(system, short=True)})": (f"{gender}_", system)
        for gender in PAPER_GENDERS
        for system in systems
    }
    return _markdown("Table 2. Gender difference", table, columns, facts, facts.trained_on())


def _rows(measured: pd.DataFrame, printed: Iterable[str], classes: Sequence[str]) -> list[str]:
    """The rows of a table: the paper's emotions in its order, other tested or printed emotions, and the summaries."""
    emotions = {*measured["emotion"], *printed} - {"all", UAR}
    first = [emotion for emotion in PAPER_ORDER if emotion in emotions]
    return [*first, *in_order(emotions - set(first), classes), "all", UAR]


def _fill(
    table: pd.DataFrame, measured: pd.DataFrame, gender: str, prefix: str, published: Mapping[str, Mapping[str, float]]
) -> pd.DataFrame:
    """Add the columns of one gender, or of `all`, to the table. published: emotion → system → percentage."""
    of_gender = measured[measured["gender"] == gender]
    clips = of_gender.groupby("emotion")["clips"].max()
    table[f"{prefix}clips"] = clips.reindex(table["emotion"], fill_value=0).to_numpy()
    systems = list(measured["system"].unique())
    for system in systems:
        rows = of_gender[of_gender["system"] == system].set_index("emotion").reindex(table["emotion"])
        table[f"{prefix}{system}_correct"] = rows["correct"].array
        table[f"{prefix}{system}_accuracy"] = rows["accuracy"].array
    for system in systems:
        values = [published.get(emotion, {}).get(system) for emotion in table["emotion"]]
        if any(value is not None for value in values):
            # published values are percentages with two decimals
            table[f"published_{prefix}{system}"] = (pd.Series(values, dtype=float) / 100).round(6)
    return table


def _markdown(
    title: str, table: pd.DataFrame, columns: dict[str, tuple[str, str]], facts: Facts, note: str = ""
) -> str:
    """The table as Markdown, with its title, warnings and notes. columns: heading → (prefix of the columns, system)."""
    shown = pd.DataFrame({"Emotion": table["emotion"].map(escaped)})
    for name, (prefix, system) in columns.items():
        shown[name] = [
            _cell(accuracy, correct, clips)
            for accuracy, correct, clips in zip(
                table[f"{prefix}{system}_accuracy"],
                table[f"{prefix}{system}_correct"],
                table[f"{prefix}clips"],
                strict=True,
            )
        ]
    for name, (prefix, system) in columns.items():
        if (column := f"published_{prefix}{system}") in table:
            shown[f"{name}, published"] = ["–" if pd.isna(value) else percent(value) for value in table[column]]
    body = shown.to_markdown(
        index=False, colalign=["left"] + ["right"] * (len(shown.columns) - 1), disable_numparse=True
    )
    notes = [f"Protocol: {facts.settings.protocol}. In brackets: recognised clips / tested clips."]
    if any(name.endswith(", published") for name in shown):
        source = (facts.settings.published or {}).get("source", "see the configuration")
        notes.append(f"The published values are from the test clips of their authors: {escaped(str(source))}.")
    if note:
        notes.append(note)
    warnings = [f"**{escaped(line)}**" for line in facts.warnings()]
    return "\n\n".join([f"**{title}**", *warnings, body, *notes]) + "\n"


def _cell(accuracy: float, correct: Any, clips: int) -> str:
    """An accuracy (0–1) in percent with its numbers of clips; `correct` is missing for a mean over emotions."""
    if pd.isna(accuracy):
        return "no clips"
    return f"{percent(accuracy)} " + (f"(n={clips})" if pd.isna(correct) else f"({correct}/{clips})")
