"""The summary of a report in Markdown: the settings, the tested clips and actors, the tables and the figures."""

import pandas as pd

from emofusion.emotions import UNKNOWN, in_order
from emofusion.reporting.facts import Facts
from emofusion.reporting.provenance import Provenance
from emofusion.reporting.wording import escaped, weights_in_words


def summary(
    tested: pd.DataFrame,
    headline: str,
    sections: dict[str, str],
    figures: dict[str, str],
    facts: Facts,
    provenance: Provenance,
) -> str:
    """The summary as Markdown.

    Args:
        tested: the test rows of a prediction table (`tables.PREDICTIONS`).
        headline: the headline figure in words, see `chosen_in_words`; empty where there is none.
        sections: heading → Markdown; an empty section is left out.
        figures: file name → caption.
        facts: the facts about the report.
        provenance: what made the report.
    """
    settings = facts.settings
    versions = provenance.versions_in_words()
    blocks = [
        f"# {escaped(settings.title or settings.experiment)}",
        *[f"> **{escaped(line)}**" for line in facts.all_warnings()],
        *([f"**Fusion {escaped(headline)}**"] if headline else []),
        "\n".join(
            [
                f"* Experiment: {settings.experiment}, seed {settings.seed}",
                f"* Protocol: {settings.protocol}: {escaped(settings.protocol_description)}",
                f"* Fusion: {weights_in_words(settings.rule, settings.weights)}",
                "* The page with a slider for the weight: report.html",
                *([f"* Libraries: {versions}"] if versions else []),
                *[f"* {escaped(note)}" for note in facts.notes],
            ]
        ),
        "## What was tested",
        _counts(tested, settings.classes),
        *[f"## {title}\n\n{text.strip()}" for title, text in sections.items() if text],
        "## Figures",
        *[f"![{escaped(caption)}]({name})\n\n{escaped(caption)}" for name, caption in figures.items()],
    ]
    return "\n\n".join(blocks) + "\n"


def _counts(tested: pd.DataFrame, order: list[str]) -> str:
    """A Markdown table with the numbers of clips and actors by emotion and gender."""
    rows = [*in_order(tested["emotion"], order), "all"]
    columns = {}
    for gender in ("male", "female", *([UNKNOWN] if (tested["gender"] == UNKNOWN).any() else []), "all"):
        part = tested if gender == "all" else tested[tested["gender"] == gender]
        by_emotion = [part if row == "all" else part[part["emotion"] == row] for row in rows]
        columns[f"{gender.capitalize()}: clips (actors)"] = [f"{len(p)} ({p['actor'].nunique()})" for p in by_emotion]
    table = pd.DataFrame({"Emotion": [escaped(row) for row in rows], **columns})
    markdown: str = table.to_markdown(index=False, colalign=["left", *["right"] * len(columns)], disable_numparse=True)
    return markdown
