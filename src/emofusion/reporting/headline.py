"""The main result of a run in a few lines of plain text. The import of this module is fast: it needs no pandas."""

import csv
import json
from pathlib import Path
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.reporting.grid.files import FACTS, PAGE
from emofusion.reporting.rounding import percentage

CHOSEN = "chosen"  # the rule that other folds have chosen; it is named here because its kind would import the registry


def headline(folder: Path) -> list[str]:
    """The last lines that a run of one experiment prints.

    The first line has the accuracy of the rule that other folds have chosen, where there is one, of the configured rule
    and of each single modality, with their intervals, and the numbers of test clips and actors. The report's warnings
    and the path of its page follow.

    folder: the folder of the published report. Raises `EmofusionError` where it has no complete report.
    """
    about, rules = _read(folder)
    return [_figures(about, rules), *_warnings(about), f"report: {folder / 'report.html'} ({_brackets(about)})"]


def registered(folder: Path) -> list[str]:
    """What is registered of an experiment, in lines: the configured rule, its accuracy and the number of test clips.

    Where the headline has another rule, a line says how to register that one. A model of one modality fuses nothing.

    folder: the folder of the published report. Raises `EmofusionError` where it has no complete report.
    """
    about, rules = _read(folder)
    configured = rules[about["rule"]]
    accuracy = f"{_accuracy(configured)} of {configured['clips']} test clips"
    if len(about["modalities"]) == 1:
        return [f"It scores {about['modalities'][0]} alone: {accuracy}."]
    label = configured["label"] if about["rule"] == CHOSEN else about["fusion"]
    lines = [f"Its fusion rule is fusion.rule={about['rule']} ({label}): {accuracy}."]
    if CHOSEN in rules and about["rule"] != CHOSEN:
        chosen = rules[CHOSEN]
        lines.append(
            f"The headline's rule, fusion.rule={CHOSEN} ({chosen['label']}; {_accuracy(chosen)}), is not registered. "
            f'To register it, give the same command with it among its overrides: override="fusion.rule={CHOSEN}"'
        )
    return lines


def headline_of_grid(folder: Path) -> list[str]:
    """The last lines that a run of several cells prints: the baseline, how many settings differ from it, and the page.

    No setting is named as the best or the worst, because that would be a choice on test clips.

    folder: the published folder of the grid. Raises `EmofusionError` where it has no complete summary.
    """
    try:
        about: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        level = f"{about['confidence'] * 100:g} %"
        counts = _counted(about["settings"], "setting") + ", " + _counted(about["cells"], "cell")
        chosen = "" if about["baseline_chosen"] else " (nobody chose one)"
        lines = [f"{about['name']}: {counts}; baseline {about['baseline']}{chosen}: {_over_seeds(about)}"]
        if about["compared"]:
            different = about["better"] + about["worse"]
            counted = f"{different} of {_counted(about['compared'], 'setting')}"
            # the tests are of what the cells have configured
            of = "of the configured rule " if about.get("baseline_on_other_folds") else ""
            lines.append(
                f"accuracy {of}differs from the baseline's in {counted}: {about['better']} better, "
                f"{about['worse']} worse (test over actors, adjusted by max-T, {level} confidence)"
            )
        notes = [f"note: {line}" for line in (*about["warnings"], *about["notes"])]
        order = "its tables have the order of the command; to pick the most accurate setting is a choice on test clips"
        return [*lines, *notes, f"grid: {folder / PAGE} ({order})"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmofusionError(
            f"{folder} has no complete summary ({error}); run the workflow again to write it"
        ) from error


def _over_seeds(about: dict[str, Any]) -> str:
    """The baseline's accuracy with its interval, and with its standard deviation over seeds where it has several.

    The rule that other folds have chosen comes first, as in the headline of a report.
    """
    seeds = about["baseline_seeds"]
    configured = _mean(about["baseline_accuracy"], about["baseline_interval"], about["baseline_deviation"], seeds)
    over = f" over {seeds} seeds" if seeds > 1 else ""
    chosen = about.get("baseline_on_other_folds")
    if chosen is None or about["baseline_rule"] == CHOSEN:
        return f"{configured}{over}"
    first = _mean(chosen["mean"], chosen["interval"], chosen["deviation"], seeds)
    others = f"{about['baseline_rule']}, as configured: {configured}"
    return f"fusion ({chosen['label']}) {first}{over}; {others}"


def _mean(mean: float, interval: list[float | None], deviation: float | None, seeds: int) -> str:
    """An accuracy, or its mean over several seeds, with its interval and its standard deviation, where it has them."""
    ends = [percentage(end, 1) for end in interval if end is not None]
    brackets = f" [{', '.join(ends)}]" if ends else ""
    if seeds < 2:
        return f"{percentage(mean)} %{brackets}"
    # missing where the seeds were tested on different clips
    spread = "," if deviation is None else f", standard deviation {percentage(deviation)} points"
    return f"mean {percentage(mean)} %{brackets}{spread}"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """The content of summary.json, and rule → row of rules.csv."""
    try:
        # this file is written last: without it the publication is not complete
        json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
        about: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        with (folder / "rules.csv").open(encoding="utf-8", newline="") as file:
            rules = {row["rule"]: row for row in csv.DictReader(file)}
        wanted = [about["rule"], *about["modalities"], *([CHOSEN] if CHOSEN in rules else [])]
        return about, {name: rules[name] for name in wanted}
    except (OSError, ValueError, KeyError) as error:
        raise EmofusionError(
            f"{folder} has no complete report ({error}); run the workflow again to publish it"
        ) from error


def _figures(about: dict[str, Any], rules: dict[str, dict[str, str]]) -> str:
    """The accuracies of one report in one line."""
    configured = rules[about["rule"]]
    counts = f"of {configured['clips']} clips, {configured['actors']} actors"
    name = about["experiment"]
    missing = {modality: f" ({number} clips missing)" for modality, number in about["missing"].items()}
    alone = [f"{modality} {_accuracy(rules[modality])}{missing.get(modality, '')}" for modality in about["modalities"]]
    if len(alone) == 1:  # nothing is fused
        return f"{name}: {alone[0]} {counts}"
    fused = [f"fusion ({about['fusion']}) {_accuracy(configured)} {counts}"]
    if CHOSEN in rules:
        chosen = f"fusion ({rules[CHOSEN]['label']}) {_accuracy(rules[CHOSEN])} {counts}"
        fused = [chosen, *([f"{about['fusion']} {_accuracy(configured)}"] if about["rule"] != CHOSEN else [])]
    return f"{name}: {'; '.join([*fused, ', '.join(alone)])}"


def _accuracy(row: dict[str, str]) -> str:
    """An accuracy with its interval, such as `60.26 % [52.1, 68.0]`; without brackets where there is no interval."""
    ends = [row["accuracy_low"], row["accuracy_high"]]
    interval = f" [{', '.join(percentage(float(end), 1) for end in ends)}]" if all(ends) else ""
    return f"{percentage(float(row['accuracy']))} %{interval}"


def _warnings(about: dict[str, Any]) -> list[str]:
    """The report's warnings as lines."""
    return [f"note: {line}" for line in about["warnings"]]


def _brackets(about: dict[str, Any]) -> str:
    """The text that explains the numbers in brackets."""
    return f"in brackets {about['confidence'] * 100:g} % intervals over actors"
