"""Made-up predictions of three modalities."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import EMOTIONS


@pytest.fixture(scope="session")
def three() -> dict[str, pd.DataFrame]:
    """Speech, face and text on 60 validation and 150 test clips; face does not know calm; no angry clip of a woman."""
    random = np.random.default_rng(7)
    number = 210
    gender = np.array(["female", "male"])[random.integers(0, 2, number)]
    emotion = np.array(EMOTIONS)[random.integers(0, 8, number)]
    emotion[(gender == "female") & (emotion == "angry")] = "sad"
    clips = pd.DataFrame(
        {
            "clip": [f"clip{i}" for i in range(number)],
            "corpus": "demo",
            "actor": [f"demo-{g[0]}{i % 3}" for i, g in enumerate(gender)],
            "gender": gender,
            "emotion": emotion,
            "fold": 0,
            "split": ["validation"] * 60 + ["test"] * 150,
        }
    )
    tables = {}
    for modality, skill in (("speech", 1.6), ("face", 1.2), ("text", 0.8)):
        known = [e for e in EMOTIONS if modality != "face" or e != "calm"]
        logits = {f"logit_{e}": random.normal(skill * (emotion == e), 1) for e in known}
        tables[modality] = clips.assign(**logits)
    return tables


@pytest.fixture(scope="session")
def published_posteriors(real_data) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The prediction tables of speech and face on RAVDESS that others have published."""
    folder = real_data / "ravdess" / "posteriors"
    speech = published(folder / "speech_wav2vec2_logits.csv", "logit_")
    return speech, published(folder / "face_openface_mlp_probabilities.csv", "p_")


def published(path: Path, prefix: str) -> pd.DataFrame:
    """Posteriors of RAVDESS clips published by others, as a prediction table; the clip's name says who and what."""
    raw = pd.read_csv(path)
    parts = raw["clip"].str.split("-", expand=True).astype(int)
    table = pd.DataFrame({"clip": raw["clip"], "corpus": "ravdess", "actor": "ravdess-" + parts[6].astype(str)})
    table["gender"] = np.where(parts[6] % 2 == 1, "male", "female")
    table["emotion"] = [EMOTIONS[code - 1] for code in parts[2]]
    table["fold"], table["split"] = raw["fold"], "test"
    for emotion in EMOTIONS:
        values = raw[prefix + emotion]
        table[f"logit_{emotion}"] = values if prefix == "logit_" else np.log(values.clip(lower=1e-12))
    return table
