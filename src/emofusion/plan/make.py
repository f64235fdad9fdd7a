"""Make a plan: the cells of a command, their stages, and the file that stores both."""

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.plan.cells import plan_cells
from emofusion.plan.fingerprint import PACKAGE, is_ours, is_own, module_closure, source_of
from emofusion.plan.needs import DoesNotFit, check_needs
from emofusion.plan.plan_file import PlanFile, is_plan, write_plan
from emofusion.plan.planned_corpora import TABLES
from emofusion.plan.planner import Planner
from emofusion.plan.records import RECORD, Record
from emofusion.plan.settings import CorpusSettings, FeaturesSettings, PosteriorsSettings
from emofusion.plan.stage import Stage
from emofusion.settings.ablation import ablation_file, read_ablation
from emofusion.settings.compose import Composer
from emofusion.settings.kinds import Preparation
from emofusion.settings.overrides import naming, split_overrides
from emofusion.settings.plugins import files_of, installed_entry_points, named_plugins, resolved

Overrides = str | list[str] | dict[str, str] | None


@dataclass(frozen=True)
class Command:
    """What a command asks for; arguments of `plan_file`, with overrides as lists."""

    experiment: str
    overrides: list[str]
    ablation: str | None
    baseline: list[str]


def plan_file(
    conf: Path,
    experiment: str,
    override: Overrides,
    results: Path,
    ablation: str | None = None,
    baseline: Overrides = None,
) -> PlanFile:
    """The plan of an experiment for all combinations of its overrides, or for the cells of an ablation.

    A plan that was made before is read from its file.

    Args:
        conf: the folder of the configuration.
        experiment: the name of a file in `conf/experiment/`.
        override: overrides in Hydra's grammar; they may be sweeps.
        results: the folder of the results; the files of plans are in its folder `plans/`.
        ablation: a name in `conf/ablation/`, or the path of a file; None for a command without one.
        baseline: the settings that tell the baseline from the other cells of a grid.

    Raises:
        EmofusionError: a setting does not exist or does not fit, or the plan cannot be written. Nothing was run then.
    """
    with naming("baseline"):
        asked = split_overrides(baseline)
    command = Command(experiment, split_overrides(override), ablation, asked)
    path = results / "plans" / f"{_fingerprint(conf, command)}.sqlite"
    if not is_plan(path):
        _make(conf, command, path)
    return PlanFile(path)


def plans_of(
    conf: Path, experiments: list[str], override: Overrides, results: Path, ablations: list[str]
) -> list[PlanFile]:
    """The plans of all experiments, and of each of them under each ablation that it has the settings for.

    Args:
        conf: the folder of the configuration.
        experiments: names of files in `conf/experiment/`.
        override: as for `plan_file`.
        results: the folder of the results.
        ablations: names in `conf/ablation/`, or paths of files.

    Raises:
        EmofusionError: as for `plan_file`; or none of the experiments has the settings that an ablation needs.
    """
    plans = [plan_file(conf, experiment, override, results) for experiment in experiments]
    for ablation in ablations:
        refused: list[DoesNotFit] = []
        for experiment in experiments:
            try:
                plans.append(plan_file(conf, experiment, override, results, ablation))
            except DoesNotFit as error:
                refused.append(error)
        if len(refused) == len(experiments):
            raise refused[0]
    return plans


def checked_plan(
    conf: Path,
    experiment: str,
    override: Overrides,
    results: Path,
    ablation: str | None = None,
    baseline: Overrides = None,
) -> PlanFile:
    """The plan, as from `plan_file`, after a check that all files that it needs from outside `results/` exist, and that
    tables of posteriors fit.

    Raises `EmofusionError` where one is missing or does not fit; the new plan's file is then deleted.
    """
    earlier_files = set((results / "plans").glob("*"))
    plan = plan_file(conf, experiment, override, results, ablation, baseline)
    try:
        check_sources(plan, results)
        if any(stage.kind == "posteriors" for stage in plan.stages.values()):
            from emofusion.predictions.rehearsal import rehearse  # imported here, because it imports pandas

            rehearse(plan, results)
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
        may_have_sources = not stage.inputs or stage.kind == "features"
        may_have_sources |= stage.kind == "posteriors" and TABLES not in stage.inputs
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


def _make(conf: Path, command: Command, path: Path) -> None:
    composer = Composer(conf, command.experiment)
    ablation = read_ablation(conf, command.ablation) if command.ablation else None
    if ablation:
        check_needs(conf, composer, command.experiment, ablation, command.overrides)
    planned = plan_cells(composer, Planner(), command.experiment, command.overrides, ablation, command.baseline)
    first = planned.first
    facts = {
        "experiment": command.experiment,
        "modalities": first.root.modalities,
        "trained": [name for name, node in first.modalities.items() if node.posteriors is None],
        "plugins": planned.plugins,
        "accept_other_versions": first.root.accept_other_versions,
        "tracking": {
            "enabled": first.tracking.enabled,
            "uri": first.tracking.uri,
            "patience": first.tracking.patience,
        },
        "grid": planned.grid,
        "deployed": {name: [model.name for model in models] for name, models in planned.deployed.items()},
    }
    last = [*(cell.report for cell in planned.cells), *(one for models in planned.deployed.values() for one in models)]
    try:
        write_plan(path, facts, _ordered(last), planned.cells)
    except (OSError, sqlite3.Error) as error:
        raise EmofusionError(f"the plan cannot be written into {path.parent}: {error}") from error


def _ordered(last: Iterable[Stage]) -> list[Stage]:
    """These stages and all that they depend on, each once, and each after the stages that it reads."""
    ordered: dict[int, Stage] = {}

    def add(stage: Stage) -> None:
        if id(stage) not in ordered:
            for read in stage.reads:
                add(read)
            ordered[id(stage)] = stage

    for stage in last:
        add(stage)
    return list(ordered.values())


def _fingerprint(conf: Path, command: Command) -> str:
    """A hash of everything that decides a plan: configuration, command, environment variables in them, and code."""
    digest = hashlib.blake2b(digest_size=8)
    overrides, experiment, texts = command.overrides, command.experiment, {}
    for path in sorted(_configuration(conf)):
        texts[path.relative_to(conf).as_posix()] = path.read_text(encoding="utf-8")
    if command.ablation:
        file = ablation_file(conf, command.ablation)
        texts[str(file)] = file.read_text(encoding="utf-8", errors="replace")
    variables = {name for text in [*texts.values(), *overrides] for name in re.findall(r"oc\.env:\s*(\w+)", text)}
    environment = {name: os.environ.get(name) for name in sorted(variables)}
    mentioned = [path for text in [*texts.values(), *overrides] for path in re.findall(r"[^\s\[\],'\"=]+\.py\b", text)]
    plugins = {path for path in map(Path, [*resolved(mentioned), *named_plugins(conf, experiment)]) if path.is_file()}
    code = [_planning_code(), {str(path): _hash_of(files_of(path.resolve())) for path in plugins}, _installed_code()]
    hashed = [str(conf.resolve()), asdict(command), texts, environment, code]
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
