"""A stage: one unit of work, its key, its files, and the code that it runs."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.settings.encoding import TYPE
from emofusion.settings.kinds import FrozenPart, Kind, Preparation

RESULTS = "results"
KEY_DIGITS = 16  # hexadecimal: 64 bits


@dataclass(frozen=True)
class StageKind:
    """A kind of stage: the Snakemake script that runs it, the modules that it runs, and the files that it writes.

    kept: a folder that a stage may write besides, which stays when the stage is run again: its files bear names by
    their content.
    """

    script: str
    modules: tuple[str, ...]
    outputs: tuple[str, ...]
    kept: tuple[str, ...] = ()


KINDS = {
    "generated": StageKind("prepare", (), ("corpus",)),
    "download": StageKind("prepare", (), ("receipt.json",)),
    "weights": StageKind("prepare", (), ("weights.safetensors",)),
    "corpus": StageKind("corpus", ("emofusion.corpora.common.read",), ("clips.parquet",), ("unpacked",)),
    "split": StageKind("split", ("emofusion.protocols.common.split",), ("split.parquet", "left_out.csv")),
    "features": StageKind("features", ("emofusion.features.common.extract",), ("features.npy", "rows.parquet")),
    "feature_cache": StageKind(
        "feature_cache", ("emofusion.features.common.feature_set",), ("features.npy", "rows.parquet")
    ),
    "model": StageKind("train", ("emofusion.training.fit",), ("model.json", "history.parquet", "folds")),
    "predictions": StageKind("predict", ("emofusion.training.predict",), ("predictions.parquet",)),
    "posteriors": StageKind("posteriors", ("emofusion.predictions.posteriors",), ("predictions.parquet",)),
    "ensemble": StageKind("ensemble", ("emofusion.predictions.ensemble",), ("predictions.parquet",)),
    "fusion": StageKind(
        "fuse", ("emofusion.fusion.common.fuse",), ("fused.parquet", "rules.parquet", "parameters.parquet")
    ),
    "evaluation": StageKind("evaluate", ("emofusion.evaluation.stage",), ("evaluation",)),
    "report": StageKind("report", ("emofusion.reporting.collect", "emofusion.reporting.report"), ("report",)),
}


@dataclass(frozen=True, eq=False)
class Stage:
    """One unit of work.

    kind: in `KINDS`. key: unique among the stages of its kind. settings: what decides its output besides its inputs.
    inputs: the stages that it reads, by role. text: the settings as JSON that can be decoded (`settings.encoding`).
    modules: the modules whose code it runs. threads, precision: of its arithmetic.
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
        """`kind/key`, which is also its folder in `results/`."""
        return f"{self.kind}/{self.key}"

    @property
    def inputs_by_name(self) -> dict[str, list[str] | str]:
        """The names of the stages that it reads, by role."""
        return {
            role: [stage.name for stage in read] if isinstance(read, tuple) else read.name
            for role, read in self.inputs.items()
        }

    @property
    def reads(self) -> "list[Stage]":
        """The stages that it reads."""
        return [stage for read in self.inputs.values() for stage in (read if isinstance(read, tuple) else (read,))]


Inputs = dict[str, Stage | tuple[Stage, ...]]  # role → what is read


class StageFactory:
    """Makes stages, each once: equal settings and inputs give the very same object."""

    def __init__(self) -> None:
        self._stages: dict[str, Stage] = {}
        self._of_key: dict[tuple[str, str], str] = {}
        # texts of settings objects; the objects are kept, so that no other one gets their id
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
        """A stage under a key made from its settings and from the keys of the stages that it reads.

        label: the readable part of the key. also: kinds that the settings only name; their modules are part of the
        stage's code as those of kinds that the settings hold. Raises `EmofusionError` if two different stages have one
        key.
        """
        typed, plain = self._text(settings)
        inputs = inputs or {}
        keys = {
            role: [stage.key for stage in read] if isinstance(read, tuple) else read.key
            for role, read in inputs.items()
        }
        # in the order of the roles: the order of the modalities is also that of a fusion's columns
        identity = f"{kind} {label} {plain} {json.dumps(keys)}"
        if identity not in self._stages:
            key = f"{label}-{short_hash(identity, KEY_DIGITS)}"
            other = self._of_key.setdefault((kind, key), identity)
            if other != identity:
                raise EmofusionError(f"two different stages have the key {kind}/{key}; change one of their names")
            modules = (*KINDS[kind].modules, *sorted(modules_of(settings) | {other.__module__ for other in also}))
            self._stages[identity] = Stage(kind, key, settings, inputs, typed, modules, threads, precision)
        return self._stages[identity]

    def text(self, settings: Any) -> str:
        """Settings as JSON, with the names of classes and in the order in which they were given."""
        return self._text(settings)[0]

    def _text(self, value: Any) -> tuple[str, str]:
        """A settings object as JSON, with and without the names of classes; remembered for dataclasses and maps.

        What has no `kind` that tells it from others, a `Preparation` or a `FrozenPart`, keeps its class's name in both.
        """
        if value is None or isinstance(value, str | int | float):
            text = _encode(value)
            return text, text
        if isinstance(value, list | tuple):
            parts = [self._text(part) for part in value]
            return f"[{', '.join([typed for typed, _ in parts])}]", f"[{', '.join([plain for _, plain in parts])}]"
        known = self._texts.get(id(value))
        if known is None or known[0] is not value:
            if isinstance(value, dict):
                prefix, items = [], [(str(name), part) for name, part in value.items()]
            else:
                cls = type(value)
                prefix = [f"{_encode(TYPE)}: {_encode(f'{cls.__module__}:{cls.__qualname__}')}"]
                items = [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
            texts = [(_encode(name), *self._text(part)) for name, part in items]
            typed = ", ".join([*prefix, *[f"{name}: {text}" for name, text, _ in texts]])
            if isinstance(value, Preparation | FrozenPart):
                texts.append((_encode(TYPE), "", _encode(type(value).__qualname__)))
            plain = ", ".join([f"{name}: {text}" for name, _, text in sorted(texts)])
            known = self._texts[id(value)] = (value, f"{{{typed}}}", f"{{{plain}}}")
        return known[1], known[2]


_encode = json.JSONEncoder(ensure_ascii=False).encode


def modules_of(settings: Any) -> set[str]:
    """The modules of the kinds that settings hold: their code is part of the stage's."""
    if isinstance(settings, dict):
        return {module for part in settings.values() for module in modules_of(part)}
    if isinstance(settings, list | tuple):
        return {module for part in settings for module in modules_of(part)}
    if not dataclasses.is_dataclass(settings) or isinstance(settings, type):
        return set()
    inside = {module for field in dataclasses.fields(settings) for module in modules_of(getattr(settings, field.name))}
    return inside | ({type(settings).__module__} if isinstance(settings, Kind | Preparation | FrozenPart) else set())


def short_hash(text: str, digits: int = KEY_DIGITS) -> str:
    """So many hexadecimal digits of a hash of the text."""
    return hashlib.blake2b(text.encode(), digest_size=digits // 2).hexdigest()
