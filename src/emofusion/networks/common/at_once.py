"""What models that are fitted at once have in common: which settings of the training they use."""

from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any

from emofusion.settings.fields import must, shown
from emofusion.settings.training import Training

USED = ("keep", "threads", "members", "speaker_normalisation", "enrolment", "enrolment_weight", "outlier_limit")


def check_unused(training: Training, defaults: dict[str, Any], name: str, used: Collection[str] = USED) -> None:
    """Raise `EmofusionError` for settings of the training that a model that is fitted at once has no use for.

    Args:
        training: the settings.
        defaults: `Network.training_defaults` of the model.
        name: the name of the modality.
        used: the settings that the model uses.
    """
    usual = Training(**defaults)
    for field in fields(Training):
        value = getattr(training, field.name)
        must(
            field.name in used or value == getattr(usual, field.name),
            f"{name}.training.{field.name}={_shown(value)}: an estimator is fitted at once, and does not use this; "
            f"leave it out, or look for the like in {name}.network.settings",
        )


def used_part(training: Training, defaults: dict[str, Any]) -> Training:
    """A copy with only threads, and how features are normalised; arguments are as in `check_unused`."""
    return replace(
        Training(**defaults),
        keep="last",
        threads=training.threads,
        speaker_normalisation=training.speaker_normalisation,
        enrolment=training.enrolment,
        enrolment_weight=training.enrolment_weight,
        outlier_limit=training.outlier_limit,
    )


def _shown(value: Any) -> str:
    return "…" if hasattr(value, "__dataclass_fields__") else shown(value)
