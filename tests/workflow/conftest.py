"""Snakemake in a folder of its own: what the tests of the whole workflow share."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest


class Workflow:
    """Snakemake in a folder, with the Snakefile of a repository, and that repository's package."""

    def __init__(self, repository: Path, folder: Path):
        self.repository, self.folder = repository, folder

    def command(self, *options: str, experiment="demo", override=(), cores=2, config=()) -> list[str]:
        """The command line of a run."""
        arguments = [sys.executable, "-m", "snakemake", "--snakefile", str(self.repository / "Snakefile")]
        arguments += ["--directory", str(self.folder)]
        arguments += [*([] if "--report" in options else ["--cores", str(cores)]), *options]
        return [*arguments, "--config", f"experiment={experiment}", f"override={' '.join(override)}", *config]

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        """The environment of a run."""
        return {
            **{name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"},
            "PYTHONPATH": str(self.repository / "src"),
            **(more or {}),
        }

    def run(self, *options: str, environment=None, **given):
        arguments = self.command(*options, **given)
        done = subprocess.run(arguments, capture_output=True, text=True, env=self.environment(environment), timeout=800)
        done.output = done.stdout + done.stderr
        return done

    def made(self, *options: str, **given) -> str:
        """What a run that ends well prints."""
        done = self.run(*options, **given)
        assert done.returncode == 0, done.output[-5000:]
        return done.output

    def planned(self, *options: str, **given) -> dict[str, int]:
        """Job counts by rule of a dry run."""
        output = self.made("--dry-run", *options, **given)
        if "Nothing to be done" in output:
            return {}
        lines = output[output.index("Job stats:") :].splitlines()[3:]
        counts = dict(line.split() for line in lines[: lines.index("")])
        return {rule: int(count) for rule, count in counts.items() if rule not in ("total", "all")}

    def reasons(self, **given) -> dict[str, str]:
        """Why which results are stale, by the kind of stage, as a dry run tells it."""
        output = self.made("--dry-run", **given)
        return dict(re.findall(r"^stale: results/(\w+)/[^:]*: (.*)$", output, flags=re.M))

    def __truediv__(self, path: str) -> Path:
        return self.folder / "results" / path


@pytest.fixture(scope="session")
def workflow_in():
    """Makes a `Workflow`: `workflow_in(repository, folder)`."""
    return Workflow


@pytest.fixture(scope="session")
def copied_repository(repository, tmp_path_factory):
    """The parts of the repository that a run needs, in a folder where a test may edit them."""
    copy = tmp_path_factory.mktemp("repository")
    for name in ("conf", "workflow", "profiles", "src"):
        shutil.copytree(repository / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(repository / "Snakefile", copy)
    return copy


@pytest.fixture(scope="session")
def write_numbers():
    """Writes a corpus without recordings into a folder: who shows what, and a file of three numbers for each skill."""

    def write(folder, actors, classes, skills, **columns):
        random, number = np.random.default_rng(0), np.arange(len(actors))
        folder.mkdir(parents=True)
        emotions = [classes[one % len(classes)] for one in number]
        clips = pd.DataFrame(
            {"clip": [f"c{one:03}" for one in number], "actor": actors, "emotion": emotions, **columns}
        )
        clips.to_csv(folder / "clips.csv", index=False)
        for name, skill in skills.items():
            values = pd.DataFrame(random.normal(skill * np.eye(3)[number % 3], 1), columns=list("xyz"))
            # in another order than the clips
            values.assign(clip=clips["clip"]).sample(frac=1, random_state=1).to_csv(folder / f"{name}.csv", index=False)

    return write


@pytest.fixture(scope="session")
def write_video():
    """Writes a video of half a second of noise to see, and a second of noise to hear.

    bright: added to the grey levels. tone: of a sound besides, in Hz.
    """
    rate = 16000

    def write(path, random, bright=0, tone=0.0):
        with av.open(str(path), "w") as container:
            video = container.add_stream("mpeg4", rate=10)
            video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
            track = container.add_stream("aac", rate=rate, layout="mono")
            for _ in range(5):
                pixels = (random.integers(0, 255 - bright, (32, 32, 3)) + bright).astype(np.uint8)
                container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(video.encode())
            noise = random.normal(0, 0.1, (1, rate)) + 0.3 * np.sin(2 * np.pi * tone * np.arange(rate) / rate)
            frame = av.AudioFrame.from_ndarray(noise.astype(np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = rate, 0
            container.mux(track.encode(frame))
            container.mux(track.encode())

    return write
