"""Recordings, weights and tables under the same path: another one, one more or one less is noticed by the workflow."""

import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from emofusion.corpora.demo.generator import generate
from emofusion.corpora.demo.settings import DemoSettings
from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.plan.make import plan_file

CORPORA = {
    "kdef": DemoSettings(layout="kdef", people=2, size=32),
    "savee": DemoSettings(layout="savee", people=2, utterances=1),
    "ravdess": DemoSettings(layout="ravdess", people=2, size=32, frame_rate=2, seconds=0.5),
}


class Sources:
    """An experiment whose corpora are small and generated, and the records of some of its stages."""

    def __init__(self, workflow, experiment, override, kinds):
        self.workflow = workflow
        self.given = {"experiment": experiment, "override": override}
        conf = workflow.repository / "conf"
        plan = plan_file(conf, experiment, " ".join(override), workflow.folder / "results")
        self.targets = [f"results/{name}/record.json" for name, stage in plan.stages.items() if stage.kind in kinds]

    def make(self):
        self.workflow.made(*self.targets, **self.given)

    def planned(self):
        return self.workflow.planned(*self.targets, **self.given)

    def why(self):
        return self.workflow.reasons(**self.given)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpora")
    for name, settings in CORPORA.items():
        generate(settings, folder / name)
    return folder


@pytest.fixture(scope="module")
def paper(corpora, workflow_in, repository, tmp_path_factory):
    override = [f"corpora.{name}.root={corpora}/{name}" for name in CORPORA]
    override += ["corpora.ravdess.download=false", "face.network.weights=none"]
    made = Sources(workflow_in(repository, tmp_path_factory.mktemp("paper")), "paper", override, {"corpus"})
    made.make()
    return made


def a_file(folder: Path, ending: str) -> Path:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() == ending)[0]


@pytest.mark.parametrize(("corpus", "ending"), [("kdef", ".jpg"), ("savee", ".wav"), ("ravdess", ".wav")])
def test_another_recording_one_less_and_one_more_are_noticed(paper, corpora, corpus, ending):
    assert paper.planned() == {}
    file = a_file(corpora / corpus, ending)
    kept, time = file.read_bytes(), file.stat().st_mtime_ns
    changed = bytearray(kept)
    changed[-1] ^= 1  # another content of the same length
    file.write_bytes(changed)
    assert paper.planned() == {"corpus": 1} and paper.why()["corpus"].endswith(f"{file.name} has changed")
    file.unlink()
    assert paper.planned() == {"corpus": 1} and paper.why()["corpus"].endswith(f"{file.name} is gone")
    file.write_bytes(kept)
    os.utime(file, ns=(time + 5, time + 5))
    assert paper.planned() == {}
    more = file.with_name(f"copy{file.suffix}")
    more.write_bytes(kept)
    assert paper.why()["corpus"].endswith(f"{more.name} is new")
    more.unlink()
    assert paper.planned() == {}


def test_recordings_in_archives_are_followed_and_unpacked_again_where_they_are_gone(
    corpora, workflow_in, repository, tmp_path
):
    archive = Path(shutil.make_archive(str(tmp_path / "savee"), "zip", corpora / "savee"))
    override = [f"corpora.{name}.root={corpora}/{name}" for name in ("kdef", "ravdess")]
    override += [f"corpora.savee.root={archive}", "corpora.ravdess.download=false", "face.network.weights=none"]
    made = Sources(workflow_in(repository, tmp_path), "paper", override, {"corpus"})
    made.make()
    assert made.planned() == {}
    recording = next((tmp_path / "results/corpus").glob("savee*/unpacked/**/*.wav"))
    content = recording.read_bytes()
    recording.unlink()
    assert made.planned() == {"corpus": 1} and made.why()["corpus"].startswith("some of its files are")
    made.make()
    assert recording.read_bytes() == content and made.planned() == {}
    shutil.make_archive(str(tmp_path / "savee"), "zip", corpora / "savee")  # other times of nothing but the archive
    assert made.planned() == {}
    with zipfile.ZipFile(archive, "a") as zipped:
        zipped.writestr("notes.txt", "more")
    assert made.planned() == {"corpus": 1} and made.why()["corpus"].endswith("savee.zip has changed")


def test_another_file_of_weights_under_the_same_path_is_noticed(corpora, workflow_in, repository, tmp_path):
    from safetensors.torch import load_file, save_file

    from emofusion.networks.backbone.stages import BackboneWeights

    BackboneWeights("mobilenet_v2", "none", "", 1).run(tmp_path)
    file = (tmp_path / "weights.safetensors").rename(tmp_path / "mine.safetensors")
    override = [f"corpora.{name}.root={corpora}/{name}" for name in CORPORA]
    override += [
        "corpora.ravdess.download=false",
        "face=mobilenet",
        f"face.network.weights={file}",
        "report.compare={}",
    ]
    made = Sources(workflow_in(repository, tmp_path), "paper", override, {"weights"})
    made.make()
    assert made.planned() == {}
    state = load_file(file)
    save_file({name: tensor + 1 if tensor.is_floating_point() else tensor for name, tensor in state.items()}, file)
    assert made.planned() == {"weights": 1} and made.why()["weights"].endswith("mine.safetensors has changed")


@pytest.fixture
def folder_corpus(tmp_path):
    """Four actors, two emotions, a second of noise each, listed in a CSV; and a table of action units."""
    from emofusion.features.action_units.columns import COLUMNS

    rows, random = [], np.random.default_rng(0)
    for actor in range(4):
        for emotion in EMOTIONS[:2]:
            clip = f"{actor}-{emotion}"
            soundfile.write(tmp_path / f"{clip}.wav", random.normal(0, 0.1, 16_000), 16_000)
            facts = {"clip": clip, "actor": f"a{actor}", "gender": ("male", "female")[actor % 2], "emotion": emotion}
            rows.append(facts | {"audio": f"{clip}.wav"})
    pd.DataFrame(rows).to_csv(tmp_path / "clips.csv", index=False)
    units = [{"clip": row["clip"], **{column: random.random() for column in COLUMNS}} for row in rows]
    pd.DataFrame(units).to_csv(tmp_path / "units.csv", index=False)
    return tmp_path


def test_the_features_of_a_folder_follow_its_recordings(folder_corpus, workflow_in, repository):
    override = ["+corpus=[folder]", f"corpora.folder.table={folder_corpus}/clips.csv", "modalities=[speech]"]
    override += [
        "protocol=speaker_independent",
        "protocol.corpora=[folder]",
        "protocol.number_of_folds=2",
        "speech=cnn1d",
    ]
    override += ["emotions.classes=[neutral,calm]", "report.compare={}", "speech.features.features=[centroid]"]
    made = Sources(workflow_in(repository, folder_corpus), "ravdess_openface", override, {"features"})
    made.make()
    assert made.planned() == {}
    (features,) = (folder_corpus / "results/features").glob("*/features.npy")
    before = np.load(features)
    soundfile.write(folder_corpus / "0-calm.wav", np.random.default_rng(9).normal(0, 0.1, 16_000), 16_000)
    assert made.planned() == {"corpus": 1, "features": 1}
    made.make()
    after = np.load(features)
    changed = np.flatnonzero((before != after).any(axis=(1, 2)))
    rows = pd.read_parquet(features.with_name("rows.parquet")).set_index("row")
    assert rows.loc[changed, "clip"].tolist() == ["0-calm"]
    assert made.planned() == {}


def test_another_table_of_action_units_is_noticed(folder_corpus, workflow_in, repository):
    table = folder_corpus / "units.csv"
    override = ["+corpus=[folder]", f"corpora.folder.table={folder_corpus}/clips.csv", "modalities=[face]"]
    override += ["protocol=speaker_independent", "protocol.corpora=[folder]", "protocol.number_of_folds=2"]
    override += ["emotions.classes=[neutral,calm]", f"face.features.table={table}", "report.compare={}"]
    made = Sources(workflow_in(repository, folder_corpus), "ravdess_openface", override, {"features"})
    made.make()
    assert made.planned() == {}
    table.write_text(table.read_text().replace("0.", "1.", 1))
    assert made.planned() == {"features": 1} and made.why()["features"].endswith("units.csv has changed")
