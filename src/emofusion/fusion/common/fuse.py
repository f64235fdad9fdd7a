"""Late fusion of stored predictions by all compared rules. Each is fitted on clips of other actors."""

from dataclasses import dataclass

import pandas as pd

from emofusion.fusion.common.crossfit import WORDS, NothingToLearnFrom, score
from emofusion.plan.settings import FusionSettings
from emofusion.predictions.table import align, scored
from emofusion.tables import ABOUT_RULE, FUSED, PARAMETERS, PREDICTIONS, check


@dataclass(frozen=True)
class Fused:
    """The fused posteriors of the test clips.

    predictions: those of the configured rule (`tables.PREDICTIONS`). rules: those of all compared rules, the configured
    one first (`tables.FUSED`); rules without clips to learn from are missing. parameters: the fitted parameters of each
    rule, and the number of clips that they were fitted on (`tables.PARAMETERS`).
    """

    predictions: pd.DataFrame
    rules: pd.DataFrame
    parameters: pd.DataFrame


def fuse(tables: dict[str, pd.DataFrame], settings: FusionSettings) -> Fused:
    """Fuse the prediction tables of several modalities by every rule.

    The logit of a class is the natural logarithm of its fused posterior; the smallest normal number replaces 0. The
    result does not depend on the machine's number of cores, see `crossfit.score`.

    Args:
        tables: modality → `tables.PREDICTIONS`. `predictions.table.align` joins them.
        settings: the rules, their weights, and the clips that they learn from.

    Raises:
        EmofusionError: a grid has too many weights; weights do not fit the modalities; or tables do not fit together.
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
            continue  # the report names the missing rules
        facts = {"rule": rule.kind, "label": rule.label, "kind": rule.role, "fitted_on": WORDS[result.fitted_on]}
        about = clips.assign(**facts, transductive=rule.transductive)
        rules.append(scored(about, aligned.classes, result.posteriors))
        parameters.append(result.parameters.assign(rule=rule.kind))
    fused = check(pd.concat(rules, ignore_index=True), FUSED, "the fused prediction table")
    configured = fused[fused["rule"] == settings.rule].drop(columns=ABOUT_RULE).reset_index(drop=True)
    fitted = pd.concat(parameters, ignore_index=True)[["rule", "group", "clips", "name", "value"]]
    return Fused(
        check(configured, PREDICTIONS, "the fused prediction table"),
        fused,
        check(fitted, PARAMETERS, "the rules' parameters"),
    )
