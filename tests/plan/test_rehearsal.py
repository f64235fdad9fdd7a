"""Tables of posteriors are read before anything runs: a clip that one of two tables lacks is told with its pattern."""

import re

import numpy as np
import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.plan.make import checked_plan

FOLDS = "protocol.folds=[[1,2],[3,4]]"


def table(prefix: str = "p_") -> pd.DataFrame:
    """A table of 64 clips of RAVDESS, of four actors and all emotions (neutral is never strong)."""
    names = [
        (actor, f"03-01-{code:02d}-01-{statement:02d}-01-{actor:02d}")
        for actor in range(1, 5)
        for code in range(1, 9)
        for statement in (1, 2)
    ]
    shares = np.random.default_rng(0).dirichlet(np.ones(8), len(names))
    facts = pd.DataFrame({"clip": [name for _, name in names], "fold": [(actor - 1) // 2 for actor, _ in names]})
    return facts.join(pd.DataFrame(shares, columns=[prefix + emotion for emotion in EMOTIONS]))


@pytest.fixture
def plan(repository, tmp_path, monkeypatch):
    """Plans the experiment `posteriors` with the tables of speech and face, as a command does."""
    monkeypatch.chdir(tmp_path)

    def make(speech: pd.DataFrame, face: pd.DataFrame, *more: str):
        speech.to_csv("speech.csv", index=False)
        face.to_csv("face.csv", index=False)
        about = [f"{name}.posteriors.{key}" for name in ("speech", "face") for key in ("table", "scale")]
        values = ["speech.csv", "probabilities", "face.csv", "probabilities"]
        overrides = [
            FOLDS,
            "protocol.validation=0",
            *(f"{key}={value}" for key, value in zip(about, values, strict=True)),
            *more,
        ]
        return checked_plan(repository / "conf", "posteriors", overrides, tmp_path / "results")

    return make


def test_tables_with_the_same_clips_are_planned(plan):
    assert plan(table(), table().sample(frac=1, random_state=0)).cells


def test_a_clip_that_one_of_two_tables_lacks_is_told_with_the_pattern_that_leaves_it_out(plan, tmp_path):
    lacking = table().drop(index=[3, 40])
    message = r"face\.csv \(face\) lacks 2 of 64 test clips that speech\.csv \(speech\) has, as 03-01-02-01-02-01-01"
    with pytest.raises(EmofusionError, match=message) as error:
        plan(table(), lacking, "fusion.missing=fail")
    assert not (tmp_path / "results").exists()
    advice = re.search(r"corpora\.ravdess\.exclude=\[.*?\]", str(error.value))[0]
    assert plan(table(), lacking, advice, "fusion.missing=fail").cells


def test_where_the_fusion_may_rest_on_the_others_it_is_told_and_goes_on(plan, capfd):
    assert plan(table(), table().drop(index=[3, 40])).cells
    told = capfd.readouterr().err
    assert "note: face.csv (face) lacks 2 of 64 test clips that speech.csv (speech) has" in told
    assert "corpora.ravdess.exclude=['03-01-02-01-02-01-01'" in told and "rests on the other modalities" in told


def test_advice_keeps_what_is_left_out_already(plan):
    first = "corpora.ravdess.exclude=['03-01-08-*']"
    with pytest.raises(EmofusionError, match=r"exclude=\['03-01-08-\*','03-01-02-01-02-01-01'\]"):
        plan(table(), table().drop(index=3), first, "fusion.missing=fail")


def test_clips_that_are_not_tested_may_be_lacking(plan):
    of_calm = table()["clip"].str.startswith("03-01-02")
    assert plan(table(), table()[~of_calm], "emotions=seven", "speech.posteriors.other_columns=drop", *DROP_FACE).cells


DROP_FACE = ["face.posteriors.other_columns=drop"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda face: face.rename(columns=lambda name: name.replace("p_", "x_")), r"face\.posteriors\.prefix=x_"),
        (
            lambda face: face.assign(**{f"p_{e}": 100 * face[f"p_{e}"] for e in EMOTIONS}),
            r"face\.posteriors\.scale=p",
        ),
        (lambda face: face.assign(fold=0), "has no row of the folds 1 of the protocol"),
        (lambda face: face.assign(p_contempt=0.0), r"p_contempt: .*face\.posteriors\.other_columns=drop"),
    ],
)
def test_a_table_that_does_not_fit_is_told_before_anything_runs(plan, tmp_path, change, message):
    with pytest.raises(EmofusionError, match=message):
        plan(table(), change(table()))
    assert not (tmp_path / "results").exists()
