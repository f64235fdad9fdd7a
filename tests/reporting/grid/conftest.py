"""A made-up grid: posteriors of two modalities for several models and seeds, fused with several rules and weights."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

from emofusion.evaluation.evaluate import evaluate_alone
from emofusion.evaluation.schemas import evaluation_schemas
from emofusion.plan.settings import EvaluationSettings, ReportSettings
from emofusion.predictions.pools import pool, simplex
from emofusion.predictions.table import scored
from emofusion.reporting.grid.cells import Grid, GridCell
from emofusion.settings.experiment import Evaluation
from emofusion.settings.registry import kinds
from emofusion.tables import write_table

EMOTIONS = ["happy", "sad", "angry"]
EVALUATION = Evaluation(samples=200, permutations=500)
SPEECH, FACE = {"cnn1d": 0.4, "lstm": 1.2}, {"vgg16": 0.7}
RULES, SEEDS, WEIGHTS = ("linear", "product"), ("0", "1"), (0.5,)
METRICS = ["unweighted_average_recall", "macro_f1", "log_loss", "brier", "calibration_error"]
PUBLISHED = {
    "source": "A paper, Tables 1 and 2",
    "table1": {"happy": {"speech": 61.11, "fusion": 100.0}},
    "table2": {"male": {"sad": {"face": 65.0}}},
}
BASIS = {
    "protocol": "speaker_independent",
    "leaks_speakers": False,
    "normalised_by_speaker": "no modality",
    "enrolment_clips": "none",
    "configured_rule_is_transductive": False,
    "data": "recordings",
}


def settings_of(modalities, rule, weights):
    """The settings of a cell's report."""
    return ReportSettings(
        experiment="demo", title="Demo", seed=0, modalities=list(modalities), classes=EMOTIONS, rule=rule,
        weights=weights, compare=[], metrics=METRICS, confidence=0.95, protocol="speaker_independent",
        protocol_description="", leaks_speakers=False, normalised_by_speaker=[], generated=False, published=PUBLISHED,
        networks={}, groups=[], bands={},
    )  # fmt: skip


class Maker:
    """Writes the files of a grid's cells into a folder.

    evaluates: whether cells have the tables of an evaluation, which figures over seeds are made from.
    """

    def __init__(self, folder, steps=20, evaluates=False):
        self.folder, self.steps, self.evaluates = folder, steps, evaluates
        rows = [
            (f"a{actor}-{emotion}-{take}", f"a{actor}", "male" if actor % 2 else "female", emotion)
            for actor in range(8)
            for emotion in EMOTIONS
            for take in range(4)
        ]
        facts = pd.DataFrame(rows, columns=["clip", "actor", "gender", "emotion"])
        self.clips = facts.assign(corpus="demo", fold=0, split="test")
        self.truth = facts["emotion"].map(EMOTIONS.index).to_numpy()

    def posteriors(self, seed, skill):
        """Posteriors (clips, emotions) that are better for a greater skill."""
        logits = np.random.default_rng(seed).normal(size=(len(self.clips), 3)) + skill * np.eye(3)[self.truth]
        return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

    def sweep(self, members, path):
        weights = simplex(len(members), self.steps)
        parts = []
        for rule in ("linear", "product"):
            right = pool(rule, np.stack(list(members.values())), weights).argmax(axis=-1) == self.truth
            part = pd.DataFrame(weights, columns=[f"weight_{name}" for name in members])
            part = part.assign(rule=rule, split="test", gender="all", emotion="all", correct=right.sum(axis=1))
            parts.append(part.assign(clips=len(self.truth), actors=8))
        table = pd.concat(parts)
        others = table.assign(emotion="happy", correct=0)
        pd.concat([others, table, table.assign(split="validation", correct=1)]).to_parquet(path, index=False)

    def cell(self, members, rule, weights, factors, warnings=(), basis=BASIS, **changes):
        """Write the files of a cell. members: modality → posteriors."""
        name = ",".join(f"{factor}={level}" for factor, level in sorted(factors.items()))
        folder = self.folder / "report" / name / "report"
        folder.mkdir(parents=True)
        fused = pool(rule, np.stack(list(members.values())), np.array([list(weights.values())]))[0]
        scored(self.clips, EMOTIONS, fused).to_parquet(folder.parent / "fused.parquet", index=False)
        shares = {name: self.share(values) for name, values in {**members, "fusion": fused}.items()}
        rows = [
            {"emotion": emotion, **{f"{system}_accuracy": share for system, share in shares.items()}, **basis}
            for emotion in ("all", "unweighted average recall")
        ]
        pd.DataFrame(rows).to_csv(folder / "table1.csv", index=False)
        (folder / "summary.json").write_text(json.dumps({"warnings": list(warnings), "devices": {"speech": ["CPU"]}}))
        self.sweep(members, folder.parent / "sweep.parquet")
        # what other folds have chosen is the product with equal weights
        equal = np.full((1, len(members)), 1 / len(members))
        systems = {**members, rule: fused, "chosen": pool("product", np.stack(list(members.values())), equal)[0]}
        self.rules(systems, list(members), rule, factors, folder)
        trained = [("speech", "demo", "gender", "male", 4, 40), ("speech", "demo", "gender", "female", 5, 50)]
        columns = ["modality", "corpus", "group", "level", "people", "clips"]
        pd.DataFrame(trained, columns=columns).to_csv(folder / "trained.csv", index=False)
        if self.evaluates:
            changes = {"evaluations": (self.evaluation(systems, folder.parent / "evaluation"),)} | changes
        made = {
            "name": name,
            "report": f"demo-{name}",
            "factors": factors,
            "folder": folder,
            "settings": settings_of(members, rule, weights),
            "rule": rule,
            "pool": rule,
            "weights": weights,
        }
        files = {"fused": folder.parent / "fused.parquet", "sweep": folder.parent / "sweep.parquet"}
        return GridCell(**(made | files | changes))

    def rules(self, systems, modalities, configured, factors, folder):
        """Write `rules.csv` of a cell's report. The label of the chosen rule has the cell's seed."""
        labels = {name: f"{name} alone" for name in modalities} | {configured: f"{configured}, set weights"}
        labels["chosen"] = f"chosen on other folds: rule {factors.get('seed', 0)}"
        rows = []
        for name in systems:
            kind, share = "modality" if name in modalities else "rule", self.share(systems[name])
            ends = {"accuracy_low": share - 0.1, "accuracy_high": share + 0.1}
            rows.append({"rule": name, "label": labels[name], "kind": kind, "accuracy": share, **ends})
        pd.DataFrame(rows).to_csv(folder / "rules.csv", index=False)

    def evaluation(self, systems, folder):
        """Write the tables of an evaluation that figures over seeds need, and return the folder."""
        folder.mkdir()
        types = [kinds("metrics")[name] for name in METRICS]
        chosen = EvaluationSettings(EVALUATION, [metric.for_evaluation(EVALUATION) for metric in types])
        tables = evaluate_alone({name: scored(self.clips, EMOTIONS, part) for name, part in systems.items()}, chosen)
        for name in ("actors", "subsets"):
            write_table(tables[name], folder / f"{name}.parquet", evaluation_schemas(types)[name])
        return folder

    def share(self, posteriors):
        return float((posteriors.argmax(axis=1) == self.truth).mean())

    def grid(self, speech=SPEECH, face=FACE, rules=RULES, seeds=SEEDS, weights=WEIGHTS, baseline=0, **changes):
        cells = []
        for (s, skill), (f, other), rule, weight, seed in product(speech.items(), face.items(), rules, weights, seeds):
            members = {"speech": self.posteriors([int(seed), len(s)], skill), "face": self.posteriors(7, other)}
            factors = {
                "speech": s,
                "face": f,
                "fusion.rule": rule,
                "fusion.weights.speech": f"{weight:g}",
                "seed": seed,
            }
            cells.append(self.cell(members, rule, {"speech": weight, "face": 1 - weight}, factors))
        made = {"name": "models", "cells": cells, "baseline": cells[baseline].name, "baseline_chosen": True}
        return Grid(**(made | {"replicates": ["seed"], "evaluation": EVALUATION} | changes))


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path / "results")


@pytest.fixture
def evaluating(tmp_path):
    """A `Maker` whose cells have figures over seeds."""
    return Maker(tmp_path / "results", evaluates=True)


@pytest.fixture
def made_in():
    """Makes a `Maker`: `made_in(folder)`."""
    return Maker
