"""Features and a split that are trained on in no time."""

import numpy as np
import pandas as pd
import pytest

from emofusion.features.common.feature_set import FeatureSet, write_rows


@pytest.fixture
def small_data(tmp_path) -> tuple[FeatureSet, pd.DataFrame]:
    """Twelve clips of four numbers and six people, each of two emotions; two folds."""
    folder = tmp_path / "small"
    folder.mkdir()
    np.save(folder / "features.npy", np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32))
    clips = [f"clip{number}" for number in range(12)]
    write_rows(pd.DataFrame({"clip": clips, "row": range(12), "frame": 0, "view": 0}), folder)
    actor = np.arange(12) // 2
    table = pd.DataFrame({"clip": clips, "corpus": "made", "actor": [f"made-{number}" for number in actor]})
    table = table.assign(gender="female", emotion=["happy", "sad"] * 6)
    parts = [np.select([actor % 3 == fold, actor % 3 == 2], ["test", "validation"], "train") for fold in range(2)]
    folds = [table.assign(fold=fold, split=part) for fold, part in enumerate(parts)]
    return FeatureSet.open([folder]), pd.concat(folds, ignore_index=True)
