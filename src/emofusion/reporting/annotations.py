"""The settings of the weights that figures and the page point out."""

import numpy as np
import pandas as pd

from emofusion.evaluation.sweep import WEIGHT
from emofusion.fusion.common.pools import POOLS


def marks(tables: dict[str, pd.DataFrame], settings: dict) -> pd.DataFrame:
    """The configured weights, the paper's, those chosen without the test clips, and the best on them (an oracle).

    tables: `rules`, `sweep` and `parameters` of `rules.comparison_tables`. settings: the report's.

    Columns: mark (configured, paper, chosen or oracle), rule (a pool of the sweep), system (the rule whose figures it
    shows: the pool, or `<pool>_chosen`), weight_<modality>…, accuracy on all test clips, their number clips, and note,
    in words. Chosen weights are the mean over the groups of clips that they were chosen for, their accuracy is that of
    each group under its own.
    """
    rules = tables["rules"].set_index("rule")
    columns = [WEIGHT + name for name in settings["modalities"]]
    sweep = tables["sweep"]
    test = sweep[(sweep[["split", "gender", "emotion"]] == ["test", "all", "all"]).all(axis=1)]
    rows = []

    def mark(kind: str, rule: str, weights: list[float], accuracy: float, note: str, system: str = "") -> None:
        values = dict(zip(columns, weights, strict=True)) | {"accuracy": accuracy, "clips": rules["clips"].iloc[0]}
        rows.append({"mark": kind, "rule": rule, "system": system or rule, **values, "note": note})

    fusion, published = settings["fusion"], (settings["published"] or {}).get("fusion")
    if fusion["rule"] in POOLS:
        weights = [fusion["weights"][name] for name in settings["modalities"]]
        mark("configured", fusion["rule"], weights, rules.loc[fusion["rule"], "accuracy"], "the weights that are set")
    if published and set(published["weights"]) == set(settings["modalities"]):
        weights = [published["weights"][name] for name in settings["modalities"]]
        there = test[(test["rule"] == published["rule"]) & np.isclose(test[columns], weights).all(axis=1)]
        if len(there):
            mark("paper", published["rule"], weights, there["accuracy"].iloc[0], "the paper's weights")
    for pool in POOLS:
        name = f"{pool}_chosen"
        if name in rules.index:
            learnt = tables["parameters"].query("rule == @name").groupby("name")["value"]
            weights = [learnt.mean()[column] for column in columns]
            first = f"weight_{settings['modalities'][0]}"
            span = f"{learnt.min()[first]:g} to {learnt.max()[first]:g} {settings['modalities'][0]}"
            note = f"chosen on {rules.loc[name, 'fitted_on']}: {span}, by group"
            mark("chosen", pool, weights, rules.loc[name, "accuracy"], note, name)
        swept = test[test["rule"] == pool]
        if len(swept):
            best = swept.loc[swept["accuracy"].idxmax()]
            mark("oracle", pool, list(best[columns]), best["accuracy"], "best on the test clips: never used to choose")
    return pd.DataFrame(rows, columns=["mark", "rule", "system", *columns, "accuracy", "clips", "note"])
