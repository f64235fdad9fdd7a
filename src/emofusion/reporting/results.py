"""What a report is made from, as tables in memory."""

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class TrainedModel:
    """What a report says of a trained model.

    parameters: how many numbers the network has. parameters_trained: how many of them are trained at some time.
    keep: which epoch's weights were kept, `best` (lowest validation loss) or `last`.
    """

    parameters: int
    parameters_trained: int
    keep: str


@dataclass(frozen=True)
class Results:
    """What a report is made from.

    modalities: modality → `tables.PREDICTIONS`, in the order of the tables' columns.
    fused: `tables.PREDICTIONS` of the configured rule.
    rules: `tables.FUSED`, the predictions of every rule that was compared.
    parameters: `tables.PARAMETERS`, what each rule learnt.
    evaluation: name → table, as named by `evaluation.schemas.evaluation_schemas` and `SWEEPS`.
    histories: modality → network → `tables.HISTORY` of all its seeds.
    models: modality → network → what was trained; it has the networks of `histories`.
    notes: sentences about what was left out.
    transductive: whether the configured rule uses all unlabelled clips of a test speaker.
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
