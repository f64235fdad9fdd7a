"""All that scoring needs, in one folder: the settings of features and rules, the member networks, and what rules learn.

The folder has

* `bundle.json`: a `Bundle`;
* `members/<number>/model`: what `training.fit` has written, and beside it the weights of a network's frozen part;
* `members/<number>/training`: features and split of the training clips, where a network compares clips with them;
* `learnt/<modality>.parquet`: the cached predictions of test clips, which the fusion rule is fitted on.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.plan.settings import FusionSettings, PredictionsSettings
from emofusion.settings.encoding import canonical, decode, encode
from emofusion.settings.fields import setting
from emofusion.settings.kinds import Features, FrozenPart, FusionRule

FILE = "bundle.json"
FORMAT = 1  # of the folder; a bundle of another format is refused


@dataclass(frozen=True)
class Part:
    """One of the features that a network reads.

    name: in a row of joined features; empty where the network reads one kind of features. features: their settings, as
    they were for the corpora of the training. frozen: the part of the network whose output the rest reads, if any.
    """

    name: str
    features: Features
    frozen: FrozenPart | None = setting("The frozen part of the network.", None)


def key_of(part: Part, features: Features, weights: Path) -> str:
    """A text that is the same for parts with the same values for every recording.

    features: those that are computed instead of the part's own. weights: the file that its frozen part starts from; it
    may not be there.
    """
    if part.frozen is None:
        return canonical(features)
    start = ""
    if weights.exists():
        facts = weights.stat()
        start = _digest(weights, facts.st_size, facts.st_mtime_ns)
    return f"{canonical(features)} {canonical(part.frozen)} {start}"


@lru_cache
def _digest(path: Path, size: int, changed: int) -> str:
    """The SHA-256 of a file. size, changed: of the file as it is now, so that it is read once."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Member:
    """A trained model: one network for each fold and seed.

    folder: in the bundle. name: of the model, such as `speech-cnn1d`. parts: what it reads. predictions: how it scores.
    compares: whether it compares clips with the features of its training clips. normalised: whether features are
    normalised on each speaker's own clips. enrolment: the number of a speaker's enrolment clips that it is centred on.
    """

    folder: str
    name: str
    parts: list[Part]
    predictions: PredictionsSettings
    compares: bool
    normalised: bool
    enrolment: int


@dataclass(frozen=True)
class ModalityModel:
    """The model of a modality. members: one, or those of an ensemble. pool: how their posteriors are averaged."""

    name: str
    members: list[Member]
    pool: str

    @property
    def normalised(self) -> bool:
        """Whether features are normalised on clips of the speaker, on all of them or on enrolment clips."""
        return any(member.normalised or member.enrolment for member in self.members)


@dataclass(frozen=True)
class Bundle:
    """What `bundle.json` says.

    experiment, title: of the experiment. report: the key of the report that the model card is filled in from. classes:
    in their order. modalities: their models. weights: `folds`, or `all` for networks that all actors trained (the
    setting `registration.weights`). rule: the fusion rule. fusion: its weights and options. calibrated: whether one
    temperature follows the fusion. folds: how many folds have networks, whose posteriors are averaged. versions:
    library → version that made the report. emofusion: the version of this package.
    """

    experiment: str
    title: str
    report: str
    classes: list[str]
    modalities: list[ModalityModel]
    weights: str
    rule: FusionRule
    fusion: FusionSettings
    calibrated: bool
    folds: int
    versions: dict[str, str]
    emofusion: str

    @property
    def asks_for_enrolment(self) -> list[str]:
        """The modalities that need clips of the speaker."""
        return [modality.name for modality in self.modalities if modality.normalised]

    def write(self, folder: Path) -> None:
        """Write `bundle.json`."""
        content = {"format": FORMAT, "bundle": encode(self)}
        (folder / FILE).write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")


def read_bundle(folder: Path) -> Bundle:
    """Read `bundle.json`.

    Raises `EmofusionError` where the file is missing or damaged, or another version of emofusion wrote it that this one
    cannot read.
    """
    path = folder / FILE
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        written, made_by = content["format"], content["bundle"]["emofusion"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise EmofusionError(
            f"{path} is no registered model of emofusion ({error}). Register the model again."
        ) from error
    if written != FORMAT:
        raise EmofusionError(_other_version(path, made_by))
    try:
        bundle = decode(content["bundle"])
    except (LookupError, TypeError, ValueError, ImportError, AttributeError) as error:
        raise EmofusionError(f"{_other_version(path, made_by)} ({error})") from error
    if not isinstance(bundle, Bundle):
        raise EmofusionError(_other_version(path, made_by))
    return bundle


def _other_version(path: Path, made_by: str) -> str:
    from emofusion.versions import own_version

    return (
        f"{path} was written by emofusion {made_by}, and this is {own_version()}, which cannot read it. Install that "
        "version, or register the model again"
    )
