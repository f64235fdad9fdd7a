"""The file `model.json` in a model's folder: the model's settings, and facts that reports show."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from emofusion.errors import EmofusionError
from emofusion.plan.settings import ModelSettings
from emofusion.settings.encoding import decode, encode

FILE = "model.json"


@dataclass(frozen=True)
class ModelDescription:
    """The facts in `model.json`, which also contains the settings.

    Args:
        classes: the classes in the order of the logits.
        shape: the shape of one row of the features.
        kept_epoch: `<fold>-<seed>` → the epoch whose weights were kept.
        parameters: the number of the network's parameters, including blocks that are never trained.
        parameters_trained: the number of parameters that are trained in some epoch.
        device: what it was trained on, see `devices.device_name`; empty where an earlier version trained it.
    """

    classes: list[str]
    shape: tuple[int, ...]
    kept_epoch: dict[str, int]
    parameters: int
    parameters_trained: int
    device: str

    def write(self, folder: Path, settings: ModelSettings) -> None:
        """Write `model.json` into a model's folder."""
        content = {**asdict(self), **{field.name: encode(getattr(settings, field.name)) for field in fields(settings)}}
        (folder / FILE).write_text(json.dumps(content, indent=2))


def read_model(folder: Path) -> tuple[ModelDescription, ModelSettings]:
    """Read the description and the settings in a model's folder.

    Raises `EmofusionError` where the file is missing, or names classes that no longer exist.
    """
    path = folder / FILE
    try:
        content = {"device": "", **json.loads(path.read_text())}
        figures = {field.name: content[field.name] for field in fields(ModelDescription)}
        settings = ModelSettings(**{field.name: decode(content[field.name]) for field in fields(ModelSettings)})
    except (OSError, ValueError, LookupError, TypeError, ImportError, AttributeError) as error:
        raise EmofusionError(
            f"cannot read {path}: {error}. Delete its folder, and the model is trained again."
        ) from error
    return ModelDescription(**figures | {"shape": tuple(figures["shape"])}), settings
