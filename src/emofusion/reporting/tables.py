"""Tables 1 and 2 of the paper, for our predictions: as data, and in the paper's layout beside its published values."""

import pandas as pd

from emofusion.emotions import in_order
from emofusion.evaluation.accuracy import by_subset, unweighted_average_recall
from emofusion.reporting.wording import UAR, basis, heading, percent, warnings

# the rows of the paper's tables; its "fear" is our fearful
PAPER_ORDER = ("neutral", "disgust", "fearful", "happy", "sad", "angry")
PAPER_GENDERS = ("male", "female")


def measure(systems: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Every figure of both tables: system, gender, emotion, correct, clips, accuracy (0–1).

    systems: modality or `fusion` → its test rows (`tables.PREDICTIONS`). The emotion may also be `all`, or
    `unweighted average recall`, which has no count of correct clips.
    """
    parts = []
    for rows in systems.values():
        counted = by_subset(rows)
        recalls = counted[counted["emotion"] == "all"].assign(emotion=UAR, correct=pd.NA)
        chosen = [rows if gender == "all" else rows[rows["gender"] == gender] for gender in recalls["gender"]]
        recalls["accuracy"] = [unweighted_average_recall(part) for part in chosen]
        parts.append(pd.concat([counted.astype({"correct": "Int64"}), recalls.astype({"correct": "Int64"})]))
    return pd.concat(parts, keys=systems, names=["system", None]).reset_index("system").reset_index(drop=True)


def table1(measured: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The paper's Table 1: emotion, clips, then `<system>_correct` and `<system>_accuracy` for each system, where
    published `published_<system>`, and what the figures rest on. Accuracies are fractions.

    measured: from `measure`. settings: the report's (`published`, `protocol`, `demo`).
    """
    published = (settings["published"] or {}).get("table1", {})
    table = pd.DataFrame({"emotion": _rows(measured, published)})
    return _fill(table, measured, "all", "", published).assign(**basis(settings))


def table2(measured: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The paper's Table 2: as `table1`, but each column for men and then for women, with `male_` or `female_` before
    it (`published_male_<system>`)."""
    published = (settings["published"] or {}).get("table2", {})
    printed = [emotion for values in published.values() for emotion in values]
    table = pd.DataFrame({"emotion": _rows(measured, printed)})
    for gender in PAPER_GENDERS:
        table = _fill(table, measured, gender, f"{gender}_", published.get(gender, {}))
    return table.assign(**basis(settings))


def markdown1(table: pd.DataFrame, systems: list[str], settings: dict) -> str:
    """Table 1 in the paper's layout: percent, and of how many clips."""
    columns = {heading(system): ("", system) for system in systems}
    return _markdown("Table 1. Emotion classification accuracy", table, columns, settings)


def markdown2(table: pd.DataFrame, systems: list[str], settings: dict) -> str:
    """Table 2 in the paper's layout: percent, and of how many clips."""
    columns = {
        f"{gender.capitalize()}({heading(system, short=True)})": (f"{gender}_", system)
        for gender in PAPER_GENDERS
        for system in systems
    }
    return _markdown("Table 2. Gender difference", table, columns, settings)


def _rows(measured: pd.DataFrame, printed) -> list[str]:
    """The paper's emotions in its order, then others, as far as they were tested or printed; then the summaries."""
    found = {*measured["emotion"], *printed} - {"all", UAR}
    first = [emotion for emotion in PAPER_ORDER if emotion in found]
    return [*first, *in_order(found - set(first)), "all", UAR]


def _fill(table: pd.DataFrame, measured: pd.DataFrame, gender: str, prefix: str, published: dict) -> pd.DataFrame:
    chosen = measured[measured["gender"] == gender]
    clips = chosen.groupby("emotion")["clips"].max()
    table[f"{prefix}clips"] = clips.reindex(table["emotion"], fill_value=0).to_numpy()
    systems = list(measured["system"].unique())
    for system in systems:
        found = chosen[chosen["system"] == system].set_index("emotion").reindex(table["emotion"])
        table[f"{prefix}{system}_correct"] = found["correct"].array
        table[f"{prefix}{system}_accuracy"] = found["accuracy"].array
    for system in systems:
        values = [published.get(emotion, {}).get(system) for emotion in table["emotion"]]
        if any(value is not None for value in values):
            # published values are percentages with two decimals
            table[f"published_{prefix}{system}"] = (pd.Series(values, dtype=float) / 100).round(6)
    return table


def _markdown(title: str, table: pd.DataFrame, columns: dict[str, tuple[str, str]], settings: dict) -> str:
    shown = pd.DataFrame({"Emotion": table["emotion"]})
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
    notes = [f"Protocol: {settings['protocol']['name']}. In brackets: clips recognised / clips tested."]
    if any(name.endswith(", published") for name in shown):
        source = settings["published"].get("source", "see the configuration")
        notes.append(f"Published values rest on their authors' own test clips: {source}.")
    warned = [f"**{line}**" for line in warnings(settings)]
    return "\n\n".join([f"**{title}**", *warned, body, *notes]) + "\n"


def _cell(accuracy: float, correct, clips: int) -> str:
    if pd.isna(accuracy):
        return "no clips"
    return f"{percent(accuracy)} " + (f"(n={clips})" if pd.isna(correct) else f"({correct}/{clips})")
