"""The tables that compare all fusion rules and modalities, in the form that the report shows."""

from collections.abc import Callable
from itertools import product

import pandas as pd

from emofusion.emotions import GENDERS, in_order
from emofusion.plan.settings import ReportSettings
from emofusion.reporting.facts import Facts
from emofusion.reporting.known import is_share, metric_label, metric_names
from emofusion.reporting.numbers import MISSING, bare_share, level, points, probability, with_interval
from emofusion.reporting.wording import escaped, heading, percent

ENDS = ("", "_low", "_high")
CHOICE = "chosen_"  # begins the names of parameters that say which rule was chosen, see `fusion.common.choice`


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
    compared = _with_choices_named(rules_table(named, rules, facts.settings), parameters)
    tables = {"rules": compared} | named | {"parameters": parameters}
    del tables["against"]  # its figures are in `rules`
    without_rows = {name for name in ("presence", "robustness") if name in tables and tables[name].empty}
    return {name: facts.described(table) for name, table in tables.items() if name not in without_rows}


def rules_table(named: dict[str, pd.DataFrame], rules: pd.DataFrame, settings: ReportSettings) -> pd.DataFrame:
    """A table with one row for each modality, followed by one row for each rule.

    Args:
        named: `subsets`, `gender` and `against` of the evaluation, with the column `rule`.
        rules: `tables.RULES`.
        settings: the settings of the report.

    Columns:
        rule, label, kind (modality, rule, baseline, oracle or reference), fitted_on, transductive, clips, actors;
        accuracy and the metrics of the settings, in the order of `known.metrics`;
        gender_gap (accuracy of men minus accuracy of women, over all clips), gender_gap_p, and
            gender_gap_minimum_detectable (the gap that a test with these actors finds in four of five studies);
        difference: accuracy minus the configured rule's accuracy, with the p value of the sign-flip test, the one that
            is adjusted for all tests of the row's family (max-T), and their number; see `paired.against`;
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
    of_gap = {"gap": "gender_gap", "low": "gender_gap_low", "high": "gender_gap_high", "p": "gender_gap_p"}
    of_gap |= {f"minimum_detectable_gap{end}": f"gender_gap_minimum_detectable{end}" for end in ENDS}
    gaps = gaps[["rule", *of_gap]].rename(columns=of_gap)
    against = named["against"].drop(columns="configured")
    against = against.rename(columns={"low": "difference_low", "high": "difference_high"})
    table = table.merge(figures, on="rule").merge(gaps, on="rule").merge(against, on="rule", how="left")
    return table.astype({"compared": "Int64"}).merge(_by_subset(named["subsets"], settings.classes), on="rule")


def _with_choices_named(table: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """The rules, where the label of a rule that chooses names its choice, with the number of groups if they differ."""
    names = parameters["name"].astype(str)
    made = parameters[names.str.startswith(CHOICE)]
    labels = {}
    for rule, names in made.groupby("rule")["name"]:
        counts = names.str.removeprefix(CHOICE).value_counts()
        several = len(counts) > 1
        labels[rule] = ", ".join(f"{name} ({count})" if several else name for name, count in counts.items())
    shown = [
        f"{label}: {labels[rule]}" if rule in labels else label
        for rule, label in zip(table["rule"], table["label"], strict=True)
    ]
    return table.assign(label=shown)


def sorted_by_name(table: pd.DataFrame, configured: str) -> pd.DataFrame:
    """The rows of `rules_table` as readers see them, by name and never by a figure, which would invite a choice on test
    clips: the modalities, the configured rule, the other rules and baselines by name, references, and oracles.
    """
    places = {"modality": 0, "reference": 3, "oracle": 4}
    place = table["kind"].map(places).fillna(2).mask(table["rule"] == configured, 1)
    name = table["label"].str.lower().mask(place == 0, "")
    return table.assign(place=place, name=name).sort_values(["place", "name"], kind="stable")[table.columns]


def _by_subset(subsets: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """A table with one row for each rule, and with accuracy, interval and clips of each subset as columns."""
    columns = [subsets[["rule"]].drop_duplicates().set_index("rule")]
    taken = {"accuracy_low", "accuracy_high"}
    parts = dict(iter(subsets.groupby(["gender", "emotion"], sort=False)))
    for gender, emotion in product(("all", *GENDERS), ("all", *in_order(set(subsets["emotion"]) - {"all"}, order))):
        words = [word for word in (gender, emotion) if word != "all"]
        if words and (gender, emotion) in parts:
            name = "_".join(["accuracy", *words])
            if taken & {name, *(name + end for end in ("_low", "_high", "_clips"))}:  # a class such as `low`
                name = "_".join(["accuracy", *words[:-1], "class", words[-1]])
            part = parts[gender, emotion].set_index("rule")[["accuracy", "low", "high", "clips"]]
            part.columns = [name, f"{name}_low", f"{name}_high", f"{name}_clips"]
            columns.append(part)
            taken |= {*part.columns}
    return pd.concat(columns, axis=1).reset_index()


def markdown(table: pd.DataFrame, facts: Facts) -> str:
    """`rules_table` as Markdown: the metrics with their intervals, in the order of `sorted_by_name`."""
    settings, lines = facts.settings, []
    for _, row in sorted_by_name(table, settings.rule).iterrows():
        shown = f"**{row['label']}**" if row["rule"] == settings.rule else row["label"]
        lines.append(
            {
                "Rule": shown,
                "Accuracy": _interval(row, "accuracy", percent),
                **{metric_label(name): _metric(row, name) for name in metric_names(settings.metrics)},
                "Gender gap, points": _interval(row, "gender_gap", points),
                "Against the configured rule, points": _interval(row, "difference", points),
                "p": probability(row["sign_flip_p"]),
                "p, max-T": probability(row["sign_flip_p_max_t"]),
                "Fitted on": row["fitted_on"],
            }
        )
    shown = pd.DataFrame(lines)
    aligned = ["left", *["right"] * (len(shown.columns) - 2), "left"]
    clips, actors = table["clips"].iloc[0], table["actors"].iloc[0]
    foot = [
        f"{clips} test clips of {actors} actors. The configured rule is in bold; rows are sorted by name.",
        "What the rule chosen on other folds has chosen is named as in `rules.csv`.",
        f"In brackets: {level(settings.confidence)} intervals over actors, if there are at least three of each gender.",
        "They say what to expect of these trained models with other actors, and not what another training would give.",
        "An oracle is chosen on the test clips, so it is not a result, and it is not tested.",
        *["A reference was made elsewhere and is not fused."] * bool((table["kind"] == "reference").any()),
        "Gender gap: accuracy for men minus accuracy for women. Against the configured rule: difference in accuracy.",
        "p: of a sign-flip test over actors; p, max-T: adjusted for all rules that are compared with the configured",
        "one (modalities and references: for all of them).",
        _detectable(table, table[table["rule"] == settings.rule].iloc[0]),
    ]
    if facts.trained:
        foot.append(escaped(facts.trained_on()))
    body = shown.to_markdown(index=False, colalign=aligned, disable_numparse=True)
    return f"{body}\n\n{' '.join(foot)}\n"


def _detectable(table: pd.DataFrame, configured: pd.Series) -> str:
    """What a test of the gender gap can find with these actors, in words."""
    smallest, low, high = (configured[f"gender_gap_minimum_detectable{end}"] for end in ENDS)
    if table["gender_gap"].isna().all():
        return "There is no gender gap, as there are not both men and women among the actors."
    if not smallest <= 1:
        return "With so few actors, no test would reliably detect a gender gap, however large."
    # what one actor differs from another is itself only estimated: badly so with few actors
    span = f"{bare_share(low)} to {bare_share(min(high, 1))}"
    return (
        f"With these actors, a test would find a gender gap of {bare_share(smallest)} points in four of five studies "
        f"(80% power); this number is an estimate, with an interval from {span}. Smaller gaps may be found or missed."
    )


def _metric(row: pd.Series, name: str) -> str:
    """A metric as text: a share in percent with its interval, any other metric as a number."""
    if is_share(name):
        return _interval(row, name, percent)
    return MISSING if pd.isna(row[name]) else f"{row[name]:.3f}"


def _interval(row: pd.Series, name: str, shown: Callable[[float], str]) -> str:
    """A value with its interval in brackets, where it has one."""
    return with_interval((row[f"{name}{end}"] for end in ENDS), shown)
