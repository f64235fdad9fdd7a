"""Classes and actors for the summary, as Markdown."""

import pandas as pd

from emofusion.plan.settings import ReportSettings
from emofusion.reporting.facts import Facts
from emofusion.reporting.numbers import level, with_interval
from emofusion.reporting.rounding import percentage
from emofusion.reporting.wording import escaped, heading, percent

MOST = 5  # of the best and of the worst actors


def classes_markdown(table: pd.DataFrame, facts: Facts) -> str:
    """Precision, recall and F1 of each class by the configured rule; with one modality, by this.

    table: `classes` of the evaluation, with the column `system`.
    """
    system, settings = systems_of(facts.settings)[0], facts.settings
    rows = [
        {
            "Class": escaped(row["emotion"]),
            "Clips": row["clips"],
            "Predicted": row["predicted"],
            "Recognised": row["correct"],
            **{title: _figure(row, name) for name, title in _TITLES.items()},
        }
        for row in table[table["system"] == system].to_dict("records")
    ]
    foot = (
        f"Of {'the configured rule' if len(settings.modalities) > 1 else heading(system)}. Precision: recognised clips "
        "/ clips predicted as the class. Recall: recognised clips / clips of the class. In brackets: "
        f"{level(settings.confidence)} intervals over actors. classes.csv has all rules and modalities."
    )
    return f"{_table(rows)}\n\n{foot}\n"


_BETWEEN = {"fold": "between folds", "actor": "between actors"}
_TITLES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}


def actors_markdown(table: pd.DataFrame, facts: Facts) -> str:
    """The actors whom the configured rule recognises best, and those whom it recognises worst.

    table: `actors` of the evaluation, with the column `system`.
    """
    systems, settings = systems_of(facts.settings), facts.settings
    overall = table[table["emotion"] == "all"]
    ranked = overall[overall["system"] == systems[0]].sort_values(["accuracy", "actor"], ascending=[False, True])
    accuracy = overall.set_index(["system", "actor"])["accuracy"]
    few = len(ranked) <= 2 * MOST
    rows = [
        {
            "Place": place,
            "Actor": f"{escaped(row['actor'])} ({row['gender']})",
            "Recognised": f"{row['correct']}/{row['clips']}",
            **{name_of(name, settings): percent(accuracy[name, row["actor"]]) for name in systems},
        }
        for place, row in enumerate(ranked.to_dict("records"), start=1)
        if few or place <= MOST or place > len(ranked) - MOST
    ]
    all_of_them = "" if few else f"The {MOST} best and the {MOST} worst of {len(ranked)} actors. "
    foot = (
        f"{all_of_them}Sorted by the accuracy of {name_of(systems[0], settings)}, which is from "
        f"{percent(ranked['accuracy'].min())} to {percent(ranked['accuracy'].max())}, with a median of "
        f"{percent(ranked['accuracy'].median())}. actors.csv.gz has all actors, emotions, rules and modalities."
    )
    return f"{_table(rows)}\n\n{foot}\n"


def folds_markdown(folds: pd.DataFrame, variance: pd.DataFrame, facts: Facts) -> str:
    """The accuracy of each fold, and the standard deviations between folds and between actors; empty for one fold.

    folds, variance: the tables of `evaluation.folds`, with the column `rule`.
    """
    systems, settings = systems_of(facts.settings), facts.settings
    if len(folds["fold"].unique()) == 1:
        return ""
    first = folds[folds["rule"] == systems[0]]
    accuracy = folds.set_index(["rule", "fold"])["accuracy"]
    rows: list[dict[str, object]] = [
        {
            "Fold": f"{row['fold']}",
            "Clips (actors)": f"{row['clips']} ({row['actors']})",
            **{name_of(name, settings): percent(accuracy.get((name, row["fold"]), float("nan"))) for name in systems},
        }
        for row in first.to_dict("records")
    ]
    of = variance.set_index("rule")
    for title, name in (("Between folds", "fold"), ("Between actors", "actor"), ("Chance of clips", "clips")):
        shown = {name_of(system, settings): _points(of.loc[system, name]) for system in systems}
        rows.append({"Fold": f"*{title}*", "Clips (actors)": "", **shown})
    foot = (
        "The last rows are standard deviations of accuracies, in percentage points: between folds, between the actors "
        "of a fold (among men and among women), and what the chance of single clips alone would give an actor's "
        "accuracy, which the deviation between actors contains."
    )
    zero = [
        f"{name_of(system, settings)} ({', '.join(_BETWEEN[part] for part in negative.split(' and '))})"
        for system in systems
        if (negative := of.loc[system, "set_to_0"])
    ]
    if zero:
        foot += f" A variance that was estimated as negative was set to 0: of {', '.join(zero)}."
    return f"{_table(rows)}\n\n{foot}\n"


def _points(share: float) -> str:
    return "–" if pd.isna(share) else percentage(share)


def systems_of(settings: ReportSettings) -> list[str]:
    """The configured rule and the modalities; with one modality, this alone."""
    return settings.modalities if len(settings.modalities) == 1 else [settings.rule, *settings.modalities]


def name_of(system: str, settings: ReportSettings) -> str:
    """The heading of a modality, or of the fusion for the configured rule."""
    return heading(system) if system in settings.modalities else heading("fusion")


def _figure(row: dict[str, float], name: str) -> str:
    return with_interval((row[f"{name}{end}"] for end in ("", "_low", "_high")), percent)


def _table(rows: list[dict[str, object]]) -> str:
    shown = pd.DataFrame(rows)
    aligned = ["left", *["right"] * (len(shown.columns) - 1)]
    text: str = shown.to_markdown(index=False, colalign=aligned, disable_numparse=True)
    return text
