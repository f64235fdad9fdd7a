"""What a model's folder says about the model: its settings, and figures that reports read."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from emofusion.errors import EmofusionError
from emofusion.plan.settings import ModelSettings
from emofusion.settings.encoding import decode, encode

FILE = "model.json"


@dataclass(frozen=True)
class ModelDescription:
    """The content of `model.json`, where the settings stand beside the figures.

    Args:
        classes: the classes in the order of the logits.
        shape: the shape of one row of the features.
        kept_epoch: for each model of a fold and a seed (`<fold>-<seed>`), the epoch whose weights were kept.
        parameters: how many parameters the network has, with blocks that are never trained.
        parameters_trained: how many of them are trained in some epoch.
    """

    classes: list[str]
    shape: tuple[int, ...]
    kept_epoch: dict[str, int]
    parameters: int
    parameters_trained: int

    def write(self, folder: Path, settings: ModelSettings) -> None:
        """Write `model.json` into a model's folder."""
        content = {**asdict(self), **{field.name: encode(getattr(settings, field.name)) for field in fields(settings)}}
        (folder / FILE).write_text(json.dumps(content, indent=2))


def read_model(folder: Path) -> tuple[ModelDescription, ModelSettings]:
    """The description and the settings in a model's folder.

    Raises `EmofusionError` where the file is absent, or where the code no longer has what it names.
    """
    path = folder / FILE
    try:
        content = json.loads(path.read_text())
        figures = {field.name: content[field.name] for field in fields(ModelDescription)}
        settings = ModelSettings(**{field.name: decode(content[field.name]) for field in fields(ModelSettings)})
    except (OSError, ValueError, LookupError, TypeError, ImportError, AttributeError) as error:
        raise EmofusionError(
            f"cannot read {path}: {error}. Delete its folder to have the model trained again."
        ) from error
    return ModelDescription(**figures | {"shape": tuple(figures["shape"])}), settings
