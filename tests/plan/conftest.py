"""Plans of the project's own experiments, and a small plan of two stages whose jobs a test can run.

The two stages: the text of a file in capitals, and that text twice.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from emofusion.plan.cells import PlannedCells, plan_cells
from emofusion.plan.currency import Currency, examine
from emofusion.plan.job import Job
from emofusion.plan.needs import check_needs
from emofusion.plan.plan_file import Cell, PlanFile, write_plan
from emofusion.plan.planner import Planner
from emofusion.plan.stage import Stage, StageFactory
from emofusion.settings.ablation import read_ablation
from emofusion.settings.compose import Composer
from emofusion.settings.kinds import Preparation
from emofusion.settings.overrides import split_overrides


@pytest.fixture(scope="session")
def composer_of(repository):
    """A function that gives the composer of an experiment of `conf/`; each is made once, which takes a second."""
    return cache(lambda experiment: Composer(repository / "conf", experiment))


@pytest.fixture
def grid_of(repository, composer_of):
    """A function that plans the cells of a command, as `plan_file` does, and writes no file."""

    def planned(experiment, override="", ablation=None, baseline="") -> PlannedCells:
        composer, overrides = composer_of(experiment), split_overrides(override)
        read = read_ablation(repository / "conf", str(ablation)) if ablation else None
        if read:
            check_needs(repository / "conf", composer, experiment, read, overrides)
        return plan_cells(composer, Planner(), experiment, overrides, read, split_overrides(baseline))

    return planned


@pytest.fixture
def conf(repository, tmp_path):
    """A copy of the configuration that a test may edit."""
    return Path(shutil.copytree(repository / "conf", tmp_path / "conf"))


@dataclass(frozen=True)
class Capitals(Preparation):
    """The text of a file in capitals."""

    file: str

    @property
    def label(self) -> str:
        return "capitals"

    def sources(self) -> list[Path]:
        return [Path(self.file)] if Path(self.file).is_file() else []

    def run(self, out: Path) -> None:
        (out / "weights.safetensors").write_text(Path(self.file).read_text().upper())


@dataclass(frozen=True)
class Twice:
    """How often the text is repeated."""

    times: int


class TwoStages:
    """The plan, its results, and what jobs have done."""

    def __init__(self, folder: Path, accept: bool = False) -> None:
        self.folder, self.results, self.repository = folder, folder / "results", folder / "repository"
        self.source = folder / "source.txt"
        self.source.write_text("text")
        scripts = self.repository / "workflow" / "scripts"
        scripts.mkdir(parents=True)
        for name in ("prepare", "feature_cache"):
            (scripts / f"{name}.py").write_text("VALUE = 1\n")
        self.worked: list[str] = []
        self.plan = self.planned(accept=accept)

    def planned(
        self,
        accept: bool = False,
        threads: int = 1,
        times: int = 2,
        source: str | None = None,
        places: Sequence[str] = ("two",),
    ) -> PlanFile:
        factory = StageFactory()
        first = factory.make("weights", "capitals", Capitals(source or str(self.source)))
        second = factory.make("feature_cache", "twice", Twice(times), {"weights": first}, threads)
        return self.written([first, second], accept, places)

    def written(self, stages: list[Stage], accept: bool = False, places: Sequence[str] = ("two",)) -> PlanFile:
        """A plan of these stages, of which the last is the report of every cell."""
        path = self.results / "plans" / f"{len(list(self.results.glob('plans/*')))}.sqlite"
        facts = {"plugins": [], "accept_other_versions": accept, "experiment": "two", "modalities": ["speech"]}
        facts["grid"] = {"name": "two"} if len(places) > 1 else None
        cells = [Cell(place, stages[-1], [], [f'{{"place": "{place}"}}'], {}) for place in places]
        write_plan(path, facts, stages, cells)
        return PlanFile(path)

    def run(self) -> list[str]:
        """Run what is not current, as Snakemake would; the stages that did their work."""
        self.worked = []
        for name in self.plan.stages:
            if name not in self.examine().content:
                Job(self.plan, name, self.results, self.repository).run(self._work)
        return [name.partition("/")[0] for name in self.worked]

    def _work(self, job: Job) -> None:
        self.worked.append(job.name)
        if job.stage.kind == "weights":
            job.settings.run(job.folder)
        else:
            text = (job.input("weights") / "weights.safetensors").read_text()
            (job.folder / "features.npy").write_text(text * job.settings.times)
            (job.folder / "rows.parquet").write_text("rows")

    def examine(self) -> Currency:
        from emofusion.plan import making

        making._code.cache_clear()
        making._versions.cache_clear()
        return examine(self.plan, self.results, self.repository)

    def stale(self) -> dict[str, str]:
        return {name.partition("/")[0]: reason for name, reason in self.examine().stale.items()}

    def result(self) -> str:
        (name,) = [name for name in self.plan.stages if name.startswith("feature_cache")]
        return (self.results / name / "features.npy").read_text()


@pytest.fixture
def two_stages(tmp_path):
    return TwoStages(tmp_path)
