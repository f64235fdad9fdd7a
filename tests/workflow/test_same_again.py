"""An experiment gives the same files again: with other cores, without the fork server, with files in another order."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from emofusion.features.action_units.columns import COLUMNS

EMOTIONS = ["neutral", "happy", "sad"]
OVERRIDE = [
    *("+corpus=[folder]", "protocol=speaker_independent", "protocol.corpora=[folder]", "protocol.number_of_folds=2"),
    *("speech=cnn1d", "face=action_units", "face.features.table=data/folder/units.csv", "published=none"),
    *(
        "speech.training.epochs=2",
        "face.training.epochs=2",
        "report.compare={}",
        f"emotions.classes=[{','.join(EMOTIONS)}]",
    ),
    *("evaluation.samples=20", "evaluation.permutations=20", "fusion.steps=4", "tracking.enabled=false"),
]


def record(folder, step: int) -> None:
    """A corpus of eight people and its action units. With `step=-1`, files and rows are written in reverse order."""
    folder.mkdir(parents=True)
    names = [(f"p{person}", emotion) for person in range(8) for emotion in EMOTIONS]
    rows, units = [], []
    for person, emotion in names[::step]:
        random = np.random.default_rng([int(person[1]), EMOTIONS.index(emotion)])
        soundfile.write(folder / f"{person}-{emotion}.wav", random.normal(0, 0.1, 8000), 16_000)
        about = {"actor": person, "gender": "fm"[int(person[1]) % 2], "emotion": emotion}
        rows.append(about | {"audio": f"{person}-{emotion}.wav"})
        units.append({"clip": f"{person}-{emotion}", **{column: random.random() for column in COLUMNS}})
    pd.DataFrame(rows).to_csv(folder / "clips.csv", index=False)
    pd.DataFrame(units).to_csv(folder / "units.csv", index=False)


# Files that say when something was made, how long it took, or where it is. Those in `shared` are named by content.
TIMES = {"record.json", ".last_record.json", "published.json", "provenance.json", "costs.csv"}
OTHERS = {"plans", "logs", "tracking", "shared"}


def content(path):
    """What is in a file, without the seconds that networks have trained."""
    if path.name == "history.parquet":
        return pd.read_parquet(path).drop(columns="seconds").to_csv()
    if path.name == "comparison.csv":
        return pd.read_csv(path).drop(columns="seconds_per_epoch").to_csv()
    if path.name == "summary.md":
        return without_seconds(path.read_text(encoding="utf-8"))
    return path.read_bytes()


def without_seconds(text: str) -> list[list[str]]:
    """The cells of each line of a Markdown page, without the column of a table that has seconds."""
    lines, place = [], None
    for line in text.splitlines():
        cells = [cell.strip(" -:") for cell in line.split("|")]
        seconds = [number for number, cell in enumerate(cells) if cell == "Seconds per epoch"]
        place = seconds[0] if seconds else place if len(cells) > 1 else None
        lines.append([cell for number, cell in enumerate(cells) if number != place])
    return lines


@pytest.fixture(scope="module")
def made(workflow_in, repository, tmp_path_factory):
    """Makes the experiment in a new folder, and returns the content of its files."""

    def make(step=1, cores=1, environment=None):
        folder = tmp_path_factory.mktemp("again")
        record(folder / "data/folder", step)
        workflow = workflow_in(repository, folder)
        workflow.made(experiment="ravdess_openface", override=OVERRIDE, cores=cores, environment=environment)
        files = [path for path in (folder / "results").rglob("*") if path.is_file() and path.name not in TIMES]
        names = [path.relative_to(folder / "results") for path in files]
        return {str(n): content(path) for n, path in zip(names, files, strict=True) if n.parts[0] not in OTHERS}

    return make


@pytest.fixture(scope="module")
def first(made):
    return made()


@pytest.mark.parametrize(
    "change",
    [{"cores": 2, "environment": {"EMOFUSION_FORKSERVER": ""}}, {"cores": 2, "step": -1}],
    ids=["two cores without the fork server", "two cores, and files in another order"],
)
def test_the_same_files_with_the_same_bytes(first, made, change):
    again = made(**change)
    assert sorted(again) == sorted(first)
    assert [name for name in first if again[name] != first[name]] == []
    names = {name.rpartition("/")[2] for name in first}
    assert {"0-0.safetensors", "features.npy", "fused.parquet", "table1.csv", "report.html"} <= names
