"""The report's page: what was done, on how many clips of whom, the tables and the pictures."""

import pandas as pd

from emofusion.emotions import in_order
from emofusion.reporting.wording import warnings, weights_in_words


def page(tested: pd.DataFrame, sections: dict[str, str], figures: dict[str, str], settings: dict) -> str:
    """The page in Markdown.

    tested: the test rows (`tables.PREDICTIONS`). sections: heading → Markdown; an empty one is left out. figures: file
    name → caption. settings: the report's.
    """
    protocol, fusion = settings["protocol"], settings["fusion"]
    parts = [
        f"# {settings['title'] or settings['experiment']}",
        *[f"> **{line}**" for line in warnings(settings)],
        "\n".join(
            [
                f"* Experiment: {settings['experiment']}, seed {settings['seed']}",
                f"* Protocol: {protocol['name']}. {protocol['description']}",
                f"* Fusion: {weights_in_words(fusion)}",
                "* To read with a slider for the weight: report.html",
                *[f"* {note}" for note in settings["notes"]],
            ]
        ),
        "## What was tested",
        _counts(tested),
        *[f"## {title}\n\n{text.strip()}" for title, text in sections.items() if text],
        "## Figures",
        *[f"![{caption}]({name})\n\n{caption}" for name, caption in figures.items()],
    ]
    return "\n\n".join(parts) + "\n"


def _counts(tested: pd.DataFrame) -> str:
    """Clips and actors by emotion and gender."""
    rows = [*in_order(tested["emotion"].unique()), "all"]
    columns = {}
    for gender in ("male", "female", "all"):
        part = tested if gender == "all" else tested[tested["gender"] == gender]
        by_emotion = [part if row == "all" else part[part["emotion"] == row] for row in rows]
        columns[f"{gender.capitalize()}: clips (actors)"] = [f"{len(p)} ({p['actor'].nunique()})" for p in by_emotion]
    table = pd.DataFrame({"Emotion": rows, **columns})
    return table.to_markdown(index=False, colalign=["left", "right", "right", "right"], disable_numparse=True)
