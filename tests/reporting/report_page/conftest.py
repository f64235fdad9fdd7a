"""A made-up experiment as the tables that the page is made from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.plan.settings import ReportSettings
from emofusion.predictions.pools import pool, simplex
from emofusion.reporting.provenance import Provenance

GENDERS = ("all", "female", "male")
PUBLISHED = {
    "source": "A paper, Tables 1 and 2",
    "table1": {"neutral": {"speech": 61.11, "face": 22.22, "fusion": 58.33}, "happy": {"fusion": 100.0}},
    "table2": {
        "male": {"neutral": {"speech": 65.0, "fusion": 60.0}},
        "female": {"neutral": {"speech": 56.25, "fusion": 56.25}},
    },
}
PROVENANCE = Provenance("report-made_up-0a1b2c3d", "0123abc <with changes>", True, {"numpy": "2.3.4"})
KINDS = {"linear": "rule", "product": "rule", "majority": "baseline", "oracle": "oracle"}
METRICS = ("unweighted_average_recall", "macro_f1", "log_loss", "brier", "calibration_error")


class Experiment:
    """Posteriors of some modalities on the same clips, and every table of them: the contract of `page`."""

    def __init__(self, posteriors: dict[str, np.ndarray], clips: pd.DataFrame, steps: int, draws: int = 60):
        self.names, self.members, self.clips = list(posteriors), np.stack(list(posteriors.values())), clips
        self.grid = simplex(len(posteriors), steps)
        self.actors = sorted(clips["actor"].unique())
        self.truth = pd.Index(EMOTIONS).get_indexer(clips["emotion"])
        draw = np.random.default_rng(0).integers(len(self.actors), size=(draws, len(self.actors)))
        self.weights = np.stack([np.bincount(row, minlength=len(self.actors)) for row in draw])

    def rate(self, right: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The accuracy of the masked clips in each draw of actors: (draws, settings)."""
        by_actor = np.stack([(self.clips["actor"] == actor).to_numpy() & mask for actor in self.actors])
        with np.errstate(invalid="ignore"):
            drawn = (self.weights @ (by_actor.astype(int) @ right.T)) / (self.weights @ by_actor.sum(axis=1))[:, None]
        return np.nan_to_num(drawn)

    def measured(self, predicted: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Of predicted classes (settings, clips): by subset, gaps and confusion, each with the setting's number."""
        right, subsets, gaps, confusion = predicted == self.truth, [], [], []
        for emotion in ("all", *EMOTIONS):
            shown = (self.clips["emotion"] == emotion).to_numpy() | (emotion == "all")
            drawn, exact = {}, {}
            for gender in GENDERS:
                mask = shown & ((self.clips["gender"] == gender).to_numpy() | (gender == "all"))
                drawn[gender], correct = self.rate(right, mask), right[:, mask].sum(axis=1)
                exact[gender] = correct / mask.sum()
                low, high = np.quantile(drawn[gender], [0.025, 0.975], axis=0)
                counts = {"clips": mask.sum(), "actors": self.clips.loc[mask, "actor"].nunique()}
                part = {"at": range(len(right)), "gender": gender, "emotion": emotion, "correct": correct, **counts}
                subsets.append(pd.DataFrame({**part, "accuracy": exact[gender], "low": low, "high": high}))
            low, high = np.quantile(drawn["male"] - drawn["female"], [0.025, 0.975], axis=0)
            gap = exact["male"] - exact["female"]
            part = {"at": range(len(right)), "emotion": emotion, "gap": gap, "low": low, "high": high}
            gaps.append(pd.DataFrame(part))
            for number, name in enumerate(EMOTIONS):
                if emotion != "all":
                    counted = (predicted[:, shown] == number).sum(axis=1)
                    part = {"at": range(len(right)), "emotion": emotion, "predicted": name, "clips": counted}
                    confusion.append(pd.DataFrame(part))
        return tuple(pd.concat(parts, ignore_index=True) for parts in (subsets, gaps, confusion))

    def tables(self, configured: dict[str, float]) -> dict[str, pd.DataFrame]:
        """Every table of the contract."""
        several = len(self.names) > 1
        swept = ["linear", "product"] if several else []
        setting = np.array([configured[name] for name in self.names])
        predicted = {rule: pool(rule, self.members, self.grid).argmax(axis=-1) for rule in swept}
        own = {name: self.members[[m]].argmax(axis=-1) for m, name in enumerate(self.names)}
        own |= {rule: pool(rule, self.members, setting[None]).argmax(axis=-1) for rule in swept}
        if several:
            own["majority"] = pool("linear", self.members, np.full((1, len(self.names)), 1 / len(self.names))).argmax(
                -1
            )
        measured = {rule: self.measured(found) for rule, found in own.items()}
        rows = [part.assign(rule=rule) for rule, (part, _, _) in measured.items()]
        subsets = pd.concat(rows, ignore_index=True).drop(columns="at")
        tables = {"subsets": subsets, "rules": self.rules(measured), "gender": self.gender(measured)}
        tables["confusion"] = pd.concat(
            [part.assign(rule=rule, gender="all") for rule, (_, _, part) in measured.items()], ignore_index=True
        ).drop(columns="at")
        tables["fairness"] = pd.DataFrame(
            {"rule": list(own), "emotion": "all", "metric": "equalised odds difference", "value": 0.125}
        )
        if several:
            tables |= self.swept(predicted, setting) | self.compared()
        return tables

    def rules(self, measured: dict) -> pd.DataFrame:
        rows = []
        for rule, (subsets, gaps, _) in measured.items():
            one = subsets.query("gender == 'all' and emotion == 'all'").iloc[0]
            gap = gaps.query("emotion == 'all'").iloc[0]
            row = {"rule": rule, "label": f"{rule.capitalize()} as configured", "kind": KINDS.get(rule, "modality")}
            row |= {"fitted_on": "nothing", "clips": one["clips"], "actors": one["actors"]}
            row |= {"accuracy": one["accuracy"], "accuracy_low": one["low"], "accuracy_high": one["high"]}
            for number, name in enumerate(METRICS):
                row |= {name: one["accuracy"] * 0.9 ** (number + 1), f"{name}_low": np.nan, f"{name}_high": np.nan}
            row |= {"gender_gap": gap["gap"], "gender_gap_low": gap["low"], "gender_gap_high": gap["high"]}
            rows.append({**row, "gender_gap_p": 0.25})
        return pd.DataFrame(rows)

    def gender(self, measured: dict) -> pd.DataFrame:
        rows = []
        for rule, (subsets, gaps, _) in measured.items():
            for gap in gaps.to_dict("records"):
                row = {"rule": rule, **{name: gap[name] for name in ("emotion", "gap", "low", "high")}}
                for gender in ("male", "female"):
                    one = subsets[(subsets["gender"] == gender) & (subsets["emotion"] == gap["emotion"])].iloc[0]
                    row |= {gender: one["accuracy"], f"{gender}_clips": one["clips"], f"{gender}_actors": one["actors"]}
                rows.append({**row, "p": 0.03125, "p_holm": 0.28125, "minimum_detectable_gap": 0.2})
        return pd.DataFrame(rows)

    def swept(self, predicted: dict[str, np.ndarray], setting: np.ndarray) -> dict[str, pd.DataFrame]:
        weights = [f"weight_{name}" for name in self.names]
        found: dict[str, list] = {"sweep": [], "sweep_gaps": [], "sweep_confusion": []}
        for rule, classes in predicted.items():
            subsets, *rest = self.measured(classes)
            checked = subsets.query("gender == 'all' and emotion == 'all'").assign(split="validation")
            checked = checked.assign(accuracy=checked["accuracy"] * 0.9, low=np.nan, high=np.nan)
            for name, part in zip(found, [pd.concat([subsets.assign(split="test"), checked]), *rest], strict=True):
                part[weights] = self.grid[part["at"]]
                found[name].append(part.assign(rule=rule).drop(columns="at"))
        tables = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}
        overall = tables["sweep"].query("split == 'test' and gender == 'all' and emotion == 'all'")
        best = overall.loc[overall["accuracy"].idxmax()]
        known = overall[np.isclose(overall[weights], setting).all(axis=1)].iloc[0]
        rows = {"configured": known, "tuned": overall.iloc[len(overall) // 2], "oracle": best, "paper": known}
        tables["annotations"] = pd.DataFrame(
            [{"annotation": m, "rule": r["rule"], **r[weights], "accuracy": r["accuracy"], "note": f"{m}, a note"}
             for m, r in rows.items()]
        )  # fmt: skip
        return tables

    def compared(self) -> dict[str, pd.DataFrame]:
        pair = {"first": "linear", "second": self.names[0], "difference": 0.05, "low": 0.01, "high": 0.09}
        tests = ("mcnemar_p", "sign_flip_p", "mcnemar_p_holm", "sign_flip_p_max_t")
        pair |= {"only_first": 12, "only_second": 4, **dict.fromkeys(tests, 0.00001), "compared": 160}
        gap = {"rule": "linear", "against": self.names[0], "emotion": "all", "gap_before": -0.05, "gap_after": 0.02}
        gap |= {"change": -0.03, "low": -0.08, "high": 0.02, "p": 0.2, "p_max_t": 0.4, "verdict": "not told apart"}
        second = pair | {"first": "product", "difference": -0.02}
        return {"pairs": pd.DataFrame([pair, second]), "narrowed": pd.DataFrame([gap])}


def experiment(names: list[str], steps: int) -> Experiment:
    """160 made-up clips of eight actors, half of them men."""
    random = np.random.default_rng(1)
    number = np.arange(160)
    emotion, actor = np.resize(EMOTIONS, 160), number // 8 % 8
    gender = np.where(actor % 2 == 0, "male", "female")
    clips = pd.DataFrame({"actor": [f"a{a}" for a in actor], "gender": gender, "emotion": emotion})
    posteriors = {}
    for skill, name in enumerate(names):
        logits = random.normal((1.4 - 0.4 * skill) * (emotion[:, None] == np.array(EMOTIONS)), 1)
        posteriors[name] = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Experiment(posteriors, clips, steps)


@pytest.fixture(scope="session")
def two() -> dict[str, pd.DataFrame]:
    """The tables of speech and face."""
    return experiment(["speech", "face"], 20).tables({"speech": 0.7, "face": 0.3})


@pytest.fixture(scope="session")
def three() -> dict[str, pd.DataFrame]:
    """The tables of three modalities."""
    return experiment(["speech", "face", "text"], 10).tables({"speech": 0.5, "face": 0.3, "text": 0.2})


@pytest.fixture(scope="session")
def one() -> dict[str, pd.DataFrame]:
    """The tables of speech alone."""
    return experiment(["speech"], 1).tables({"speech": 1.0})


@pytest.fixture
def settings(settings) -> ReportSettings:
    """The settings of other reports, with more published values."""
    return replace(settings, published=PUBLISHED)


@pytest.fixture(scope="session")
def made():
    """`experiment`, for tests that want one of their own."""
    return experiment


@pytest.fixture
def provenance() -> Provenance:
    return PROVENANCE
