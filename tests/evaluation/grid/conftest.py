"""Fused predictions of made-up cells, as files."""

import numpy as np
import pandas as pd
import pytest

from emofusion.tables import LOGIT

EMOTIONS = ["happy", "sad", "angry"]


class Made:
    """Makes the fused predictions of cells. Every actor has `clips` clips of each of three emotions."""

    def __init__(self, folder, actors=8, clips=4):
        self.folder = folder
        rows = [
            (f"a{actor}-{emotion}-{clip}", f"a{actor}", "male" if actor % 2 else "female", emotion)
            for actor in range(actors)
            for emotion in EMOTIONS
            for clip in range(clips)
        ]
        self.clips = pd.DataFrame(rows, columns=["clip", "actor", "gender", "emotion"]).assign(
            corpus="demo", fold=0, split="test"
        )

    def table(self, right) -> pd.DataFrame:
        """Predictions that are right where `right` says so, and name the next emotion elsewhere."""
        truth = self.clips["emotion"].map(EMOTIONS.index).to_numpy()
        predicted = np.where(right, truth, (truth + 1) % 3)
        logits = np.eye(3)[predicted]
        return self.clips.assign(**{LOGIT + emotion: logits[:, n] for n, emotion in enumerate(EMOTIONS)})

    def write(self, name: str, right):
        path = self.folder / f"{name}.parquet"
        self.table(right).to_parquet(path, index=False)
        return path

    def cells(self, rights: dict) -> dict:
        """Files of several cells. rights: cell → which clips are recognised."""
        return {cell: self.write(f"cell{n}", right) for n, (cell, right) in enumerate(rights.items())}


@pytest.fixture
def made(tmp_path) -> Made:
    return Made(tmp_path)
