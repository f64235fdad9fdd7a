"""Late fusion of cached predictions: every rule that is compared, each fitted on clips of other actors."""

from dataclasses import dataclass

import pandas as pd

from emofusion.fusion.common.catalogue import CATALOGUE, entry
from emofusion.fusion.common.crossfit import WORDS, NothingToLearnFrom, score
from emofusion.predictions.table import align, scored
from emofusion.tables import ABOUT_RULE, FUSED, PARAMETERS, PREDICTIONS, check


@dataclass(frozen=True)
class Fused:
    """predictions: of the configured rule (`tables.PREDICTIONS`, test clips). rules: the same of every rule compared,
    the configured one first (`tables.FUSED`), but for those that have nothing to learn from. parameters: what each
    learnt, and from how many clips (`tables.PARAMETERS`)."""

    predictions: pd.DataFrame
    rules: pd.DataFrame
    parameters: pd.DataFrame


def fuse(tables: dict[str, pd.DataFrame], settings: dict) -> Fused:
    """Fuse the prediction tables of several modalities under every rule.

    tables: modality → `tables.PREDICTIONS`; see `predictions.align` for how they are put together.
    settings: `rule` (a name in `catalogue.CATALOGUE`), `weights` (modality → weight, 0 or more, sum 1), `steps`
    (weights are chosen from a grid of 1/steps), `compare` (names of rules) and `fit_on` (see `crossfit`).

    The logit of a class is the natural logarithm of its fused posterior, the smallest normal number standing for 0.
    Raises `EmofusionError` for a wrong setting, or tables that do not belong together.
    """
    names = list(dict.fromkeys([settings["rule"], *settings["compare"]]))
    entries = {name: entry(name) for name in names}
    aligned = align(tables)
    clips = aligned.clips[aligned.clips["split"] == "test"].reset_index(drop=True)
    rules, parameters = [], []
    for name, found in entries.items():
        try:
            result = score(aligned, found, settings)
        except NothingToLearnFrom:
            if name == settings["rule"]:
                raise
            continue  # the report says which rules are not there
        said = {"rule": name, "label": found.label, "kind": found.kind, "fitted_on": WORDS[result.fitted_on]}
        said["transductive"] = found.transductive
        rules.append(scored(clips.assign(**said), aligned.classes, result.posteriors))
        parameters.append(result.parameters.assign(rule=name))
    every = check(pd.concat(rules, ignore_index=True), FUSED, "the fused prediction table")
    configured = every[every["rule"] == settings["rule"]].drop(columns=ABOUT_RULE).reset_index(drop=True)
    learnt = pd.concat(parameters, ignore_index=True)
    return Fused(
        check(configured, PREDICTIONS, "the fused prediction table"),
        every,
        check(learnt[["rule", "group", "clips", "name", "value"]], PARAMETERS, "the rules' parameters"),
    )


__all__ = ["CATALOGUE", "Fused", "fuse"]
