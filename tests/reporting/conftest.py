"""A made-up experiment to report on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.evaluation.evaluate import evaluate
from emofusion.evaluation.presence import robustness_table
from emofusion.evaluation.sweep import sweep_weights
from emofusion.fusion.common.fuse import Fused, fuse
from emofusion.plan.settings import EvaluationSettings, FusionSettings, ReportSettings
from emofusion.predictions.table import align
from emofusion.reporting.facts import Facts
from emofusion.reporting.provenance import Provenance
from emofusion.reporting.results import Results, TrainedModel
from emofusion.settings.experiment import Evaluation
from emofusion.settings.registry import kinds
from emofusion.tables import ABOUT_RULE

WEIGHTS = {"speech": 0.7, "face": 0.3}
COMPARED = ["linear", "linear_tuned", "product", "log_linear", "majority", "linear_oracle"]
# of Chromium
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update"]
EVALUATION = Evaluation(samples=50, permutations=200)
METRICS = ["unweighted_average_recall", "macro_f1", "log_loss", "brier", "calibration_error"]


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
def settings() -> ReportSettings:
    return ReportSettings(
        experiment="made_up",
        title="A made-up experiment",
        seed=3,
        modalities=["speech", "face"],
        classes=list(EMOTIONS),
        rule="linear",
        weights=WEIGHTS,
        compare=COMPARED,
        metrics=METRICS,
        confidence=0.95,
        protocol="speaker_independent",
        protocol_description="Folds of actors.",
        leaks_speakers=False,
        normalised_by_speaker=[],
        generated=False,
        published={
            "source": "A paper, Tables 1 and 2",
            "fusion": {"rule": "linear", "weights": WEIGHTS},
            "table1": {"neutral": {"speech": 61.11, "face": 22.22, "fusion": 58.33}, "happy": {"fusion": 100.0}},
            "table2": {"male": {"neutral": {"speech": 65.0}}, "female": {"neutral": {"fusion": 56.25}}},
        },
        networks={"speech": ["cnn1d", "lstm"], "face": ["mlp"]},
        groups=[],
        bands={},
    )


@pytest.fixture
def facts(settings) -> Facts:
    return Facts(settings, notes=["8 test clips were left out."])


@pytest.fixture
def changed(facts):
    """A function that returns the facts with other settings."""
    return lambda **changes: replace(facts, settings=replace(facts.settings, **changes))


@pytest.fixture
def provenance() -> Provenance:
    return Provenance("made-up-1", "c0ffee", True, {"numpy": "2.3.4", "torch": "2.9.0"})


@pytest.fixture(scope="session")
def modalities() -> dict[str, pd.DataFrame]:
    return {"speech": _predictions(1.5, 1), "face": _predictions(1.0, 2)}


@pytest.fixture(scope="session")
def fusion(modalities) -> Fused:
    rules = [kinds("fusion")[name]() for name in COMPARED]
    return fuse(modalities, FusionSettings("linear", rules, WEIGHTS, steps=20, fit_on="cross_fitted"))


@pytest.fixture(scope="session")
def evaluation(modalities, fusion) -> dict[str, pd.DataFrame]:
    alone = fusion.rules.drop(columns=ABOUT_RULE)
    rules = {name: alone.loc[rows.index] for name, rows in fusion.rules.groupby("rule", sort=False)}
    metrics = [kinds("metrics")[name].for_evaluation(EVALUATION) for name in METRICS]
    kinds_of = fusion.about().set_index("rule")["kind"].to_dict()
    tables = evaluate(
        {**modalities, **rules}, list(modalities), EvaluationSettings(EVALUATION, metrics), kinds=kinds_of
    )
    linear = kinds("fusion")["linear"]()
    fused = FusionSettings("linear", [linear], WEIGHTS, steps=20, fit_on="cross_fitted")
    tables["robustness"] = robustness_table(
        modalities, fusion.predictions("linear"), linear, fused, EvaluationSettings(EVALUATION, [])
    )
    return tables | sweep_weights(align(modalities), ["linear", "product"], 20, EVALUATION)


@pytest.fixture(scope="session")
def results(modalities, fusion, evaluation, histories, models) -> Results:
    notes = ["8 test clips were left out."]
    tables = (modalities, fusion.predictions("linear"), fusion.about(), fusion.parameters, evaluation)
    return Results(*tables, histories, models, notes)


@pytest.fixture(scope="session")
def histories() -> dict[str, dict[str, pd.DataFrame]]:
    return {"speech": {"cnn1d": _history(1), "lstm": _history(2)}, "face": {"mlp": _history(3)}}


@pytest.fixture(scope="session")
def models(histories) -> dict[str, dict[str, TrainedModel]]:
    described = TrainedModel(1200, 200, "best", ("CPU",))
    return {modality: dict.fromkeys(networks, described) for modality, networks in histories.items()}


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield found
        found.close()
