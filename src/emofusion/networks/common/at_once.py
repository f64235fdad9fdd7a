"""What models that are fitted at once have in common: which settings of the training they use."""

from dataclasses import fields, replace
from typing import Any

from emofusion.settings.fields import must, shown
from emofusion.settings.training import Training

_USED = ("keep", "threads", "members", "speaker_normalisation", "enrolment", "enrolment_weight", "outlier_limit")


def check_unused(training: Training, defaults: dict[str, Any], name: str) -> None:
    """Raise `EmofusionError` for settings of the training that a model that is fitted at once has no use for.

    Args:
        training: the settings.
        defaults: `Network.training_defaults` of the model.
        name: the name of the modality.
    """
    usual = Training(**defaults)
    for field in fields(Training):
        value = getattr(training, field.name)
        must(
            field.name in _USED or value == getattr(usual, field.name),
            f"{name}.training.{field.name}={_shown(value)}: an estimator is fitted at once, and does not use this; "
            f"leave it out, or look for the like among the settings of {name}.network",
        )


def used_part(training: Training, defaults: dict[str, Any]) -> Training:
    """A copy with only threads, and how features are normalised; arguments are as in `check_unused`."""
    used = {name: getattr(training, name) for name in _USED}
    return replace(Training(**defaults), **used | {"keep": "last", "members": 1})


def _shown(value: Any) -> str:
    return "…" if hasattr(value, "__dataclass_fields__") else shown(value)
