"""A made-up experiment to report on."""

import numpy as np
import pandas as pd
import pytest

from emofusion.emotions import EMOTIONS
from emofusion.evaluation.evaluate import evaluate
from emofusion.evaluation.sweep import sweep_weights
from emofusion.fusion.common.fuse import Fused, fuse
from emofusion.predictions.table import align
from emofusion.reporting import Results
from emofusion.tables import ABOUT_RULE

WEIGHTS = {"speech": 0.7, "face": 0.3}
COMPARED = ["linear", "linear_tuned", "product", "log_linear", "majority", "linear_oracle"]


def _predictions(modality_skill: float, seed: int) -> pd.DataFrame:
    """40 validation and 160 test clips in two folds: each test clip once, 20 an emotion, a quarter of them by men."""
    random = np.random.default_rng(seed)
    emotion = np.resize(EMOTIONS, 200)
    gender = np.where(np.arange(200) // 8 % 4 == 0, "male", "female")
    split, fold = np.repeat(["validation", "test"], [40, 160]), np.arange(200) // 8 % 2
    clips = {
        "clip": [f"c{i}" for i in range(200)],
        "corpus": "demo",
        "actor": [f"demo-{g}{f}{i // 16 % 3}" for i, (g, f) in enumerate(zip(gender, fold, strict=True))],
    }
    logits = {f"logit_{e}": random.normal(modality_skill * (emotion == e), 1) for e in EMOTIONS}
    return pd.DataFrame({**clips, "gender": gender, "emotion": emotion, "fold": fold, "split": split, **logits})


def _history(seed: int) -> pd.DataFrame:
    """Two folds of six and four epochs, of one seed."""
    random = np.random.default_rng(seed)
    rows = [(fold, epoch) for fold, epochs in ((0, 6), (1, 4)) for epoch in range(epochs)]
    table = pd.DataFrame(rows, columns=["fold", "epoch"])
    for column in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
        table[column] = random.random(len(table))
    return table.assign(seed=3, seconds=random.random(len(table)))


@pytest.fixture
def settings() -> dict:
    return {
        "experiment": "made_up",
        "title": "A made-up experiment",
        "modalities": ["speech", "face"],
        "confidence": 0.95,
        "transductive": False,
        "curves": {"speech": ["cnn1d", "lstm"], "face": ["mlp"]},
        "protocol": {"name": "speaker_independent", "description": "Folds of actors.", "leaks_speakers": False},
        "fusion": {"rule": "linear", "weights": WEIGHTS},
        "classes": list(EMOTIONS),
        "published": {
            "source": "A paper, Tables 1 and 2",
            "fusion": {"rule": "linear", "weights": WEIGHTS},
            "table1": {"neutral": {"speech": 61.11, "face": 22.22, "fusion": 58.33}, "happy": {"fusion": 100.0}},
            "table2": {"male": {"neutral": {"speech": 65.0}}, "female": {"neutral": {"fusion": 56.25}}},
        },
        "seed": 3,
        "normalised_by_speaker": [],
        "notes": ["8 test clips were left out."],
        "demo": False,
    }  # fmt: skip


@pytest.fixture(scope="session")
def modalities() -> dict[str, pd.DataFrame]:
    return {"speech": _predictions(1.5, 1), "face": _predictions(1.0, 2)}


def fused(modalities, weights=WEIGHTS, steps=20, rule="linear") -> Fused:
    settings = {"rule": rule, "weights": weights, "steps": steps, "compare": COMPARED, "fit_on": "cross_fitted"}
    return fuse(modalities, settings)


@pytest.fixture(scope="session")
def fusion(modalities) -> Fused:
    return fused(modalities)


def swept(modalities, steps=20) -> dict[str, pd.DataFrame]:
    return sweep_weights(align(modalities), ["linear", "product"], steps, samples=50, seed=0)


@pytest.fixture(scope="session")
def evaluation(modalities, fusion) -> dict[str, pd.DataFrame]:
    alone = fusion.rules.drop(columns=ABOUT_RULE)
    rules = {name: alone.loc[rows.index] for name, rows in fusion.rules.groupby("rule", sort=False)}
    return evaluate(
        {**modalities, **rules},
        list(modalities),
        {"samples": 50, "permutations": 200, "bins": 15, "confidence": 0.95, "seed": 0},
    ) | swept(modalities)


@pytest.fixture(scope="session")
def results(modalities, fusion, evaluation, histories, models) -> Results:
    return Results(modalities, fusion.predictions, fusion.rules, fusion.parameters, evaluation, histories, models)


@pytest.fixture(scope="session")
def histories() -> dict[str, dict[str, pd.DataFrame]]:
    return {"speech": {"cnn1d": _history(1), "lstm": _history(2)}, "face": {"mlp": _history(3)}}


@pytest.fixture(scope="session")
def models(histories) -> dict[str, dict[str, dict]]:
    described = {"parameters": 1200, "parameters_trained": 200, "training": {"keep": "best"}}
    return {modality: dict.fromkeys(networks, described) for modality, networks in histories.items()}
