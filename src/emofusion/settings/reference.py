"""The reference page of all settings, `docs/settings.md`, generated from the schema and from the files of `conf/`.

python -m emofusion.settings.reference > docs/settings.md
"""

import dataclasses
import inspect
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from omegaconf import MISSING

from emofusion.settings import registry
from emofusion.settings.ablation import AblationFile
from emofusion.settings.experiment import Experiment, Modality, Root
from emofusion.settings.fields import about
from emofusion.settings.kinds import Kind
from emofusion.settings.wording import type_in_words

_INTRODUCTION = """# Settings

This page is generated from the schema, which is declared in the code, and from the files of `conf/`:
`python -m emofusion.settings.reference > docs/settings.md`.

A setting gets its value from a file of `conf/`, or from an override on the command line:

    snakemake --cores 8 --config experiment=demo override="speech.training.epochs=60 fusion.steps=50"

Every setting on this page can be overridden, even if no file of `conf/` sets it. Before anything runs, emofusion checks
all settings. It refuses a setting that does not exist, and a value of the wrong type or outside the allowed range. A
map on the command line, such as `fusion.weights={speech: 0.5, face: 0.5}`, replaces the configured map. Text with
spaces or special characters needs quotes, as in `report.title='Two words'`.

In the names below, `<modality>` is a name in `modalities`, such as `speech`, and `<corpus>` is a name below `corpora`.
For some nodes there are several kinds. Their setting `kind` selects one: `speech.network={kind: lstm, layers: 2}` sets
the kind and its settings. [extending.md](extending.md) explains how to write your own kinds.
"""
_GROUPS = """## Choices of files

A folder of `conf/` is a group, and a file in it is a choice. `speech=lstm` selects `conf/speech/lstm.yaml`,
`corpus=[kdef,savee]` selects several files, and `+speech@own=lstm` applies the choice to a modality with the name
`own`. A choice sets all settings of a node; further overrides may then change single settings. The tables below list
the files of each group, with the comment at the top of each file.
"""
_ABLATIONS = """## Ablations

The files of `conf/ablation/` name the cells of grids: `--config experiment=demo ablation=weights`. See
[ablations.md](ablations.md). These are their fields:
"""
_NODES = {"corpus": "corpora.<file>", "speech/features": "speech.features", "face/features": "face.features"}
_FAMILIES = {
    "corpora": ("Corpora", "corpora.<corpus>"),
    "protocols": ("Protocols", "protocol"),
    "features": ("Features", "<modality>.features"),
    "networks": ("Networks", "<modality>.network"),
    "fusion": ("Fusion rules", "fusion.options.<rule>"),
    "metrics": ("Metrics", "evaluation.metrics"),
}


def reference(conf: Path) -> str:
    """The whole page as Markdown. `conf`: the folder of the configuration."""
    paragraphs = [_INTRODUCTION, _GROUPS, *_groups(conf)]
    paragraphs += [_ABLATIONS, _table(_rows(AblationFile, "")), _choices(conf / "ablation"), "## The experiment\n"]
    hints = get_type_hints(Experiment)
    names = [field.name for field in dataclasses.fields(Experiment) if field.name not in Root.__dataclass_fields__]
    without_section = [name for name in names if not dataclasses.is_dataclass(hints[name])]
    paragraphs.append(_table([*_rows(Root, ""), *_rows(Experiment, "", without_section)]))
    for name in names:
        if dataclasses.is_dataclass(hints[name]):
            paragraphs += [f"## `{name}`\n", _first_line(hints[name]), _table(_rows(hints[name], f"{name}."))]
    paragraphs += ["## A modality\n", _first_line(Modality), _table(_rows(Modality, "<modality>."))]
    for family, (title, prefix) in _FAMILIES.items():
        paragraphs += [f"## {title}: `{prefix}`\n", *_family(family, prefix)]
    return "\n".join(paragraphs).rstrip() + "\n"


def _groups(conf: Path) -> Iterator[str]:
    """For each group of files: a heading, and a table of its choices with the comments at the top of their files."""
    folders = {path.parent for path in conf.rglob("*.yaml")} - {conf, conf / "ablation"}
    for folder in sorted(folders):
        group = folder.relative_to(conf).as_posix()
        node = "everything" if group == "experiment" else f"`{_NODES.get(group, group)}`"
        yield f"### `{group}`, which sets {node}\n"
        yield _choices(folder)


def _choices(folder: Path) -> str:
    """A table of the files of a folder, with the comments at their tops."""
    rows = ["| choice | what it is |", "| --- | --- |"]
    rows += [f"| `{path.stem}` | {_comment(path)} |" for path in sorted(folder.glob("*.yaml"))]
    return "\n".join(rows) + "\n"


def _comment(path: Path) -> str:
    """The comment at the top of a file, without the line `# @package`, which is for Hydra."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("# @package")]
    comment = []
    for line in lines:
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("# "))
    return _cell(" ".join(comment))


def _family(family: str, prefix: str) -> Iterator[str]:
    """For each kind of a family: a heading, a description, and a table of settings.

    Settings that all kinds of the family share are in one table before them.
    """
    base = [field.name for field in dataclasses.fields(registry.FAMILIES[family]) if field.name != "kind"]
    if base:
        yield "Every kind has these settings:\n"
        yield _table(_rows(registry.FAMILIES[family], f"{prefix}.", base))
    kinds = {name: kind for name, kind in registry.kinds(family).items() if kind.__module__.startswith("emofusion.")}
    for name, kind in kinds.items():
        yield f"### `{name}`\n"
        yield _described(kind)
        names = [field.name for field in dataclasses.fields(kind) if field.name not in ("kind", *base)]
        if names and family != "metrics":  # a metric takes its values from `evaluation`
            yield _table(_rows(kind, f"{prefix.replace('<rule>', name)}.", names))


def _described(kind: type[Kind]) -> str:
    """The description of a kind: its label in tables, where it has one, and the first paragraph of its docstring."""
    label = getattr(kind, "label", "")
    return (f"{label[0].upper()}{label[1:]}. " if label else "") + _first_line(kind)


def _table(rows: Any) -> str:
    lines = ["| setting | type | default | allowed | meaning |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| `{name}` | {' | '.join(map(_cell, rest))} |" for name, *rest in rows]
    return "\n".join(lines) + "\n"


def _rows(schema: Any, prefix: str, only: list[str] | None = None) -> Iterator[tuple[str, str, str, str, str]]:
    hints = get_type_hints(schema)
    for field in dataclasses.fields(schema):
        if (only is not None and field.name not in only) or field.name == "kind":
            continue
        declared, hint = about(field), hints[field.name]
        nested = next((inner for inner in _inner_types(hint) if dataclasses.is_dataclass(inner)), None)
        is_list = get_origin(hint) is list
        if nested is None or is_list or type(None) in _inner_types(hint):
            allowed = declared.allowed() or _unlimited(hint)
            yield prefix + field.name, type_in_words(hint), _default(field), allowed, declared.meaning
        if nested is not None:
            yield from _rows(nested, f"{prefix}{field.name}{'[n]' if is_list else ''}.")


def _unlimited(hint: Any) -> str:
    """The text in the column `allowed` for a setting without a range."""
    if hint is bool:
        return ""
    is_node = hint is Any or any(dataclasses.is_dataclass(inner) for inner in _inner_types(hint))
    return "as below" if is_node else "any"


def _inner_types(hint: Any) -> tuple[Any, ...]:
    """The types in a list or a union; the type itself where it is neither."""
    return get_args(hint) if get_origin(hint) in (list, Union, types.UnionType) else (hint,)


def _default(field: "dataclasses.Field[Any]") -> str:
    value = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    if value is dataclasses.MISSING or value == MISSING:
        return "to be set"
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
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split()) + "\n"


def _cell(text: str) -> str:
    """Text for a cell of a Markdown table. A `<` is escaped, except in code: it would start an HTML tag."""
    escaped = text.replace("|", "\\|")
    return re.sub(r"<(?=[a-z])", "&lt;", escaped) if "`" not in escaped else escaped


if __name__ == "__main__":
    print(reference(Path("conf")), end="")
