"""Stages: units of work, each with a key, inputs, settings, and the modules that it runs."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.settings.encoding import TYPE
from emofusion.settings.fields import is_in_key
from emofusion.settings.kinds import FrozenPart, Kind, Preparation

RESULTS = "results"
KEY_DIGITS = 16  # hexadecimal: 64 bits


@dataclass(frozen=True)
class StageKind:
    """A kind of stage.

    script: the name of the Snakemake script that runs it. modules: the modules that it runs, besides those of its
    settings. outputs: the files and folders that it writes. kept: a folder that a stage may write besides, and
    that stays when the stage is run again, because its files are named by their content.
    """

    script: str
    modules: tuple[str, ...]
    outputs: tuple[str, ...]
    kept: tuple[str, ...] = ()


LIBRARY = "library:"  # before the name of a library among a stage's modules
RECORDED = "recorded"  # the role of the clip tables to whose recordings features adapt, where not only to their own
ALSO_SKIPPED = "also_skipped"  # the role of clip tables of other modalities, whose skipped clips a split leaves out
FEATURES_SKIPPED = "features_skipped"  # the role of features, of all modalities, whose skipped clips a split leaves out

KINDS = {
    "generated": StageKind("prepare", (), ("corpus",)),
    "download": StageKind("prepare", (), ("receipt.json",)),
    "weights": StageKind("prepare", (), ("weights.safetensors",)),
    "tables": StageKind("prepare", (), ("tables",)),
    "corpus": StageKind("corpus", ("emofusion.corpora.common.read",), ("clips.parquet", "notes.csv"), ("unpacked",)),
    "distorted": StageKind("distort", ("emofusion.recordings.distort",), ("clips.parquet", "recordings")),
    "split": StageKind(
        "split",
        ("emofusion.protocols.common.split",),
        ("split.parquet", "facts.parquet", "left_out.csv", "notes.json", "classes.json"),
    ),
    "groups": StageKind("groups", ("emofusion.evaluation.levels",), ("facts.parquet",)),
    "features": StageKind(
        "features", ("emofusion.features.common.extract",), ("features.npy", "rows.parquet", "notes.csv", "skipped.csv")
    ),
    "feature_cache": StageKind(
        "feature_cache", ("emofusion.features.common.feature_set",), ("features.npy", "rows.parquet")
    ),
    "model": StageKind("train", ("emofusion.training.fit",), ("model.json", "history.parquet", "folds")),
    "predictions": StageKind("predict", ("emofusion.training.predict",), ("predictions.parquet",)),
    "posteriors": StageKind("posteriors", ("emofusion.predictions.posteriors",), ("predictions.parquet", "notes.csv")),
    "ensemble": StageKind("ensemble", ("emofusion.predictions.ensemble",), ("predictions.parquet",)),
    "rules": StageKind(
        "fuse_rules",
        ("emofusion.fusion.common.fuse", "emofusion.evaluation.stage", "emofusion.evaluation.sweep"),
        ("rules.parquet", "parameters.parquet", "evaluation", "sweep"),
    ),
    "fusion": StageKind(
        "fuse",
        ("emofusion.fusion.common.fuse", "emofusion.evaluation.stage"),
        ("fused.parquet", "about_rules.parquet", "parameters.parquet", "evaluation"),
    ),
    "report": StageKind("report", ("emofusion.reporting.collect", "emofusion.reporting.report"), ("report",)),
}


@dataclass(frozen=True, eq=False)
class Stage:
    """One unit of work.

    kind: a name in `KINDS`. key: unique among the stages of its kind. settings: the typed settings that decide its
    output, together with its inputs. inputs: role → the stages that it reads. text: the settings as JSON that
    `settings.encoding` can decode. modules: the modules whose code it runs. threads: how many threads it computes
    with. precision: its floating-point precision, `full` or `half`.
    """

    kind: str
    key: str
    settings: Any
    inputs: "Inputs"
    text: str
    modules: tuple[str, ...]
    threads: int = 1
    precision: str = "full"

    @property
    def name(self) -> str:
        """`kind/key`, which is also the path of its folder in `results/`."""
        return f"{self.kind}/{self.key}"

    @property
    def inputs_by_name(self) -> dict[str, list[str] | str]:
        """Role → the name, or the list of names, of the stages that it reads."""
        return {
            role: [stage.name for stage in read] if isinstance(read, tuple) else read.name
            for role, read in self.inputs.items()
        }

    @property
    def reads(self) -> "list[Stage]":
        """The stages that it reads."""
        return [stage for read in self.inputs.values() for stage in (read if isinstance(read, tuple) else (read,))]


Inputs = dict[str, Stage | tuple[Stage, ...]]  # role → the stages that are read


class StageFactory:
    """Makes stages. Equal settings and inputs give the same object."""

    def __init__(self) -> None:
        self._stages: dict[str, Stage] = {}
        self._identity_of_key: dict[tuple[str, str], str] = {}
        # id of a settings object → the object and its texts; the object is kept, so that no other gets its id
        self._texts: dict[int, tuple[Any, str, str]] = {}

    def make(
        self,
        kind: str,
        label: str,
        settings: Any,
        inputs: "Inputs | None" = None,
        threads: int = 1,
        precision: str = "full",
        also: Sequence[type[Kind]] = (),
    ) -> Stage:
        """A stage whose key is a hash of its settings and of the keys of the stages that it reads.

        Args:
            kind: a name in `KINDS`.
            label: the readable part of the key.
            settings: the typed settings.
            inputs: role → the stages that it reads.
            threads: how many threads it computes with.
            precision: `full` or `half`.
            also: kinds that the settings refer to only by name. Their modules belong to the stage's code, like the
                modules of kinds whose objects are in the settings.

        Raises:
            EmofusionError: two different stages have the same key.
        """
        typed, plain = self._text(settings)
        inputs = inputs or {}
        keys = {
            role: [stage.key for stage in read] if isinstance(read, tuple) else read.key
            for role, read in inputs.items()
        }
        # the roles are not sorted: a fusion's table has its columns in the order of the modalities
        identity = f"{kind} {label} {plain} {json.dumps(keys)}"
        if identity not in self._stages:
            key = f"{label}-{short_hash(identity, KEY_DIGITS)}"
            first_identity = self._identity_of_key.setdefault((kind, key), identity)
            if first_identity != identity:
                raise EmofusionError(f"two different stages have the key {kind}/{key}; change one of their names")
            modules = (*KINDS[kind].modules, *sorted(modules_of(settings) | {named.__module__ for named in also}))
            self._stages[identity] = Stage(kind, key, settings, inputs, typed, modules, threads, precision)
        return self._stages[identity]

    def text(self, settings: Any) -> str:
        """Settings as JSON, with the names of classes and with all fields and entries in their own order."""
        return self._text(settings)[0]

    def _text(self, value: Any) -> tuple[str, str]:
        """A value as JSON, with and without the names of classes. Texts of dataclasses and maps are remembered.

        A `Preparation` or a `FrozenPart` has no field `kind`, so its class name is in both texts.
        """
        if value is None or isinstance(value, str | int | float):
            text = _encode(value)
            return text, text
        if isinstance(value, list | tuple):
            texts_of_items = [self._text(item) for item in value]
            typed_texts = ", ".join([typed for typed, _ in texts_of_items])
            plain_texts = ", ".join([plain for _, plain in texts_of_items])
            return f"[{typed_texts}]", f"[{plain_texts}]"
        known = self._texts.get(id(value))
        if known is None or known[0] is not value:
            unkeyed: set[str] = set()
            if isinstance(value, dict):
                prefix, items = [], [(str(name), entry) for name, entry in value.items()]
            else:
                cls = type(value)
                prefix = [f"{_encode(TYPE)}: {_encode(f'{cls.__module__}:{cls.__qualname__}')}"]
                items = [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
                unkeyed = {_encode(field.name) for field in dataclasses.fields(value) if not is_in_key(value, field)}
            texts = [(_encode(name), *self._text(item)) for name, item in items]
            typed = ", ".join([*prefix, *[f"{name}: {text}" for name, text, _ in texts]])
            if isinstance(value, Preparation | FrozenPart):
                texts.append((_encode(TYPE), "", _encode(type(value).__qualname__)))
            plain = ", ".join([f"{name}: {text}" for name, _, text in sorted(texts) if name not in unkeyed])
            known = self._texts[id(value)] = (value, f"{{{typed}}}", f"{{{plain}}}")
        return known[1], known[2]


_encode = json.JSONEncoder(ensure_ascii=False).encode


def modules_of(settings: Any) -> set[str]:
    """The modules of all kinds whose objects the settings contain, and `LIBRARY` + the libraries that these kinds name.

    The code of the modules belongs to the stage's code, and the versions of the libraries to what it is made with.
    """
    if isinstance(settings, dict):
        return {module for entry in settings.values() for module in modules_of(entry)}
    if isinstance(settings, list | tuple):
        return {module for item in settings for module in modules_of(item)}
    if not dataclasses.is_dataclass(settings) or isinstance(settings, type):
        return set()
    inside = {module for field in dataclasses.fields(settings) for module in modules_of(getattr(settings, field.name))}
    if isinstance(settings, Kind):
        inside |= {LIBRARY + name for name in settings.libraries()}
    return inside | ({type(settings).__module__} if isinstance(settings, Kind | Preparation | FrozenPart) else set())


def short_hash(text: str, digits: int = KEY_DIGITS) -> str:
    """A hash of the text, with this even number of hexadecimal digits."""
    return hashlib.blake2b(text.encode(), digest_size=digits // 2).hexdigest()
