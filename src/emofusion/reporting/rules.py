"""Every rule of fusion and every modality beside each other: the tables of an evaluation, as the report shows them."""

from itertools import product

import pandas as pd

from emofusion.emotions import GENDERS, in_order
from emofusion.evaluation.figures import FIGURES
from emofusion.reporting.wording import basis, heading, percent
from emofusion.tables import ABOUT_RULE

ENDS = ("", "_low", "_high")


def comparison_tables(
    evaluation: dict[str, pd.DataFrame], rules: pd.DataFrame, parameters: pd.DataFrame, settings: dict
) -> dict[str, pd.DataFrame]:
    """The tables of `evaluation.evaluate` and of the sweep, in which every system is a `rule`, single modalities too.

    evaluation: as those functions name them. rules: `tables.FUSED`. parameters: `tables.PARAMETERS`. settings: the
    report's.

    Returns rules (see `rules_table`), subsets, gender, narrowed, pairs, fairness, confusion, sweep, sweep_gaps,
    sweep_confusion and parameters; each says what its figures rest on.
    """
    named = {
        name: table.rename(columns={"system": "rule", "modality": "against"}) for name, table in evaluation.items()
    }
    tables = {"rules": rules_table(named, rules, settings)} | named | {"parameters": parameters}
    return {name: table.assign(**basis(settings)) for name, table in tables.items()}


def rules_table(named: dict[str, pd.DataFrame], rules: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """One row a rule or modality, the modalities first.

    Columns: rule, label, kind (modality, rule, baseline or oracle), fitted_on, transductive, clips, actors; the figures
    `FIGURES`; gender_gap (men minus women over all clips), gender_gap_p and gender_gap_detectable; against the
    configured rule difference (of accuracy) with the p values of McNemar's and of the sign-flip test, adjusted for all
    pairs; then accuracy for each gender, emotion and both (`accuracy_female_happy`) with its `_clips`. Each figure has
    a `_low` and a `_high` beside it.
    """
    modalities = pd.DataFrame(
        {
            "rule": settings["modalities"],
            "label": [f"{heading(name)} alone" for name in settings["modalities"]],
            "kind": "modality",
            "fitted_on": [
                "training clips" if name in settings["curves"] else "elsewhere" for name in settings["modalities"]
            ],
            "transductive": [name in settings["normalised_by_speaker"] for name in settings["modalities"]],
        }
    )
    about = rules[ABOUT_RULE].drop_duplicates()
    about["transductive"] |= bool(settings["normalised_by_speaker"])
    table = pd.concat([modalities, about], ignore_index=True)
    overall = named["subsets"][(named["subsets"][["gender", "emotion"]] == "all").all(axis=1)]
    overall = overall.rename(columns={"low": "accuracy_low", "high": "accuracy_high"})
    figures = overall[["rule", "clips", "actors", *(name + end for name in FIGURES for end in ENDS)]]
    gaps = named["gender"][named["gender"]["emotion"] == "all"]
    gaps = gaps[["rule", "gap", "low", "high", "p", "detectable"]].rename(
        columns={
            "gap": "gender_gap",
            "low": "gender_gap_low",
            "high": "gender_gap_high",
            "p": "gender_gap_p",
            "detectable": "gender_gap_detectable",
        }
    )
    table = table.merge(figures, on="rule").merge(gaps, on="rule")
    return table.merge(_against(named["pairs"], settings["fusion"]["rule"]), on="rule", how="left").merge(
        _by_subset(named["subsets"]), on="rule"
    )


def _against(pairs: pd.DataFrame, configured: str) -> pd.DataFrame:
    """Each rule minus the configured one."""
    later = pairs[pairs["first"] == configured].rename(columns={"second": "rule"})
    signs = {"difference": -later["difference"], "low": -later["high"], "high": -later["low"]}
    earlier = pairs[pairs["second"] == configured].rename(columns={"first": "rule"})
    both = pd.concat([earlier, later.assign(**signs)])
    both = both.rename(columns={"low": "difference_low", "high": "difference_high"})
    return both[["rule", *(f"difference{end}" for end in ENDS), "mcnemar_p_holm", "sign_flip_p_holm"]]


def _by_subset(subsets: pd.DataFrame) -> pd.DataFrame:
    parts = [subsets[["rule"]].drop_duplicates().set_index("rule")]
    by_rule = subsets.set_index(["gender", "emotion"])
    for gender, emotion in product(("all", *GENDERS), ("all", *in_order(set(subsets["emotion"]) - {"all"}))):
        words = [word for word in (gender, emotion) if word != "all"]
        if words and (gender, emotion) in by_rule.index:
            name = "_".join(["accuracy", *words])
            part = by_rule.loc[[(gender, emotion)]].set_index("rule")[["accuracy", "low", "high", "clips"]]
            part.columns = [name, f"{name}_low", f"{name}_high", f"{name}_clips"]
            parts.append(part)
    return pd.concat(parts, axis=1).reset_index()


def markdown(table: pd.DataFrame, settings: dict) -> str:
    """`rules_table` to read: the figures with their intervals, the most accurate rule first."""
    lines = []
    for _, row in table.sort_values("accuracy", ascending=False, kind="stable").iterrows():
        shown = f"**{row['label']}**" if row["rule"] == settings["fusion"]["rule"] else row["label"]
        lines.append(
            {
                "Rule": shown,
                "Accuracy": _interval(row, "accuracy", percent),
                "Unweighted average recall": _interval(row, "unweighted_average_recall", percent),
                "Log loss": f"{row['log_loss']:.3f}",
                "Calibration error": f"{row['calibration_error']:.3f}",
                "Gender gap": _interval(row, "gender_gap", percent),
                "Against the configured rule": _difference(row),
                "Fitted on": row["fitted_on"],
            }
        )
    shown = pd.DataFrame(lines)
    aligned = ["left", *["right"] * (len(shown.columns) - 2), "left"]
    clips, actors = table["clips"].iloc[0], table["actors"].iloc[0]
    detectable = table.loc[table["rule"] == settings["fusion"]["rule"], "gender_gap_detectable"].iloc[0]
    foot = [
        f"{clips} test clips of {actors} actors; in bold the configured rule.",
        f"In brackets {settings['confidence']:.0%} intervals, by bootstrap over actors, where each gender has three.",
        "An oracle is chosen on the test clips: no result. Gender gap: accuracy on men minus that on women.",
        "Against the configured rule: difference of accuracy, and p of a sign-flip test over actors, adjusted (Holm)",
        "for all pairs of rows.",
    ]
    if detectable <= 1:
        foot.append(f"With these actors, a gender gap of less than {percent(detectable)} would hardly be found at all.")
    else:
        foot.append("With so few actors, no gender gap, however large, would be sure to be found.")
    return shown.to_markdown(index=False, colalign=aligned, disable_numparse=True) + "\n\n" + " ".join(foot) + "\n"


def _interval(row: pd.Series, name: str, shown) -> str:
    if pd.isna(row[name]):
        return "–"
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return shown(row[name]) + ("" if pd.isna(low) else f" [{shown(low)}, {shown(high)}]")


def _difference(row: pd.Series) -> str:
    if pd.isna(row["difference"]):
        return ""
    p, sign = row["sign_flip_p_holm"], "+" if row["difference"] > 0 else ""
    return f"{sign}{percent(row['difference'])} ({'p<0.001' if p < 0.001 else f'p={p:.3f}'})"
