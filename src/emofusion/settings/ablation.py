"""Ablations: files that name the cells of a grid. Those of this repository are in `conf/ablation/`."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from emofusion.errors import EmofusionError
from emofusion.settings.fields import check, must, setting, shown
from emofusion.settings.names import check_name, nearest
from emofusion.settings.nodes import merged
from emofusion.settings.overrides import key_of, naming, split_overrides

FOLDER = "ablation"
REPLICATES = ["seed"]
_PLAIN = re.compile(r"[\w.:/+%@-]+")


@dataclass
class AblationFile:
    """What a file of an ablation may contain."""

    title: str = setting("Title of the grid's page; empty: the name of the file.", "")
    question: str = setting("What the ablation asks, in one sentence.", "")
    needs: Any = setting("Settings that an experiment must have, so that the ablation fits it.", None)
    overrides: Any = setting("Overrides of every cell; they may be sweeps.", None)
    cells: Any = setting("The cells: a list of overrides for each, or a map from a name to a cell's overrides.", None)
    exclude: list[Any] = setting("Cells that are left out: partial settings, which match cells.", [])
    baseline: Any = setting("The cell that all others are compared with: partial settings, which match it.", None)
    replicates: list[str] = setting(
        "Settings whose values are repetitions and no question. Cells that differ only in them are one setting.",
        REPLICATES,
        distinct=True,
        filled=True,
    )


@dataclass(frozen=True)
class Ablation:
    """An ablation. All overrides are texts in Hydra's grammar.

    name: of the file, and of the grid's folder. needs: settings of an experiment that it fits. overrides: of every
    cell; they may be sweeps. cells: (name, overrides) of each listed cell; a cell without a name has an empty one.
    exclude: partial settings. baseline: partial settings; empty where none is chosen. replicates: settings that are
    repetitions.
    """

    name: str
    title: str = ""
    question: str = ""
    needs: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)
    cells: list[tuple[str, list[str]]] = field(default_factory=list)
    exclude: list[list[str]] = field(default_factory=list)
    baseline: list[str] = field(default_factory=list)
    replicates: list[str] = field(default_factory=lambda: list(REPLICATES))


def ablation_file(conf: Path, name: str) -> Path:
    """The file of an ablation.

    Args:
        conf: the folder of the configuration.
        name: a name in `conf/ablation/`, or the path of a file.

    Raises:
        EmofusionError: there is no such file.
    """
    if name.endswith((".yaml", ".yml")) or "/" in name:
        must(Path(name).is_file(), f"ablation={name}: there is no such file in {Path().absolute()}")
        return Path(name)
    file = conf / FOLDER / f"{name}.yaml"
    if not file.is_file():
        names = sorted(path.stem for path in (conf / FOLDER).glob("*.yaml"))
        raise EmofusionError(
            f"ablation={name}: conf/ablation/ has no {name}{nearest(name, names)}; there are {', '.join(names)}; a "
            f"file of your own is named by its path, as in ablation=./{name}.yaml"
        )
    return file


def read_ablation(conf: Path, name: str) -> Ablation:
    """Read and check an ablation; arguments as for `ablation_file`.

    Raises `EmofusionError` where the file is missing or has something that it must not have. The message names both.
    """
    file = ablation_file(conf, name)
    try:
        check_name(file.stem, "ablation")
        must(
            file.stem != "audit" and not (conf / "experiment" / f"{file.stem}.yaml").exists(),
            f"an experiment or the audit has the folder results/reports/{file.stem}; give the file another name",
        )
        return _ablation(file)
    except EmofusionError as error:
        raise EmofusionError(f"{file}: {error}") from error


def _ablation(file: Path) -> Ablation:
    try:
        content = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise EmofusionError(f"{line}{error.problem}") from error
    except (yaml.YAMLError, OmegaConfBaseException, OSError, UnicodeDecodeError) as error:
        raise EmofusionError(" ".join(str(error).split())) from error
    must(isinstance(content, dict), "this must be a map with overrides or cells")
    node = merged(AblationFile, content, "")
    try:
        read: Any = OmegaConf.to_object(node)
    except OmegaConfBaseException as error:
        raise EmofusionError(str(error).splitlines()[0]) from error
    check(read, "")
    ablation = Ablation(
        file.stem,
        read.title,
        read.question,
        _texts(read.needs, "needs"),
        _texts(read.overrides, "overrides"),
        _cells(read.cells),
        [_texts(entry, f"exclude[{number}]") for number, entry in enumerate(read.exclude)],
        _texts(read.baseline, "baseline"),
        read.replicates,
    )
    must(bool(ablation.overrides or ablation.cells), "it names no cell: set overrides or cells")
    for number, entry in enumerate(ablation.exclude):
        must(bool(entry), f"exclude[{number}]: it is empty, and would leave out every cell")
    common = {key_of(text) for text in ablation.overrides}
    for number, (label, texts) in enumerate(ablation.cells):
        for text in texts:
            where = f"cells.{label}" if label else f"cells[{number}]"
            must(key_of(text) not in common, f"{where}: {key_of(text)} is set by overrides, for every cell")
    return ablation


def _cells(cells: Any) -> list[tuple[str, list[str]]]:
    if isinstance(cells, dict):
        for label in cells:
            check_name(str(label), "cells")
        return [(str(label), _texts(entry, f"cells.{label}")) for label, entry in cells.items()]
    must(
        cells is None or isinstance(cells, list), f"cells={shown(cells)}: a list of cells, or a map from names to cells"
    )
    return [("", _texts(entry, f"cells[{number}]")) for number, entry in enumerate(cells or [])]


def _texts(entry: Any, where: str) -> list[str]:
    """Overrides as texts: of a text, a list of texts, or a map from settings to values.

    where: the field, for the message.
    """
    if isinstance(entry, dict):
        return [f"{key}={_value(value)}" for key, value in entry.items()]
    texts: list[str] = []
    for item in entry if isinstance(entry, list) else [] if entry is None else [entry]:
        must(
            isinstance(item, str),
            f"{where}={shown(entry)}: write overrides as a map, {{speech: lstm, seed: 1}}, a text or a list of texts",
        )
        with naming(where):
            texts += split_overrides(item)
    return texts


def _value(value: Any, nested: bool = False) -> str:
    """A value of a YAML file in Hydra's grammar. A text that is not nested is in that grammar already."""
    if isinstance(value, list):
        return f"[{','.join(_value(item, nested=True) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_value(item, nested=True)}' for key, item in value.items())}}}"
    if isinstance(value, str) and nested and not _PLAIN.fullmatch(value) and not value.startswith("${"):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return shown(value)
