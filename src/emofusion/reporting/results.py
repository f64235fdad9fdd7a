"""The tables that a report is made from, in memory."""

from dataclasses import dataclass, field

import pandas as pd

from emofusion.reporting.trained import trained_table


@dataclass(frozen=True)
class TrainedModel:
    """The facts about a trained model that a report shows.

    parameters: the number of the network's parameters. parameters_trained: how many of them are trained in some epoch.
    keep: the epoch whose weights were kept, `best` (lowest validation loss) or `last`. devices: what trained it, such
    as `CPU`, in alphabetical order; its seeds may be trained on several devices. Empty for models that are fitted at
    once.
    """

    parameters: int
    parameters_trained: int
    keep: str
    devices: tuple[str, ...]


@dataclass(frozen=True)
class Results:
    """The tables and facts that a report is made from.

    modalities: modality → `tables.PREDICTIONS`, in the order of the tables' columns.
    fused: `tables.PREDICTIONS` of the configured rule.
    rules: `tables.RULES`, the configured rule first.
    parameters: `tables.PARAMETERS`, the fitted parameters of each rule.
    evaluation: name → table; the names are those of `evaluation_schemas` and of `tables.SWEEPS`.
    histories: modality → network → `tables.HISTORY` of all its seeds.
    models: modality → network → facts about the trained model, for the networks of `histories`.
    notes: sentences about clips and rules that were left out.
    transductive: whether the configured rule uses all unlabelled clips of a test speaker.
    trained: who trained each modality, see `trained.trained_table`.
    chosen: `tables.PREDICTIONS` of the rule that the other folds choose, where the report counts its clips anew.
    devices: modality → what trained the models that are fused, as in `TrainedModel`.
    """

    modalities: dict[str, pd.DataFrame]
    fused: pd.DataFrame
    rules: pd.DataFrame
    parameters: pd.DataFrame
    evaluation: dict[str, pd.DataFrame]
    histories: dict[str, dict[str, pd.DataFrame]] = field(default_factory=dict)
    models: dict[str, dict[str, TrainedModel]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    transductive: bool = False
    trained: pd.DataFrame = field(default_factory=lambda: trained_table({}, [], {}))
    chosen: pd.DataFrame | None = None
    devices: dict[str, list[str]] = field(default_factory=dict)
