"""Late fusion of cached predictions: every rule that is compared, each fitted on clips of other actors."""

from dataclasses import dataclass

import pandas as pd

from emofusion.fusion.common.crossfit import WORDS, NothingToLearnFrom, score
from emofusion.plan.settings import FusionSettings
from emofusion.predictions.table import align, scored
from emofusion.tables import ABOUT_RULE, FUSED, PARAMETERS, PREDICTIONS, check


@dataclass(frozen=True)
class Fused:
    """What the rules make of the test clips.

    predictions: of the configured rule (`tables.PREDICTIONS`). rules: of every rule compared, the configured one first
    (`tables.FUSED`), without those that have nothing to learn from. parameters: what each rule learnt, and from how
    many clips (`tables.PARAMETERS`).
    """

    predictions: pd.DataFrame
    rules: pd.DataFrame
    parameters: pd.DataFrame


def fuse(tables: dict[str, pd.DataFrame], settings: FusionSettings) -> Fused:
    """Fuse the prediction tables of several modalities by every rule.

    tables: modality → `tables.PREDICTIONS`; see `predictions.table.align` for how they are put together.

    The logit of a class is the natural logarithm of its fused posterior; the smallest normal number stands for 0. The
    result does not depend on the machine's number of cores: see `crossfit.score`.

    Raises `EmofusionError` for a grid with too many weights, for weights that do not fit the modalities, or for tables
    that do not belong together.
    """
    aligned = align(tables)
    clips = aligned.clips[aligned.clips["split"] == "test"].reset_index(drop=True)
    rules, parameters = [], []
    for rule in settings.rules:
        try:
            result = score(aligned, rule, settings)
        except NothingToLearnFrom:
            if rule.kind == settings.rule:
                raise
            continue  # the report says which rules are missing
        facts = {"rule": rule.kind, "label": rule.label, "kind": rule.role, "fitted_on": WORDS[result.fitted_on]}
        about = clips.assign(**facts, transductive=rule.transductive)
        rules.append(scored(about, aligned.classes, result.posteriors))
        parameters.append(result.parameters.assign(rule=rule.kind))
    fused = check(pd.concat(rules, ignore_index=True), FUSED, "the fused prediction table")
    configured = fused[fused["rule"] == settings.rule].drop(columns=ABOUT_RULE).reset_index(drop=True)
    learnt = pd.concat(parameters, ignore_index=True)[["rule", "group", "clips", "name", "value"]]
    return Fused(
        check(configured, PREDICTIONS, "the fused prediction table"),
        fused,
        check(learnt, PARAMETERS, "the rules' parameters"),
    )
