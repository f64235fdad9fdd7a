"""The commands of docs/corpora.md run as they are written, on small corpora in the real layouts."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "corpora.md"
# What a reader would not add: less to train, to resample and to draw.
SHORTER = [
    "evaluation.samples=20",
    "evaluation.permutations=20",
    "fusion.compare=[]",
    "tracking.enabled=false",
]
FEWER_EPOCHS = ["speech.training.epochs=2", "speech.training.members=1", "speech.features.speeds=[]"]
NO_RECIPES = ("Leaving files and clips out", "Labels")  # headings whose commands belong to no corpus of this test
_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^#{2,3} ([^\n]*)\n(.*?)(?=^#{2,3} |\Z)", re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, list[str]]]:
    """The heading and the words of every command on the page, in order."""
    text = re.sub(r"\\\n\s*", "", _BLOCK.sub("", PAGE.read_text(encoding="utf-8")))
    return [
        (heading, shlex.split(line))
        for heading, body in _SECTION.findall(text)
        if heading not in NO_RECIPES
        for line in re.findall(r"^    (\S.*)$", body, re.MULTILINE)
    ]


def shorter(words: list[str]) -> list[str]:
    """The same command with less work: overrides of the command line are followed by ours."""
    experiment = next(word for word in words if word.startswith("experiment="))
    trains = experiment not in ("experiment=crema_d_people", "experiment=meld_text")
    more = " ".join(SHORTER + FEWER_EPOCHS * trains)
    if not any(word.startswith("override=") for word in words):
        return [*words, f"override={more}"]
    return [f"{word} {more}" if word.startswith("override=") else word for word in words]


@pytest.fixture(scope="module")
def run(reader, repository):
    """Runs a command of the page in the reader's folder, and returns the folder of its report."""

    def run(words: list[str]) -> Path:
        environment = os.environ | {"PYTHONPATH": str(repository / "src"), "MPLBACKEND": "agg"}
        program, *arguments = words if words[0] == "python" else shorter(words)
        module = [] if program == "python" else ["-m", program]
        done = subprocess.run(
            [sys.executable, *module, *arguments],
            cwd=reader,
            env=environment,
            capture_output=True,
            text=True,
            timeout=800,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
        experiment = next((word.partition("=")[2] for word in words if word.startswith("experiment=")), "")
        return reader / "results" / "reports" / experiment

    return run


# Heading and number of the command under it → clips, people, and classes of the report.
EXPECTED = {
    ("EmoDB", 0): (70, 10, "neutral happy sad angry fearful disgust boredom"),
    ("CREMA-D", 0): (546, 91, "angry disgust fearful happy neutral sad"),
    ("CREMA-D", 1): (546, 91, "angry disgust fearful happy neutral sad"),
    ("TESS", 0): (56, 2, "neutral happy sad angry fearful disgust surprised"),
    ("MELD", 0): (28, 4, "neutral surprised fearful sad happy disgust angry"),
    ("MELD", 1): (28, 4, "neutral surprised fearful sad happy disgust angry"),
    ("IEMOCAP", 1): (100, 10, "neutral happy sad angry"),
    ("Your own recordings", 0): (60, 10, "neutral happy sad angry fearful disgust"),
}


def numbered() -> list[tuple[str, int, list[str]]]:
    found: dict[str, int] = {}
    rows = []
    for heading, words in commands():
        rows.append((heading, found.setdefault(heading, 0), words))
        found[heading] += 1
    return rows


def test_every_recipe_has_a_command():
    assert {(heading, number) for heading, number, _ in numbered()} == {*EXPECTED, ("IEMOCAP", 0)}


@pytest.mark.parametrize(
    ("heading", "number", "words"), numbered(), ids=lambda value: str(value) if not isinstance(value, list) else ""
)
def test_the_commands_of_the_recipes(run, reader, heading, number, words):
    report = run(words)
    if (heading, number) not in EXPECTED:
        table = pd.read_csv(reader / "data" / "iemocap" / "clips.csv").set_index("clip")
        row = table.loc["Ses01F_impro01_M003"]
        assert len(table) == 140 and row[["actor", "gender", "emotion", "session", "statement"]].tolist() == [
            *("Ses01M", "male", "ang", "Session1", "Excuse me.")
        ]
        return
    clips, people, classes = EXPECTED[heading, number]
    rules = pd.read_csv(report / "rules.csv")
    assert set(rules["clips"]) == {clips} and set(rules["actors"]) == {people}
    summary = json.loads((report / "summary.json").read_text())
    assert summary and (report / "report.html").stat().st_size > 10_000
    shown = list(pd.read_csv(report / "table1.csv")["emotion"])
    assert set(shown) - {"all", "unweighted average recall"} == set(classes.split())
