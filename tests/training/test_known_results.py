"""Models of single modalities on real data: their accuracy is what is known of it."""

import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emofusion.corpora.common.read import read_corpus
from emofusion.features.common.extract import extract
from emofusion.features.common.feature_set import FeatureSet
from emofusion.predictions.table import labels
from emofusion.protocols.common.split import make_split
from emofusion.training.fit import fit_folds
from emofusion.training.predict import predict_folds


@pytest.fixture
def tested(planned, tmp_path):
    """Makes what a plan makes of one modality without its jobs: the test clips, with posteriors."""

    def make(experiment: str, *overrides: str) -> pd.DataFrame:
        plan = planned(experiment, " ".join([*overrides, "tracking=off"]))
        stages = {stage.kind: plan.settings(name) for name, stage in plan.stages.items()}
        corpus = stages["corpus"]
        clips = read_corpus(corpus.name, corpus.corpus, tmp_path / "unpacked", corpus.medium)
        split, _ = make_split(clips, stages["split"].protocol, stages["split"].emotions)
        extract(clips, stages["features"].features, tmp_path / "features", workers=1)
        features = FeatureSet.open([tmp_path / "features"])
        fit_folds(split, features, stages["model"], tmp_path / "model")
        predictions = predict_folds(split, features, tmp_path / "model", stages["predictions"])
        return predictions[predictions["split"] == "test"]

    return make


@pytest.mark.parametrize(("face", "least"), [("landmarks", 0.574), ("landmarks_by_speaker", 0.779)])
def test_landmarks_of_ravdess(tested, real_data, face, least):
    found = tested(
        "ravdess_landmarks",
        f"face={face}",
        f"corpora.ravdess.root={real_data}/ravdess",
        "corpora.ravdess.download=false",
    )
    assert len(found) == 1440
    assert least <= accuracy_score(found["emotion"], labels(found)) < least + 0.06


def test_the_words_of_meld(tested, real_data):
    found = tested("meld_text", f"corpora.meld.root={real_data}/meld")
    assert len(found) == 2610
    assert 0.568 <= f1_score(found["emotion"], labels(found), average="weighted") < 0.60


def test_the_physiology_of_wesad(tested, real_data, repository, tmp_path):
    folder = tmp_path / "wesad"
    folder.mkdir()
    shutil.copy(real_data / "wesad" / "wesad_windows.csv", folder)
    code = re.search(
        r"```python\n(# data/wesad/prepare\.py.*?)```", (repository / "docs/modalities.md").read_text(), re.S
    )
    (folder / "prepare.py").write_text(code[1])
    subprocess.run([sys.executable, folder / "prepare.py"], check=True)
    found = tested("wesad", f"data={tmp_path}")
    # scikit-learn's own numbers
    windows = pd.read_csv(real_data / "wesad" / "wesad_windows.csv", index_col=0)
    values, correct = windows.loc[:, :"TEMP_slope"].to_numpy(), 0
    for subject in windows["subject"].unique():
        left_out = (windows["subject"] == subject).to_numpy()
        model = make_pipeline(StandardScaler(), RidgeClassifier()).fit(values[~left_out], windows["label"][~left_out])
        correct += (model.predict(values[left_out]) == windows["label"][left_out]).sum()
    assert accuracy_score(found["emotion"], labels(found)) == pytest.approx(correct / 1178, abs=0.002)
    assert correct / 1178 == pytest.approx(0.742, abs=0.0005)
