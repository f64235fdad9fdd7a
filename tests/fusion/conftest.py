"""Made-up predictions of three modalities."""

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
