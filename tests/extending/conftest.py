"""The examples of docs/extending.md in a copy of the workflow, with a small generated corpus of tones."""

import copy
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hydra.core.config_store import ConfigStore

from emofusion.plan import fingerprint
from emofusion.settings import plugins, registry

EMOTIONS = ("neutral", "happy", "sad", "angry", "fearful", "disgust")
SPEAKERS = ("m01", "f02", "m03", "f04", "m05", "f06")
TAKES = 3
RATE = 8000
_BLOCK = re.compile(r"^```(?:python|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^# (\S+\.(?:py|yaml))$", re.MULTILINE)


def blocks(page: Path) -> dict[str, str]:
    """File → text, of every block of Python or YAML on the page; each names its file in its first comments."""
    texts = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return {_FILE.search(text)[1]: text for text in texts}


class Project:
    """A copy of the workflow and of `conf/`, in which files are added and Snakemake is run."""

    def __init__(self, repository: Path, folder: Path):
        self.folder = folder
        for name in ("conf", "workflow", "profiles"):
            shutil.copytree(repository / name, folder / name)
        shutil.copy(repository / "Snakefile", folder)
        source = os.pathsep.join([str(repository / "src"), os.environ.get("PYTHONPATH", "")])
        self.environment = {**os.environ, "PYTHONPATH": source, "MPLBACKEND": "agg"}
        self.environment.pop("MLFLOW_TRACKING_URI", None)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(
        self,
        *options: str,
        override="",
        experiment="voices",
        settings: list[str] | None = None,
        first_on_path: Path | None = None,
        **variables: str,
    ):
        """Snakemake on an experiment, with more environment variables; its output stands in `output`.

        settings: instead of the experiment and its overrides, as the job of another command gets them.
        """
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(self.folder / "Snakefile")]
        command += ["--directory", str(self.folder), "--cores", "4", *options]
        command += [
            "--config",
            *(settings or [f"experiment={experiment}", f"override={override} tracking.enabled=false"]),
        ]
        environment = self.environment | variables
        if first_on_path:
            environment["PYTHONPATH"] = os.pathsep.join([str(first_on_path), environment["PYTHONPATH"]])
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
        done.output = done.stdout + done.stderr
        return done

    def done(self, *options: str, **given):
        """As `run`, which has to succeed."""
        done = self.run(*options, **given)
        assert done.returncode == 0, done.output[-5000:]
        return done

    def planned(self, *options: str, **given) -> dict[str, int]:
        """Job counts by rule of a dry run."""
        done = self.done("--dry-run", *options, **given)
        if "Nothing to be done" in done.output:
            return {}
        lines = done.output[done.output.index("Job stats:") :].splitlines()[3:]
        counts = dict(line.split() for line in lines[: lines.index("")])
        return {rule: int(count) for rule, count in counts.items() if rule not in ("total", "all")}

    def one(self, pattern: str) -> Path:
        """The one path below `results/` that fits."""
        (path,) = (self.folder / "results").glob(pattern)
        return path


def record_voices(folder: Path) -> None:
    """Noisy tones whose frequency depends on the emotion, a little on the gender, and on chance."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    times = np.arange(RATE // 2) / RATE
    for speaker in SPEAKERS:
        for number, emotion in enumerate(EMOTIONS):
            for take in range(1, TAKES + 1):
                frequency = 400 + 500 * number + 120 * speaker.startswith("f") + random.normal(0, 150)
                samples = 0.3 * np.sin(2 * np.pi * frequency * times) + 0.1 * random.normal(size=times.size)
                soundfile.write(folder / f"{speaker}_{emotion}_{take}.wav", samples, RATE)


@pytest.fixture(scope="session")
def examples(repository):
    return blocks(repository / "docs" / "extending.md")


@pytest.fixture(scope="package")
def project(repository, examples, tmp_path_factory):
    """The page's experiment after it was run."""
    made = Project(repository, tmp_path_factory.mktemp("extending"))
    for name, text in examples.items():
        made.write(name, text)
    record_voices(made.folder / "data" / "voices")
    made.done()
    return made


@pytest.fixture
def no_plugins(monkeypatch, tmp_path):
    """The registry without plug-ins; those that the test loads from its folder are forgotten afterwards."""
    store = ConfigStore.instance()
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.setattr(registry, "_registered", [])
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = {group: copy.deepcopy(store.repo.get(group, {})) for group in ("speech", registry.SCHEMA)}
    yield
    store.repo |= before
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]
    fingerprint.clear_caches()
