"""Make a plan: the cells of a command, their stages, and the file that stores both."""

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.plan.checks import check_cell, check_modality
from emofusion.plan.fingerprint import PACKAGE, is_ours, is_own, module_closure, source_of
from emofusion.plan.plan_file import PlanFile, is_plan, write_plan
from emofusion.plan.planner import Planner
from emofusion.plan.records import RECORD, Record
from emofusion.plan.settings import CorpusSettings, FeaturesSettings, PosteriorsSettings
from emofusion.plan.stage import Stage, short_hash
from emofusion.settings.compose import Composer, Settings
from emofusion.settings.experiment import Modality
from emofusion.settings.kinds import Preparation
from emofusion.settings.overrides import expand, split_overrides
from emofusion.settings.plugins import files_of, installed_entry_points, named_plugins, resolved

_LONGEST_FOLDER_NAME = 120

# A cell: the folder of its report, the report's stage, its overrides, and its settings as JSON, one text a section.
Cell = tuple[str, Stage, list[str], list[str]]


def plan_file(conf: Path, experiment: str, override: str | list[str] | None, results: Path) -> PlanFile:
    """The plan of an experiment for all combinations of its overrides.

    A plan that was made before is read from its file.

    Args:
        conf: the folder of the configuration.
        experiment: the name of a file in `conf/experiment/`.
        override: overrides in Hydra's grammar; they may be sweeps.
        results: the folder of the results; the files of plans are in its folder `plans/`.

    Raises:
        EmofusionError: a setting does not exist or does not fit, or the plan cannot be written. Nothing was run then.
    """
    overrides = split_overrides(override)
    path = results / "plans" / f"{_fingerprint(conf, experiment, overrides)}.sqlite"
    if not is_plan(path):
        _make(conf, experiment, overrides, path)
    return PlanFile(path)


def checked_plan(conf: Path, experiment: str, override: str | list[str] | None, results: Path) -> PlanFile:
    """The plan, as from `plan_file`, after a check that all files that it needs from outside `results/` exist.

    Raises `EmofusionError` where one is missing; the new plan's file is then deleted.
    """
    earlier_files = set((results / "plans").glob("*"))
    plan = plan_file(conf, experiment, override, results)
    try:
        check_sources(plan, results)
    except EmofusionError:
        for path in {*(results / "plans").glob("*")} - earlier_files:
            path.unlink()
        for folder in (results / "plans", results):
            if not any(folder.iterdir()):
                folder.rmdir()
        raise
    return plan


def check_sources(plan: PlanFile, results: Path) -> None:
    """Check that the files of corpora, tables and weights exist, as far as a job has to read them.

    Raises `EmofusionError` that says what is missing, where to get it and where to put it.
    """
    missing = []
    for stage in plan.stages.values():
        may_have_sources = not stage.inputs or stage.kind in ("posteriors", "features")
        if may_have_sources and _is_to_be_read(stage.folder(results) / RECORD):
            try:
                _check_source(plan.settings(stage.name))
            except EmofusionError as error:
                missing.append(str(error))
    if missing:
        raise EmofusionError("\n\n".join(dict.fromkeys(missing)))


def _is_to_be_read(record: Path) -> bool:
    """Whether a job has to read files: the stage has no record, or none of the files that its record names exists."""
    stored = Record.read(record)
    return stored is None or (bool(stored.sources) and not any(Path(path).is_file() for path in stored.sources))


def _check_source(settings: Any) -> None:
    match settings:
        case CorpusSettings():
            settings.corpus.check_present(settings.name)
        case PosteriorsSettings():
            from emofusion.predictions.posteriors import check_table  # imported here, because it imports pandas

            check_table(settings.posteriors)
        case FeaturesSettings():
            settings.features.check_present()
        case Preparation():
            settings.check_present()


def _make(conf: Path, experiment: str, overrides: list[str], path: Path) -> None:
    cells, first, plugins = plan_cells(Composer(conf, experiment), Planner(), experiment, overrides)
    facts = {
        "experiment": experiment,
        "modalities": first.root.modalities,
        "trained": [name for name, node in first.modalities.items() if node.posteriors is None],
        "plugins": plugins,
        "accept_other_versions": first.root.accept_other_versions,
        "tracking": {"enabled": first.tracking.enabled, "uri": first.tracking.uri},
    }
    try:
        write_plan(path, facts, _ordered(report for _, report, *_ in cells), cells)
    except (OSError, sqlite3.Error) as error:
        raise EmofusionError(f"the plan cannot be written into {path.parent}: {error}") from error


def plan_cells(
    composer: Composer, planner: Planner, experiment: str, overrides: list[str]
) -> tuple[list[Cell], Settings, list[str]]:
    """Plan and check every cell that the overrides expand to.

    Args:
        composer: composes the settings of each cell.
        planner: plans the stages of each cell.
        experiment: the name of a file in `conf/experiment/`.
        overrides: in Hydra's grammar; they may be sweeps.

    Returns:
        All cells; the settings of the first cell; the paths of all plug-in files.

    Raises:
        EmofusionError: a setting does not exist or does not fit.
    """
    combinations = expand(overrides)
    common = set.intersection(*map(set, combinations))
    cells: list[Cell] = []
    first: Settings | None = None
    plugins: dict[str, None] = {}
    checked: set[tuple[int, ...]] = set()
    for texts in combinations:
        settings = composer.settings(texts)
        if first is None:
            first = settings
        plugins |= dict.fromkeys(settings.root.plugins)
        if settings.root.modalities != first.root.modalities:
            raise EmofusionError(
                "override: all cells of one command must have the same modalities; run one command for each list of "
                "modalities"
            )
        _refuse_differences(first, settings)
        section_ids = tuple(map(id, [*settings.sections.values(), *settings.modalities.values()]))
        if section_ids not in checked:
            check_cell(settings)
            checked.add(section_ids)
        report = planner.report(settings, _alternatives(composer, texts, settings, checked))
        different = [text for text in texts if text not in common]
        folder = f"{experiment}/{_slug(different)}" if different else experiment
        cells.append((folder, report, texts, _section_texts(planner, settings)))
    folders = [folder for folder, *_ in cells]
    if len(set(folders)) < len(folders):
        raise EmofusionError("override: two cells would have the same name; shorten their values")
    assert first is not None
    return cells, first, list(plugins)


def _refuse_differences(first: Settings, settings: Settings) -> None:
    """Raise `EmofusionError` where two cells differ in a setting that must be the same for the whole command."""
    common = {
        "accept_other_versions": settings.root.accept_other_versions == first.root.accept_other_versions,
        "tracking": settings.tracking == first.tracking,
    }
    for name, is_same in common.items():
        if not is_same:
            raise EmofusionError(f"override: {name} must be the same for the whole command; set one value")
    for name in settings.root.modalities:
        if (settings.modalities[name].posteriors is None) != (first.modalities[name].posteriors is None):
            raise EmofusionError(
                f"override: {name} is trained in some cells, and read from {name}.posteriors in others; run one "
                "command for each"
            )


def _alternatives(
    composer: Composer, texts: list[str], settings: Settings, checked: set[tuple[int, ...]]
) -> Callable[[str, str], Modality]:
    def alternative(modality: str, choice: str) -> Modality:
        node = composer.alternative(texts, modality, choice)
        if (id(node), id(settings.protocol)) not in checked:
            check_modality(settings, modality, node)
            checked.add((id(node), id(settings.protocol)))
        return node

    return alternative


def _section_texts(planner: Planner, settings: Settings) -> list[str]:
    """The cell's settings as JSON, a text for each section, so that equal sections of many cells are stored once."""
    texts = [planner.factory.text(settings.root)]
    for name, node in {**settings.sections, **settings.modalities}.items():
        texts.append(f"{{{json.dumps(name)}: {planner.factory.text(node)}}}")
    return texts


def _ordered(reports: Any) -> list[Stage]:
    """All stages, each once, and each after the stages that it reads."""
    ordered: dict[int, Stage] = {}

    def add(stage: Stage) -> None:
        if id(stage) not in ordered:
            for read in stage.reads:
                add(read)
            ordered[id(stage)] = stage

    for report in reports:
        add(report)
    return list(ordered.values())


def _slug(overrides: list[str]) -> str:
    """A folder name for a combination of overrides. It ends in a hash where the overrides do not fit into it."""
    text = ",".join(overrides)
    name = "".join(letter if letter.isalnum() or letter in "=,._-+" else "_" for letter in text)
    if name == text and len(name) <= _LONGEST_FOLDER_NAME:
        return name
    return f"{name[: _LONGEST_FOLDER_NAME - 10]}-{short_hash(text, 8)}"


def _fingerprint(conf: Path, experiment: str, overrides: list[str]) -> str:
    """A hash of everything that decides a plan: configuration, overrides, environment variables in them, and code."""
    digest = hashlib.blake2b(digest_size=8)
    texts = {}
    for path in sorted(_configuration(conf)):
        texts[path.relative_to(conf).as_posix()] = path.read_text(encoding="utf-8")
    variables = {name for text in [*texts.values(), *overrides] for name in re.findall(r"oc\.env:\s*(\w+)", text)}
    environment = {name: os.environ.get(name) for name in sorted(variables)}
    mentioned = [path for text in [*texts.values(), *overrides] for path in re.findall(r"[^\s\[\],'\"=]+\.py\b", text)]
    plugins = {path for path in map(Path, [*resolved(mentioned), *named_plugins(conf, experiment)]) if path.is_file()}
    code = [_planning_code(), {str(path): _hash_of(files_of(path.resolve())) for path in plugins}, _installed_code()]
    hashed = [str(conf.resolve()), experiment, overrides, texts, environment, code]
    digest.update(json.dumps(hashed, sort_keys=True).encode())
    return digest.hexdigest()


def _configuration(conf: Path) -> Iterator[Path]:
    """The files of a configuration, those behind links to folders too, as Hydra reads them."""
    visited = set()
    for folder, subfolders, names in os.walk(conf, followlinks=True):
        if os.path.realpath(folder) in visited:  # reached again by a link
            subfolders.clear()
            continue
        visited.add(os.path.realpath(folder))
        yield from (Path(folder, name) for name in names if name.endswith(".yaml"))


def _planning_code() -> str:
    """A hash of all files of the package: each of them may change a plan, and reading them takes milliseconds."""
    return _hash_of(sorted(PACKAGE.rglob("*.py")))


def _installed_code() -> dict[str, str]:
    """Entry point of an installed plug-in → a hash of its code.

    A plug-in without readable source has an empty code here; an error says so when an experiment uses it.
    """
    hashes = {}
    for entry in installed_entry_points():
        modules = module_closure(entry.module) if is_ours(entry.module) else ()
        hashes[f"{entry.name} {entry.value}"] = _hash_of(source_of(name) for name in modules if not is_own(name))
    return hashes


def _hash_of(files: Iterable[Path]) -> str:
    """A hash of the content of files, in their order."""
    digest = hashlib.blake2b(digest_size=8)
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()
