"""The reference page of all settings, `docs/settings.md`, generated from the schema.

python -m emofusion.settings.reference > docs/settings.md
"""

import dataclasses
import inspect
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin, get_type_hints

from omegaconf import MISSING

from emofusion.settings import registry
from emofusion.settings.experiment import Experiment, Modality, Root
from emofusion.settings.fields import about
from emofusion.settings.wording import type_in_words

_INTRODUCTION = """# Settings

This page is generated from the schema (`python -m emofusion.settings.reference`), which lies beside the code.

Every setting stands in a file of `conf/`, or is overridden on the command line:

    snakemake --cores 8 --config experiment=demo override="speech.training.epochs=60 fusion.steps=50"

A setting that does not exist, is of another type, or lies outside of its range is refused before anything runs. A map
on the command line, such as `fusion.weights={speech: 0.5, face: 0.5}`, replaces the map that is there. In the names
below `<modality>` is a name in `modalities`, such as `speech`, and `<corpus>` is a name below `corpora`.

Some nodes are one of several kinds, which `kind` names. Choosing a file of `conf/` sets the whole node, as in
`speech=lstm` or `protocol=random_clips`. Kinds of your own: [extending.md](extending.md).
"""
_FAMILIES = {
    "corpora": ("Corpora", "corpora.<corpus>"),
    "protocols": ("Protocols", "protocol"),
    "features": ("Features", "<modality>.features"),
    "networks": ("Networks", "<modality>.network"),
    "fusion": ("Fusion rules", "fusion.options.<rule>"),
    "metrics": ("Metrics", "evaluation.metrics"),
}


def reference() -> str:
    """The whole page as Markdown."""
    parts = [_INTRODUCTION, "## The experiment\n", _table(Root, "")]
    sections = get_type_hints(Experiment)
    own = [field.name for field in dataclasses.fields(Experiment) if field.name not in Root.__dataclass_fields__]
    plain = [name for name in own if not dataclasses.is_dataclass(sections[name])]
    parts.append(_table(Experiment, "", only=plain))
    for name in own:
        if dataclasses.is_dataclass(sections[name]):
            parts += [f"## `{name}`\n", _first_line(sections[name]), _table(sections[name], f"{name}.")]
    parts += ["## A modality\n", _first_line(Modality), _table(Modality, "<modality>.")]
    for family, (title, prefix) in _FAMILIES.items():
        parts.append(f"## {title}: `{prefix}`\n")
        parts += [part for name, kind in registry.kinds(family).items() for part in _kind(name, kind, prefix)]
    return "\n".join(parts).rstrip() + "\n"


def _kind(name: str, kind: type, prefix: str) -> Iterator[str]:
    shown = prefix.replace("<rule>", name)
    yield f"### `{name}`\n"
    yield _first_line(kind)
    fields = [field.name for field in dataclasses.fields(kind) if field.name != "kind"]
    if fields and prefix != "evaluation.metrics":
        yield _table(kind, f"{shown}.", only=fields)


def _table(schema: Any, prefix: str, only: list[str] | None = None) -> str:
    rows = ["| setting | type | default | allowed | meaning |", "| --- | --- | --- | --- | --- |"]
    rows += [
        f"| `{name}` | {kind} | {default} | {allowed} | {meaning} |"
        for name, kind, default, allowed, meaning in _rows(schema, prefix, only)
    ]
    return "\n".join(rows) + "\n"


def _rows(schema: Any, prefix: str, only: list[str] | None = None) -> Iterator[tuple[str, str, str, str, str]]:
    hints = get_type_hints(schema)
    for field in dataclasses.fields(schema):
        if (only is not None and field.name not in only) or field.name == "kind":
            continue
        declared, hint = about(field), hints[field.name]
        nested = next((part for part in _parts(hint) if dataclasses.is_dataclass(part)), None)
        if nested is not None:
            inner = "[n]" if get_origin(hint) is list else ""
            if get_origin(hint) is list or type(None) in _parts(hint):
                yield prefix + field.name, type_in_words(hint), _default(field), declared.allowed(), declared.meaning
            yield from _rows(nested, f"{prefix}{field.name}{inner}.")
        else:
            yield prefix + field.name, type_in_words(hint), _default(field), declared.allowed(), declared.meaning


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (list, Union, types.UnionType) else (hint,)


def _default(field: "dataclasses.Field[Any]") -> str:
    value = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    if value is dataclasses.MISSING or value == MISSING:
        return "to be set"
    if dataclasses.is_dataclass(value):
        return "as below"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    if isinstance(value, dict):
        return "`{}`"
    return f"`{value}`" if value != "" else "empty"


def _first_line(documented: type) -> str:
    paragraph = (inspect.getdoc(documented) or "").split("\n\n")[0]
    return " ".join(paragraph.split()) + "\n"


if __name__ == "__main__":
    print(reference(), end="")
