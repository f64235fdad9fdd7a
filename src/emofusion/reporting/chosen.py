"""The headline figure of a report in words: the fusion rule that the log loss on other folds has chosen."""

import pandas as pd

from emofusion.plan.settings import ReportSettings
from emofusion.reporting.headline import CHOSEN
from emofusion.reporting.numbers import level, points, with_interval
from emofusion.reporting.wording import percent


def chosen_in_words(rules: pd.DataFrame, settings: ReportSettings) -> str:
    """The chosen rule with its accuracy and its gender gap; empty where nothing was to be chosen, or nothing is fused.

    Args:
        rules: the table `rules` of a report.
        settings: the settings of the report.
    """
    found = rules[rules["rule"] == CHOSEN].to_dict("records") if len(settings.modalities) > 1 else []
    if not found:
        return ""
    row = found[0]
    figures = {"accuracy": ("accuracy", percent, ""), "gender gap": ("gender_gap", points, " points")}
    parts = [
        f"{name} {with_interval((row[column + end] for end in ('', '_low', '_high')), shown, unit)}"
        for name, (column, shown, unit) in figures.items()
        if not pd.isna(row[column])
    ]
    return (
        f"{row['label']}: {', '.join(parts)}, of {row['clips']:.0f} clips of {row['actors']:.0f} actors "
        f"({level(settings.confidence)} intervals over actors)"
    )
