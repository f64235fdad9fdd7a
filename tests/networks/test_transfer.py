"""Transfer learning on real faces: ImageNet's weights frozen, a head trained, happy against neutral on other people."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageOps

from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.networks.backbone import Backbone
from emofusion.plan.settings import ModelSettings, PredictionsSettings
from emofusion.settings.training import Training
from emofusion.tables import LOGIT
from emofusion.training.fit import fit_folds
from emofusion.training.predict import predict_folds

PEOPLE = 60
SIZE = 112


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


@pytest.fixture
def pixels(split, tmp_path) -> FeatureSet:
    """Each picture fitted into a square on black."""
    folder = tmp_path / "pixels"
    folder.mkdir()
    pictures = [ImageOps.pad(Image.open(path).convert("RGB"), (SIZE, SIZE)) for path in split["image"]]
    np.save(folder / "features.npy", np.stack([np.asarray(picture).transpose(2, 0, 1) for picture in pictures]))
    write_rows(pd.DataFrame({"clip": split["clip"], "row": range(len(split)), "frame": 0, "view": 0}), folder)
    return FeatureSet.open([folder])


@pytest.mark.parametrize(
    ("architecture", "file", "more"),
    [
        ("vgg16", "vgg16_features_imagenet", {}),
        ("mobilenet_v2", "mobilenet_v2_imagenet_qat", {"normalise": "symmetric"}),  # converted from TensorFlow
    ],
)
def test_a_head_on_frozen_imagenet_features_recognises_smiles_of_strangers(
    real_data, split, pixels, tmp_path, architecture, file, more
):
    source = str(real_data / "weights" / f"{file}.safetensors")
    backbone = Backbone(architecture=architecture, weights=source, pooling="flatten", hidden=[64], **more)
    training = Training(epochs=30, learning_rate=1e-3, batch_size=16)
    backbone.start_weights(seed=0).run(tmp_path)
    weights = tmp_path / "weights.safetensors"
    backbone.frozen_part(training, trains=True).store(pixels, weights, tmp_path / "feature_cache")
    features = FeatureSet.open([tmp_path / "feature_cache"])
    settings = ModelSettings(backbone.trained_part(training), training, seeds=[0], standardised=False)
    columns = ["clip", "corpus", "actor", "gender", "emotion", "fold", "split"]
    fit_folds(split[columns], features, settings, tmp_path / "model", weights=weights)
    predictions = predict_folds(split[columns], features, tmp_path / "model", PredictionsSettings(1, "full"))
    tested = predictions[predictions["split"] == "test"]
    happy = tested[f"{LOGIT}happy"] > tested[f"{LOGIT}neutral"]
    assert len(tested) == 40 and not set(tested["actor"]) & set(split.loc[split["split"] != "test", "actor"])
    # chance is 0.5; five in a hundred heads on 40 pictures that knew nothing would reach 0.65
    assert (happy == (tested["emotion"] == "happy")).mean() >= 0.8
