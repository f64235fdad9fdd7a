"""The weights that figures and the page mark: configured, of the paper, tuned, and of the oracle."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emofusion.evaluation.sweep import WEIGHT
from emofusion.plan.settings import ReportSettings
from emofusion.predictions.pools import POOLS


def annotation_table(tables: dict[str, pd.DataFrame], settings: ReportSettings) -> pd.DataFrame:
    """A table with one row for each annotation: marked weights with their accuracy.

    Columns:
        annotation: configured, paper (the weights of the paper), tuned (without the test clips), or oracle (the best
            on the test clips).
        rule: the pool; the annotation is drawn on its line in the sweep.
        system: the rule that the accuracy belongs to: the pool itself, or `<pool>_tuned`.
        weight_<modality>: the weights. Tuned weights are means over the groups of clips that they were tuned for.
        accuracy: on all test clips. For tuned weights, each group of clips is fused with its own weights.
        clips: the number of test clips.
        note: a remark in words.

    Args:
        tables: `rules`, `sweep` and `parameters` of `rules.comparison_tables`.
        settings: the settings of the report.
    """
    rules = tables["rules"].set_index("rule")
    columns = [WEIGHT + name for name in settings.modalities]
    sweep = tables["sweep"]
    test = sweep[(sweep[["split", "gender", "emotion"]] == ["test", "all", "all"]).all(axis=1)]
    rows: list[dict[str, object]] = []

    def annotate(
        kind: str, rule: str, weights: Sequence[float], accuracy: float, note: str, system: str | None = None
    ) -> None:
        about = {"annotation": kind, "rule": rule, "system": system or rule, "note": note}
        weight = dict(zip(columns, weights, strict=True))
        rows.append(about | weight | {"accuracy": accuracy, "clips": rules["clips"].iloc[0]})

    if settings.rule in POOLS:
        weights = [settings.weights[name] for name in settings.modalities]
        annotate("configured", settings.rule, weights, rules.loc[settings.rule, "accuracy"], "the configured weights")
    published = (settings.published or {}).get("fusion")
    if published and set(published["weights"]) == set(settings.modalities):
        weights = [published["weights"][name] for name in settings.modalities]
        swept = test[(test["rule"] == published["rule"]) & np.isclose(test[columns], weights).all(axis=1)]
        if len(swept):
            annotate("paper", published["rule"], weights, swept["accuracy"].iloc[0], "the paper's weights")
    for pool in POOLS:
        tuned = f"{pool}_tuned"
        if tuned in rules.index:
            fitted = tables["parameters"].query("rule == @tuned").groupby("name")["value"]
            weights = [fitted.mean()[column] for column in columns]
            first = f"weight_{settings.modalities[0]}"
            span = f"{fitted.min()[first]:g} to {fitted.max()[first]:g} {settings.modalities[0]}"
            note = f"tuned on {rules.loc[tuned, 'fitted_on']}: {span}, by group"
            annotate("tuned", pool, weights, rules.loc[tuned, "accuracy"], note, tuned)
        swept = test[test["rule"] == pool]
        if len(swept):
            best = swept[swept["accuracy"] == swept["accuracy"].max()]
            parameters = tables["parameters"]
            chosen = parameters[parameters["rule"] == f"{pool}_oracle"].set_index("name")["value"]
            if set(columns) <= set(chosen.index):  # among equally accurate weights, the rule's own choice
                best = best[np.isclose(best[columns], [chosen[column] for column in columns]).all(axis=1)]
            best = best.iloc[0] if len(best) else swept.loc[swept["accuracy"].idxmax()]
            note = "best on the test clips; it is never used for a choice"
            annotate("oracle", pool, list(best[columns]), best["accuracy"], note)
    return pd.DataFrame(rows, columns=["annotation", "rule", "system", *columns, "accuracy", "clips", "note"])
