"""The tables that compare all fusion rules and modalities, in the form that the report shows."""

from collections.abc import Callable
from itertools import product

import pandas as pd

from emofusion.emotions import GENDERS, in_order
from emofusion.plan.settings import ReportSettings
from emofusion.reporting.facts import Facts
from emofusion.reporting.known import is_share, metric_label, metric_names
from emofusion.reporting.wording import escaped, heading, percent

ENDS = ("", "_low", "_high")


def comparison_tables(
    evaluation: dict[str, pd.DataFrame], rules: pd.DataFrame, parameters: pd.DataFrame, facts: Facts
) -> dict[str, pd.DataFrame]:
    """The tables of an evaluation and of its sweep, with the columns that the report shows.

    The column `system` is renamed to `rule`; it also contains modalities.

    Args:
        evaluation: name → table, as in `evaluation.evaluate` and `evaluation.sweep_weights`.
        rules: `tables.RULES`.
        parameters: `tables.PARAMETERS`.
        facts: the facts about the report.

    Returns:
        Name → table: rules (see `rules_table`), subsets, gender, narrowed, pairs, fairness, confusion, sweep,
        sweep_gaps, sweep_confusion and parameters; presence where a clip lacks a modality, and robustness where there
        are several modalities. Each has the columns of `Facts.basis`.
    """
    named = {
        name: table.rename(columns={"system": "rule", "modality": "against"}) for name, table in evaluation.items()
    }
    tables = {"rules": rules_table(named, rules, facts.settings)} | named | {"parameters": parameters}
    without_rows = {name for name in ("presence", "robustness") if name in tables and tables[name].empty}
    return {name: table.assign(**facts.basis()) for name, table in tables.items() if name not in without_rows}


def rules_table(named: dict[str, pd.DataFrame], rules: pd.DataFrame, settings: ReportSettings) -> pd.DataFrame:
    """A table with one row for each modality, followed by one row for each rule.

    Args:
        named: `subsets`, `gender` and `pairs` of the evaluation, with the column `rule`.
        rules: `tables.RULES`.
        settings: the settings of the report.

    Columns:
        rule, label, kind (modality, rule, baseline, oracle or reference), fitted_on, transductive, clips, actors;
        accuracy and the metrics of the settings, in the order of `known.metrics`;
        gender_gap (accuracy of men minus accuracy of women, over all clips), gender_gap_p, and
            gender_gap_minimum_detectable (the smallest gap that a test with these actors is likely to detect);
        difference: accuracy minus the configured rule's accuracy, with the p values of McNemar's test and of the
            sign-flip test, adjusted for all pairs;
        accuracy by gender, by emotion and by both (such as `accuracy_female_happy`), each with `_clips`.
    The suffixes `_low` and `_high` mark the ends of intervals.
    """
    modalities = pd.DataFrame(
        {
            "rule": settings.modalities,
            "label": [f"{heading(name)} alone" for name in settings.modalities],
            "kind": "modality",
            "fitted_on": [
                "training clips" if name in settings.networks else "elsewhere" for name in settings.modalities
            ],
            "transductive": [name in settings.normalised_by_speaker for name in settings.modalities],
        }
    )
    about = rules.assign(transductive=rules["transductive"] | bool(settings.normalised_by_speaker))
    table = pd.concat([modalities, about], ignore_index=True)
    overall = named["subsets"][(named["subsets"][["gender", "emotion"]] == "all").all(axis=1)]
    overall = overall.rename(columns={"low": "accuracy_low", "high": "accuracy_high"})
    names = [name + end for name in ("accuracy", *metric_names(settings.metrics)) for end in ENDS]
    figures = overall[["rule", "clips", "actors", *names]]
    gaps = named["gender"][named["gender"]["emotion"] == "all"]
    gaps = gaps[["rule", "gap", "low", "high", "p", "minimum_detectable_gap"]].rename(
        columns={
            "gap": "gender_gap",
            "low": "gender_gap_low",
            "high": "gender_gap_high",
            "p": "gender_gap_p",
            "minimum_detectable_gap": "gender_gap_minimum_detectable",
        }
    )
    table = table.merge(figures, on="rule").merge(gaps, on="rule")
    return table.merge(_against(named["pairs"], settings.rule), on="rule", how="left").merge(
        _by_subset(named["subsets"], settings.classes), on="rule"
    )


def _against(pairs: pd.DataFrame, configured: str) -> pd.DataFrame:
    """The difference in accuracy between each rule and the configured one, with the sign of rule - configured."""
    later = pairs[pairs["first"] == configured].rename(columns={"second": "rule"})
    signs = {"difference": -later["difference"], "low": -later["high"], "high": -later["low"]}
    earlier = pairs[pairs["second"] == configured].rename(columns={"first": "rule"})
    both = pd.concat([earlier, later.assign(**signs)])
    both = both.rename(columns={"low": "difference_low", "high": "difference_high"})
    return both[["rule", *(f"difference{end}" for end in ENDS), "mcnemar_p_holm", "sign_flip_p_holm"]]


def _by_subset(subsets: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """A table with one row for each rule, and with accuracy, interval and clips of each subset as columns."""
    columns = [subsets[["rule"]].drop_duplicates().set_index("rule")]
    taken = {"accuracy_low", "accuracy_high"}
    by_rule = subsets.set_index(["gender", "emotion"])
    for gender, emotion in product(("all", *GENDERS), ("all", *in_order(set(subsets["emotion"]) - {"all"}, order))):
        words = [word for word in (gender, emotion) if word != "all"]
        if words and (gender, emotion) in by_rule.index:
            name = "_".join(["accuracy", *words])
            if taken & {name, *(name + end for end in ("_low", "_high", "_clips"))}:  # a class such as `low`
                name = "_".join(["accuracy", *words[:-1], "class", words[-1]])
            part = by_rule.loc[[(gender, emotion)]].set_index("rule")[["accuracy", "low", "high", "clips"]]
            part.columns = [name, f"{name}_low", f"{name}_high", f"{name}_clips"]
            columns.append(part)
            taken |= {*part.columns}
    return pd.concat(columns, axis=1).reset_index()


def markdown(table: pd.DataFrame, facts: Facts) -> str:
    """`rules_table` as Markdown: the metrics with their intervals, the most accurate rule first."""
    settings, lines = facts.settings, []
    for _, row in table.sort_values("accuracy", ascending=False, kind="stable").iterrows():
        shown = f"**{row['label']}**" if row["rule"] == settings.rule else row["label"]
        lines.append(
            {
                "Rule": shown,
                "Accuracy": _interval(row, "accuracy", percent),
                **{metric_label(name): _metric(row, name) for name in metric_names(settings.metrics)},
                "Gender gap": _interval(row, "gender_gap", percent),
                "Against the configured rule": _difference(row),
                "Fitted on": row["fitted_on"],
            }
        )
    shown = pd.DataFrame(lines)
    aligned = ["left", *["right"] * (len(shown.columns) - 2), "left"]
    clips, actors = table["clips"].iloc[0], table["actors"].iloc[0]
    smallest = table.loc[table["rule"] == settings.rule, "gender_gap_minimum_detectable"].iloc[0]
    foot = [
        f"{clips} test clips of {actors} actors. The configured rule is in bold.",
        f"In brackets: {settings.confidence:.0%} intervals from a bootstrap over actors, if there are at least three",
        "actors of each gender. An oracle is chosen on the test clips, so it is not a result.",
        *["A reference was made elsewhere and is not fused."] * bool((table["kind"] == "reference").any()),
        "Gender gap: accuracy for men minus accuracy for women. Against the configured rule: difference in accuracy,",
        "and p value of a sign-flip test over actors, adjusted (Holm) for all pairs of rows.",
    ]
    if smallest <= 1:
        foot.append(f"With these actors, a test is unlikely to detect a gender gap of less than {percent(smallest)}.")
    elif table["gender_gap"].isna().all():
        foot.append("There is no gender gap, as there are not both men and women among the actors.")
    else:
        foot.append("With so few actors, no test would reliably detect a gender gap, however large.")
    if facts.trained:
        foot.append(escaped(facts.trained_on()))
    body = shown.to_markdown(index=False, colalign=aligned, disable_numparse=True)
    return f"{body}\n\n{' '.join(foot)}\n"


def _metric(row: pd.Series, name: str) -> str:
    """A metric as text: a share in percent with its interval, any other metric as a number."""
    if is_share(name):
        return _interval(row, name, percent)
    return "–" if pd.isna(row[name]) else f"{row[name]:.3f}"


def _interval(row: pd.Series, name: str, shown: Callable[[float], str]) -> str:
    """A value with its interval in brackets, where it has one."""
    if pd.isna(row[name]):
        return "–"
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return shown(row[name]) + ("" if pd.isna(low) else f" [{shown(low)}, {shown(high)}]")


def _difference(row: pd.Series) -> str:
    """The difference from the configured rule with its p value; empty for the configured rule itself."""
    if pd.isna(row["difference"]):
        return ""
    p, sign = row["sign_flip_p_holm"], "+" if row["difference"] > 0 else ""
    return f"{sign}{percent(row['difference'])} ({'p<0.001' if p < 0.001 else f'p={p:.3f}'})"
