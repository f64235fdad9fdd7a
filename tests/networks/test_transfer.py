"""Transfer learning on real faces: ImageNet's VGG16 frozen, a head trained, happy against neutral on other people."""

from dataclasses import asdict

import pandas as pd
import pytest

from emofusion.features.common.feature_set import FeatureSet, extract
from emofusion.networks.backbone.feature_cache import store_frozen
from emofusion.networks.backbone.weights import prepare
from emofusion.settings.schema import Training
from emofusion.tables import LOGIT
from emofusion.training.fit import fit_folds
from emofusion.training.predict import predict_folds

PEOPLE = 60
STORED = {"architecture": "vgg16", "normalise": "imagenet", "pooling": "flatten", "frozen": 5}


@pytest.fixture(scope="module")
def split(real_data) -> pd.DataFrame:
    """30 people to train on, 10 to validate, 20 to test, each once happy and once neutral."""
    faces = pd.read_csv(real_data / "london_faces" / "faces.csv").rename(columns={"person": "actor"})
    people = faces["actor"].drop_duplicates().sample(PEOPLE, random_state=0).tolist()
    faces = faces[faces["actor"].isin(people)].reset_index(drop=True)
    number = faces["actor"].map({person: n for n, person in enumerate(people)})
    faces["split"] = pd.cut(number, [-1, 29, 39, PEOPLE], labels=["train", "validation", "test"]).astype(str)
    faces["image"] = [str(real_data / "london_faces" / name) for name in faces["file"]]
    return faces.assign(clip=faces["file"], actor=faces["actor"].astype(str), corpus="london", fold=0)


def test_a_head_on_frozen_imagenet_features_recognises_smiles_of_strangers(real_data, split, tmp_path):
    clips = split[["clip", "corpus", "actor", "gender", "emotion", "image"]].assign(video=None, audio=None)
    extract(clips, {"kind": "pixels", "size": 112, "frames": 1}, tmp_path / "pixels", workers=1)
    weights = tmp_path / "weights.safetensors"
    prepare("vgg16", str(real_data / "weights" / "vgg16_features_imagenet.safetensors"), weights, "")
    stored = STORED | {"precision": "half", "views": 1, "shift": 0.0, "scale": 0.0}
    store_frozen(FeatureSet.open([tmp_path / "pixels"]), weights, stored, tmp_path / "feature_cache")
    features = FeatureSet.open([tmp_path / "feature_cache"])
    settings = {
        "network": {"kind": "backbone", "architecture": "vgg16", "pooling": "flatten", "hidden": [64], "frozen": 5},
        "training": asdict(Training(epochs=30, learning_rate=1e-3, batch_size=16)),
        "seeds": [0],
        "standardise": False,
    }
    columns = ["clip", "corpus", "actor", "gender", "emotion", "fold", "split"]
    fit_folds(split[columns], features, settings, tmp_path / "model", weights=weights)
    predictions = predict_folds(split[columns], features, tmp_path / "model")
    tested = predictions[predictions["split"] == "test"]
    happy = tested[f"{LOGIT}happy"] > tested[f"{LOGIT}neutral"]
    assert len(tested) == 40 and not set(tested["actor"]) & set(split.loc[split["split"] != "test", "actor"])
    # chance is 0.5; five in a hundred heads on 40 pictures that knew nothing would reach 0.65
    assert (happy == (tested["emotion"] == "happy")).mean() >= 0.8
