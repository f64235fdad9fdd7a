"""Late fusion of stored predictions by several rules. Each is fitted on clips of other actors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.fusion.common.crossfit import NO_OTHER_ACTOR, WORDS, NothingToLearnFrom, score
from emofusion.fusion.common.nested import check_same_folds
from emofusion.plan.settings import FusionSettings
from emofusion.predictions.missing import completed
from emofusion.predictions.table import Aligned, align, scored
from emofusion.tables import (
    ABOUT_RULE,
    FUSED,
    PARAMETERS,
    PREDICTIONS,
    check,
    classes_of,
    read_table,
    sorted_by,
    write_table,
)

Tables = dict[str, pd.DataFrame]  # modality → `tables.PREDICTIONS`


@dataclass(frozen=True)
class Fused:
    """The fused posteriors of the test clips.

    rules: those of each rule, in the order of the settings (`tables.FUSED`); rules without clips to learn from are
    missing. parameters: the fitted parameters of each rule, and the number of clips that they were fitted on
    (`tables.PARAMETERS`).
    """

    rules: pd.DataFrame
    parameters: pd.DataFrame

    def predictions(self, rule: str) -> pd.DataFrame:
        """The fused posteriors of one rule, as `tables.PREDICTIONS`.

        Raises `NothingToLearnFrom` where the rule could not be fitted.
        """
        chosen = self.rules[self.rules["rule"] == rule].drop(columns=ABOUT_RULE).reset_index(drop=True)
        if chosen.empty:
            raise NothingToLearnFrom(NO_OTHER_ACTOR)
        return check(chosen, PREDICTIONS, "the fused prediction table")

    def about(self) -> pd.DataFrame:
        """A row of facts for each rule, in the order of the rules: `tables.RULES`."""
        return self.rules[ABOUT_RULE].drop_duplicates(ignore_index=True)

    def with_rules(self, others: "Fused", order: Sequence[str]) -> "Fused":
        """The rules of both, in this order."""
        pairs = ((self.rules, others.rules), (self.parameters, others.parameters))
        return Fused(*[sorted_by(pd.concat(pair), "rule", order) for pair in pairs])

    def with_references(self, references: dict[str, pd.DataFrame]) -> "Fused":
        """The rules, followed by systems that were made elsewhere, to compare the rules with.

        references: name → `tables.PREDICTIONS`. Raises `EmofusionError` where one knows other classes than the rules.
        """
        systems = [self.rules]
        for name, table in references.items():
            if classes_of(table) != classes_of(self.rules):
                raise EmofusionError(
                    f"references: {name} knows {', '.join(classes_of(table))}, and the modalities know "
                    f"{', '.join(classes_of(self.rules))}; give it the same classes, or remove it from references."
                )
            label = f"{name.replace('_', ' ').capitalize()} (reference)"
            about = {"rule": name, "label": label, "kind": "reference", "fitted_on": "elsewhere"}
            systems.append(table[table["split"] == "test"].assign(**about, transductive=False))
        if not references:
            return self
        # a table without rows has no types, see `fuse`
        several = pd.concat([system for system in systems if len(system)], ignore_index=True)
        return Fused(check(several[self.rules.columns], FUSED, "the rules and references"), self.parameters)

    def write(self, folder: Path) -> None:
        """Write `rules.parquet` and `parameters.parquet` into a folder."""
        write_table(self.rules, folder / "rules.parquet", FUSED)
        write_table(self.parameters, folder / "parameters.parquet", PARAMETERS)

    @classmethod
    def read(cls, folder: Path) -> "Fused":
        """Read what `write` has written. Raises `EmofusionError` where a table is missing or damaged."""
        return cls(read_table(folder / "rules.parquet", FUSED), read_table(folder / "parameters.parquet", PARAMETERS))


def fuse(tables: dict[str, pd.DataFrame], settings: FusionSettings, fitting: Tables | None = None) -> Fused:
    """Fuse the prediction tables of several modalities by every rule of the settings.

    The logit of a class is the natural logarithm of its fused posterior; the smallest normal number replaces 0. The
    result does not depend on the machine's number of cores, see `crossfit.score`.

    Args:
        tables: modality → `tables.PREDICTIONS`. `predictions.table.align` joins them.
        settings: the rules, their weights, and the clips that they learn from.
        fitting: the same of the posteriors that rules are fitted on, where these are others, see `aligned_for`.

    Raises:
        EmofusionError: a grid has too many weights; weights do not fit the modalities; tables do not fit together; or
            the configured rule has no clips to learn from.
    """
    aligned = aligned_for(_checked(tables), settings, _checked(fitting or {}))
    clips = aligned.clips[aligned.clips["split"] == "test"].reset_index(drop=True)
    # without rows, so that the tables have their columns where there is no rule
    none = clips[:0].assign(rule="", label="", kind="rule", fitted_on="", transductive=False)
    rules = [scored(none, aligned.classes, np.empty((0, len(aligned.classes))), aligned.order)]
    parameters = [pd.DataFrame(columns=["rule", "group", "clips", "name", "value"])]
    for rule in settings.rules:
        try:
            result = score(aligned, rule, settings)
        except NothingToLearnFrom:
            if rule.kind == settings.rule:
                raise
            continue  # the report names the missing rules
        facts = {"rule": rule.kind, "label": rule.label, "kind": rule.role, "fitted_on": WORDS[result.fitted_on]}
        about = clips.assign(**facts, transductive=rule.transductive)
        rules.append(scored(about, aligned.classes, result.posteriors, aligned.order))
        parameters.append(result.parameters.assign(rule=rule.kind))
    fused = pd.concat(rules[1:] or rules, ignore_index=True)
    fitted = pd.concat(parameters[1:] or parameters, ignore_index=True)[["rule", "group", "clips", "name", "value"]]
    return Fused(check(fused, FUSED, "the fused prediction table"), check(fitted, PARAMETERS, "the rules' parameters"))


def _checked(tables: Tables) -> Tables:
    return {name: check(table, PREDICTIONS, f"the {name} prediction table") for name, table in tables.items()}


def aligned_for(tables: Tables, settings: FusionSettings, fitting: Tables | None = None) -> Aligned:
    """The posteriors of all modalities on the same clips, with those that rules are fitted on.

    Args:
        tables: modality → its predictions, checked (`tables.PREDICTIONS`).
        settings: what happens where a modality lacks a clip, and what rules are fitted on.
        fitting: modality → the predictions that rules are fitted on. With `fit_on=nested`, these are predictions for
            pairs of folds (`nested`). None: rules are fitted on `tables`.

    Raises:
        EmofusionError: tables do not fit together.
    """
    if fitting and settings.fit_on == "nested":
        check_same_folds(tables)

    def aligned(of: Tables) -> Aligned:
        return align(completed(of, settings.missing), are_checked=True)

    scored = aligned(tables)
    if not fitting:
        return scored
    examples = aligned(fitting)
    if examples.classes != scored.classes or (examples.known != scored.known).any():
        raise EmofusionError(
            f"fusion.fit_on={settings.fit_on}: the models that rules are fitted on know other classes "
            f"({', '.join(examples.classes)}) than those that are tested ({', '.join(scored.classes)}); take classes "
            "that few people show out of emotions.classes."
        )
    return replace(scored, fitting=examples)
