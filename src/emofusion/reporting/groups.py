"""The accuracy by group for the summary: a row for each level, and the test of all levels together."""

import pandas as pd

from emofusion.reporting.facts import Facts
from emofusion.reporting.numbers import bare_share, with_interval
from emofusion.reporting.wording import escaped, heading, percent


def markdown(evaluation: dict[str, pd.DataFrame], facts: Facts) -> str:
    """The accuracies of the modalities and of the configured rule by group, as Markdown; empty without groups.

    evaluation: with `subsets`, and, where groups are reported, with `groups` and `group_tests` of `evaluation.groups`.
    """
    settings = facts.settings
    systems = {**{name: heading(name) for name in settings.modalities}, settings.rule: "Fusion"}
    if len(settings.modalities) == 1:
        del systems[settings.rule]
    blocks = []
    for group in settings.groups:
        overall, tests = (
            table[(table["group"] == group) & (table["emotion"] == "all")].set_index("system")
            for table in (evaluation["groups"], evaluation["group_tests"])
        )
        if overall.empty:  # no tested clip has a value
            continue
        rows = []
        for level in overall["level"].unique():
            of_level = overall[overall["level"] == level]
            counts = of_level.iloc[0]
            rows.append(
                {
                    group.replace("_", " ").capitalize(): escaped(str(level)),
                    "Clips (actors)": f"{counts['clips']} ({counts['actors']})",
                }
            )
            rows[-1] |= {shown: _accuracy(of_level.loc[name]) for name, shown in systems.items()}
        text = pd.DataFrame(rows).to_markdown(
            index=False, colalign=["left", *["right"] * (len(systems) + 1)], disable_numparse=True
        )
        spreads = [
            f"{shown} {bare_share(tests.loc[name, 'spread'])} ({_p(tests.loc[name, 'p'])})"
            for name, shown in systems.items()
            if pd.notna(tests.loc[name, "p"])
        ]
        notes = [f"Largest minus smallest accuracy of a level, in points: {', '.join(spreads)}."] if spreads else []
        without = _total(evaluation["subsets"]) - sum(overall.loc[[settings.rule], "clips"])
        if without:
            notes.append(f"{without} clips have no known {group.replace('_', ' ')} and are in none of these rows.")
        blocks.append("\n\n".join([text, " ".join([*notes, escaped(facts.trained_on([group]))])]))
    return "\n\n".join(blocks)


def _total(subsets: pd.DataFrame) -> int:
    """The number of test clips."""
    return int(subsets.loc[(subsets[["gender", "emotion"]] == "all").all(axis=1), "clips"].iloc[0])


def _accuracy(row: pd.Series) -> str:
    """An accuracy in percent, with its interval in brackets where it has one."""
    return with_interval((row["accuracy"], row["low"], row["high"]), percent)


def _p(value: float) -> str:
    return "p<0.001" if value < 0.001 else f"p={value:.3f}"
