"""The headline figure of a report in words: the fusion rule that the log loss on other folds has chosen."""

import pandas as pd

from emofusion.reporting.headline import CHOSEN
from emofusion.reporting.wording import percent


def chosen_in_words(rules: pd.DataFrame, confidence: float) -> str:
    """The chosen rule with its accuracy and its gender gap; empty where nothing was to be chosen.

    Args:
        rules: the table `rules` of a report.
        confidence: the level of the intervals, such as 0.95.
    """
    found = rules[rules["rule"] == CHOSEN].to_dict("records")
    if not found:
        return ""
    row, parts = found[0], []
    for name, column in (("accuracy", "accuracy"), ("gender gap", "gender_gap")):
        value, *ends = (row[f"{column}{end}"] for end in ("", "_low", "_high"))
        if pd.isna(value):
            continue
        interval = f" [{', '.join(map(percent, ends))}]" if not pd.isna(ends).any() else ""
        parts.append(f"{name} {percent(value)}{interval}")
    return (
        f"{row['label']}: {', '.join(parts)}, of {row['clips']:.0f} clips of {row['actors']:.0f} actors "
        f"({confidence * 100:g} % intervals over actors)"
    )
