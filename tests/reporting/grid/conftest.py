"""A made-up grid: posteriors of two modalities for several models and seeds, fused with several rules and weights."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

from emofusion.predictions.pools import pool, simplex
from emofusion.predictions.table import scored
from emofusion.reporting.grid.cells import Grid, GridCell
from emofusion.settings.experiment import Evaluation

EMOTIONS = ["happy", "sad", "angry"]
EVALUATION = Evaluation(samples=200, permutations=500)
SPEECH, FACE = {"cnn1d": 0.4, "lstm": 1.2}, {"vgg16": 0.7}
RULES, SEEDS, WEIGHTS = ("linear", "product"), ("0", "1"), (0.5,)
BASIS = {
    "protocol": "speaker_independent",
    "leaks_speakers": False,
    "normalised_by_speaker": "no modality",
    "enrolment_clips": "none",
    "configured_rule_is_transductive": False,
    "data": "recordings",
}


class Maker:
    """Writes the files of a grid's cells into a folder."""

    def __init__(self, folder, steps=20):
        self.folder, self.steps = folder, steps
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
        (folder / "summary.json").write_text(json.dumps({"warnings": list(warnings)}))
        self.sweep(members, folder.parent / "sweep.parquet")
        made = {
            "name": name,
            "report": f"demo-{name}",
            "factors": factors,
            "folder": folder,
            "rule": rule,
            "pool": rule,
            "weights": weights,
        }
        files = {"fused": folder.parent / "fused.parquet", "sweep": folder.parent / "sweep.parquet"}
        return GridCell(**(made | files | changes))

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
def made_in():
    """Makes a `Maker`: `made_in(folder)`."""
    return Maker
