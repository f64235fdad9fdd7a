"""The model card of a registered model, filled in from the report of its experiment (Mitchell et al. 2019, Model Cards
for Model Reporting, arXiv 1810.03993).
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from emofusion.reporting.numbers import number, points, share, with_interval
from emofusion.scoring.bundle import Bundle

FILE = "model_card.md"


def write_card(bundle: Bundle, published: Path, out: Path) -> str:
    """Write `model_card.md`, and return its text.

    Args:
        bundle: the model.
        published: the folder of the report in `results/reports/`.
        out: the folder of the card.
    """
    rules = pd.read_csv(published / "rules.csv")
    row = rules[rules["rule"] == bundle.rule.kind].iloc[0]
    warnings = json.loads((published / "summary.json").read_text(encoding="utf-8"))["warnings"]
    sections = {
        "What it is": _what(bundle),
        "What it is for": _USE,
        "What it must not be used for": _NOT_FOR,
        "Who trained it": _trained(pd.read_csv(published / "trained.csv")),
        "How good it is": _accuracy(row, rules, bundle),
        "For whom": _groups(published, bundle),
        "What else to know": [*warnings, *_known(row, bundle), _made(bundle)],
    }
    text = f"# {bundle.title}\n\n" + "\n\n".join(
        f"## {heading}\n\n" + "\n".join(f"* {line}" if isinstance(line, str) else line[0] for line in lines)
        for heading, lines in sections.items()
    )
    (out / FILE).write_text(text + "\n", encoding="utf-8")
    return text


_USE = [
    "Research on emotion recognition: to compare systems, and to score recordings that are like those of its training.",
    "It says how likely it takes each of its classes to be. The classes are how actors or raters named what was shown, "
    "not what a person feels.",
]
_NOT_FOR = [
    "Decisions about people: in work, school, health, insurance, policing or border control. Accuracy on acted clips "
    "says nothing about them.",
    "Emotion recognition at work and in education, where the law prohibits it, as in the European Union (Regulation "
    "2024/1689, article 5).",
    "People, languages, ages and situations that are not among those below, without a test of one's own.",
]


def _known(row: Any, bundle: Bundle) -> list[str]:
    """What the figures say about the registered model, and what they do not."""
    if row["leaks_speakers"]:
        first = "The people who were tested had trained the networks, so the figures do not hold for new people."
    else:
        first = (
            "Figures are of clips whose actors trained none of the networks that scored them, nor the fusion rule. The "
            "registered networks and the registered rule have learnt from all of these actors together. So the "
            "accuracy of the registered model on new people is not measured here; it is expected to be about the same."
        )
    transductive = [model.name for model in bundle.modalities if any(one.normalised for one in model.members)]
    lines = [first]
    if transductive:
        lines.append(
            f"In the experiment, features of {' and '.join(transductive)} were normalised on all clips of each tested "
            "speaker (transductive). The registered model has only the enrolment clips that it is given, so it is "
            "expected to be less accurate than the figures."
        )
    return [
        *lines,
        "A recording that lacks a modality is scored by the others, by a rule that is fitted on them alone.",
    ]


def _what(bundle: Bundle) -> list[str]:
    models = [
        f"{modality.name}: {', '.join(member.name for member in modality.members)}" for modality in bundle.modalities
    ]
    temperature = ", followed by one temperature that is fitted on the same clips" if bundle.calibrated else ""
    return [
        f"A fusion of {len(models)} {'modality' if len(models) == 1 else 'modalities'}. {'; '.join(models)}.",
        f"Classes: {', '.join(bundle.classes)}.",
        _weights(bundle),
        f"Fusion rule: {bundle.rule.label} (`{bundle.rule.kind}`){temperature}.",
    ]


def _weights(bundle: Bundle) -> str:
    if bundle.weights == "all":
        return f"Weights: one further training of each network on all actors who train in {bundle.experiment}."
    folds = "1 fold" if bundle.folds == 1 else f"{bundle.folds} folds"
    return f"Weights: the networks of {folds} of the experiment {bundle.experiment}. Their posteriors are averaged."


def _trained(table: pd.DataFrame) -> list[Any]:
    rows = [
        (row["modality"], row["corpus"], row["group"], row["level"], row["people"], row["clips"])
        for row in table.to_dict("records")
    ]
    return [(_table(["Modality", "Corpus", "Group", "Level", "People", "Clips"], rows),)]


def _accuracy(row: Any, rules: pd.DataFrame, bundle: Bundle) -> list[Any]:
    """Accuracy, log loss and calibration of the rule and of each modality."""
    shown: dict[str, tuple[str, Callable[[float], str]]] = {
        "accuracy": ("Accuracy", share),
        "unweighted_average_recall": ("Unweighted average recall", share),
        "log_loss": ("Log loss, nats", number),
        "calibration_error": ("Calibration error", number),
    }
    measures = {name: about for name, about in shown.items() if name in row}
    wanted = [bundle.rule.kind, *(modality.name for modality in bundle.modalities)]
    rows = []
    for name in wanted:
        found = rules[rules["rule"] == name].iloc[0]
        rows.append((found["label"], *(_with_ends(found, one, show) for one, (_, show) in measures.items())))
    return [
        f"{int(row['clips'])} test clips of {int(row['actors'])} actors; intervals over actors. The figures are those "
        "of the rule before the last temperature.",
        ("\n" + _table(["System", *(heading for heading, _ in measures.values())], rows),),
    ]


def _groups(published: Path, bundle: Bundle) -> list[Any]:
    """Accuracy of the rule by gender, and by the groups of the report."""
    gender = pd.read_csv(published / "gender.csv")
    gender = gender[(gender["rule"] == bundle.rule.kind) & (gender["emotion"] == "all")]
    lines: list[Any] = []
    for row in gender.to_dict("records"):
        gap = with_interval((row["gap"], row["low"], row["high"]), points)
        lines.append(
            f"Women: {share(row['female'])} of {row['female_clips']} clips; men: {share(row['male'])} of "
            f"{row['male_clips']} clips. The gap is {gap} points (men minus women)."
        )
    if (published / "groups.csv").is_file():
        groups = pd.read_csv(published / "groups.csv")
        groups = groups[(groups["rule"] == bundle.rule.kind) & (groups["emotion"] == "all")]
        rows = [
            (row["group"], row["level"], row["clips"], row["actors"], _with_ends(row, "accuracy", share, ""))
            for row in groups.to_dict("records")
        ]
        if rows:
            lines.append(("\n" + _table(["Group", "Level", "Clips", "Actors", "Accuracy"], rows),))
    return lines or ["The report has no groups of people to compare."]


def _made(bundle: Bundle) -> str:
    versions = ", ".join(f"{library} {version}" for library, version in bundle.versions.items())
    return f"Made by emofusion {bundle.emofusion} from the report {bundle.report}, with {versions}."


def _with_ends(row: Any, name: str, shown: Callable[[float], str], prefix: str | None = None) -> str:
    """A value with its interval. prefix: of the columns low and high, where it is not the name."""
    begin = f"{name}_" if prefix is None else prefix
    return with_interval((row[name], row.get(f"{begin}low"), row.get(f"{begin}high")), shown)


def _table(columns: list[str], rows: Iterable[tuple[Any, ...]]) -> str:
    text: str = pd.DataFrame(list(rows), columns=columns).to_markdown(index=False, disable_numparse=True)
    return text
