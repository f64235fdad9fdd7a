"""Making a plan: the cells of a command, their stages, and the file that holds both."""

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

_LONGEST_PLACE = 120

# The folder of its report, the report, its overrides, and its settings section by section.
Cell = tuple[str, Stage, list[str], list[str]]


def plan_file(
    conf: Path, experiment: str, override: str | list[str] | dict[str, str] | None, results: Path
) -> PlanFile:
    """The plan of an experiment and of all combinations of its overrides, from its file where it was made before.

    Args:
        conf: the folder of the configuration.
        experiment: a file in `conf/experiment/`.
        override: overrides in Hydra's grammar, sweeps among them.
        results: the folder of the results, of which `plans/` holds the plans' files.

    Raises:
        EmofusionError: a setting does not exist or does not fit, or the plan cannot be written; nothing has been run
            then.
    """
    overrides = split_overrides(override)
    path = results / "plans" / f"{_fingerprint(conf, experiment, overrides)}.sqlite"
    if not is_plan(path):
        _make(conf, experiment, overrides, path)
    return PlanFile(path)


def checked_plan(conf: Path, experiment: str, override: str | list[str] | None, results: Path) -> PlanFile:
    """As `plan_file`, with a look for all files that are needed; where one is missing, nothing is left behind."""
    before = set((results / "plans").glob("*"))
    plan = plan_file(conf, experiment, override, results)
    try:
        check_sources(plan, results)
    except EmofusionError:
        for path in {*(results / "plans").glob("*")} - before:
            path.unlink()
        for folder in (results / "plans", results):
            if not any(folder.iterdir()):
                folder.rmdir()
        raise
    return plan


def check_sources(plan: PlanFile, results: Path) -> None:
    """Look for the corpora, tables and weights that are given as files and to be read, for the first time or again.

    Raises `EmofusionError` that says what is missing, where to ask for it and where to put it.
    """
    missing = []
    for stage in plan.stages.values():
        given = not stage.inputs or stage.kind in ("posteriors", "features")
        if given and _is_to_be_read(stage.folder(results) / RECORD):
            try:
                _check_source(plan.settings(stage.name))
            except EmofusionError as error:
                missing.append(str(error))
    if missing:
        raise EmofusionError("\n\n".join(dict.fromkeys(missing)))


def _is_to_be_read(record: Path) -> bool:
    """Whether files are still to be read: there is no record of them, or none of the files that it names is left."""
    held = Record.read(record)
    return held is None or (bool(held.sources) and not any(Path(path).is_file() for path in held.sources))


def _check_source(settings: Any) -> None:
    match settings:
        case CorpusSettings():
            settings.corpus.check_present(settings.name)
        case PosteriorsSettings():
            from emofusion.predictions.posteriors import check_table  # pandas: only where there are any

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
    """Every cell that the overrides expand to, planned and checked; the settings of the first; all plug-in files.

    Raises `EmofusionError` where a setting does not exist or does not fit.
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
            raise EmofusionError("override: one command compares settings of the same modalities; run one for each")
        _refuse_differences(first, settings)
        parts = tuple(map(id, [*settings.sections.values(), *settings.modalities.values()]))
        if parts not in checked:
            check_cell(settings)
            checked.add(parts)
        report = planner.report(settings, _alternatives(composer, texts, settings, checked))
        different = [text for text in texts if text not in common]
        place = f"{experiment}/{_slug(different)}" if different else experiment
        cells.append((place, report, texts, _section_texts(planner, settings)))
    places = [place for place, *_ in cells]
    if len(set(places)) < len(places):
        raise EmofusionError("override: two cells would have the same name; shorten their values")
    assert first is not None
    return cells, first, list(plugins)


def _refuse_differences(first: Settings, settings: Settings) -> None:
    """Raise `EmofusionError` where cells differ in what a whole command has in common."""
    common = {
        "accept_other_versions": settings.root.accept_other_versions == first.root.accept_other_versions,
        "tracking": settings.tracking == first.tracking,
    }
    for name, is_same in common.items():
        if not is_same:
            raise EmofusionError(f"override: {name} is the same for a whole command; give it one value")
    for name in settings.root.modalities:
        if (settings.modalities[name].posteriors is None) != (first.modalities[name].posteriors is None):
            raise EmofusionError(
                f"override: one command compares models of {name} that are trained, or posteriors made elsewhere; run "
                "one command for each"
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
    """The cell's settings, a text for each section, so that equal sections are written once."""
    texts = [planner.factory.text(settings.root)]
    for name, node in {**settings.sections, **settings.modalities}.items():
        texts.append(f"{{{json.dumps(name)}: {planner.factory.text(node)}}}")
    return texts


def _ordered(reports: Any) -> list[Stage]:
    """All stages, each once and after those that it reads."""
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
    """A folder's name for a combination of overrides; it ends in a hash where it does not say all of them."""
    text = ",".join(overrides)
    name = "".join(letter if letter.isalnum() or letter in "=,._-+" else "_" for letter in text)
    if name == text and len(name) <= _LONGEST_PLACE:
        return name
    return f"{name[: _LONGEST_PLACE - 10]}-{short_hash(text, 8)}"


def _fingerprint(conf: Path, experiment: str, overrides: list[str]) -> str:
    """A hash of all that decides a plan: the configuration, the overrides, the environment that it reads, the code."""
    digest = hashlib.blake2b(digest_size=8)
    texts = {}
    for path in sorted(_configuration(conf)):
        texts[path.relative_to(conf).as_posix()] = path.read_text(encoding="utf-8")
    variables = {name for text in [*texts.values(), *overrides] for name in re.findall(r"oc\.env:\s*(\w+)", text)}
    environment = {name: os.environ.get(name) for name in sorted(variables)}
    mentioned = [path for text in [*texts.values(), *overrides] for path in re.findall(r"[^\s\[\],'\"=]+\.py\b", text)]
    plugins = {path for path in map(Path, [*resolved(mentioned), *named_plugins(conf, experiment)]) if path.is_file()}
    code = [_planning_code(), {str(path): _text_of(files_of(path.resolve())) for path in plugins}, _installed_code()]
    parts = [str(conf.resolve()), experiment, overrides, texts, environment, code]
    digest.update(json.dumps(parts, sort_keys=True).encode())
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
    """A hash of the package's own files: any of them may decide a plan, and they are read in milliseconds."""
    return _text_of(sorted(PACKAGE.rglob("*.py")))


def _installed_code() -> dict[str, str]:
    """Entry point of an installed plug-in → a hash of its code; one that cannot be found is told of when it is used."""
    found = {}
    for entry in installed_entry_points():
        modules = module_closure(entry.module) if is_ours(entry.module) else ()
        found[f"{entry.name} {entry.value}"] = _text_of(source_of(name) for name in modules if not is_own(name))
    return found


def _text_of(files: Iterable[Path]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()
