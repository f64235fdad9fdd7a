"""The file `model.json` in a model's folder: the model's settings, and facts that reports show."""

import json
from dataclasses import asdict, dataclass, field, fields
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
        devices: what it was trained on, see `devices.device_name`; several, in alphabetical order, where a training was
            interrupted and continued on another device. Empty for models that are fitted at once, which never use a
            GPU, and for those of versions that did not write it.
    """

    classes: list[str]
    shape: tuple[int, ...]
    kept_epoch: dict[str, int]
    parameters: int
    parameters_trained: int
    devices: list[str] = field(default_factory=list)

    def write(self, folder: Path, settings: ModelSettings) -> None:
        """Write `model.json` into a model's folder."""
        content = {**asdict(self), **{one.name: encode(getattr(settings, one.name)) for one in fields(settings)}}
        (folder / FILE).write_text(json.dumps(content, indent=2))


def read_model(folder: Path) -> tuple[ModelDescription, ModelSettings]:
    """Read the description and the settings in a model's folder.

    Raises `EmofusionError` where the file is missing, or names classes that no longer exist.
    """
    path = folder / FILE
    try:
        content = {"devices": [], **json.loads(path.read_text())}
        figures = {one.name: content[one.name] for one in fields(ModelDescription)}
        settings = ModelSettings(**{one.name: decode(content[one.name]) for one in fields(ModelSettings)})
    except (OSError, ValueError, LookupError, TypeError, ImportError, AttributeError) as error:
        raise EmofusionError(
            f"cannot read {path}: {error}. Delete its folder, and the model is trained again."
        ) from error
    return ModelDescription(**figures | {"shape": tuple(figures["shape"])}), settings
