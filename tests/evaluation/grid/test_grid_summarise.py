"""The statistics of a grid: means over seeds, one seed, other clips, seeds that are missing."""

import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.evaluation.evaluate import evaluate
from emofusion.evaluation.grid.summarise import summarise
from emofusion.plan.settings import EvaluationSettings
from emofusion.settings.experiment import Evaluation
from emofusion.settings.registry import kinds

EVALUATION = Evaluation(samples=300, permutations=300)


def rights(made, cells, base=0.5):
    random = np.random.default_rng(0)
    return {cell: random.random(len(made.clips)) < base + 0.1 * number for number, cell in enumerate(cells)}


def seeded(*settings, seeds="012"):
    return {f"{s},{a}": {"seed": s, "a": a} for a in settings for s in seeds}


def test_a_mean_over_seeds_is_the_mean_of_its_cells(made):
    cells = seeded("x", "y")
    right = rights(made, cells, base=0.3)
    found = summarise(cells, made.cells(right), "0,x", ["seed"], EVALUATION)
    accuracies = [right[cell].mean() for cell in cells]
    assert found.cells["accuracy"].tolist() == pytest.approx(accuracies) and found.cells["cell"].tolist() == list(cells)
    assert found.cells["setting"].tolist() == [0, 0, 0, 1, 1, 1]
    assert found.means["accuracy"].tolist() == pytest.approx([np.mean(accuracies[:3]), np.mean(accuracies[3:])])
    assert found.means[["seeds", "clips", "actors"]].to_numpy().tolist() == [[3, 96, 8]] * 2
    assert set(found.means["interval_over"]) == {"seeds and actors"} and len(found.variance) == 4
    test = found.tests.iloc[0]
    assert (test["measure"], test["setting"], test["seeds"]) == ("accuracy", 1, 3)
    assert test["difference"] == pytest.approx(np.mean(accuracies[3:]) - np.mean(accuracies[:3]))
    assert test["seeds_low"] < test["difference"] < test["seeds_high"]


def test_one_seed_has_the_interval_of_its_own_report(made):
    right = rights(made, ["one", "two"])
    found = summarise({"one": {"a": "1"}, "two": {"a": "2"}}, made.cells(right), "one", ["seed"], EVALUATION)
    metric = kinds("metrics")["unweighted_average_recall"]()
    report = evaluate({cell: made.table(right[cell]) for cell in right}, [], EvaluationSettings(EVALUATION, [metric]))
    whole = report["subsets"].query("gender == 'all' and emotion == 'all'").reset_index(drop=True)
    pd.testing.assert_frame_equal(
        found.means.rename(columns={"accuracy_low": "low", "accuracy_high": "high"})[["accuracy", "low", "high"]],
        whole[["accuracy", "low", "high"]],
    )
    columns = ["unweighted_average_recall" + end for end in ("", "_low", "_high")]
    pd.testing.assert_frame_equal(found.means[columns], whole[columns])
    assert set(found.means["interval_over"]) == {"actors"} and found.variance.empty
    assert found.tests[["seeds_low", "seeds_high"]].isna().all(axis=None)


def test_seeds_that_one_side_lacks_do_not_count(made):
    cells = seeded("x") | seeded("y", seeds="12")
    right = rights(made, cells, base=0.2)
    found = summarise(cells, made.cells(right), "0,x", ["seed"], EVALUATION)
    expected = np.mean([right[f"{s},y"].mean() - right[f"{s},x"].mean() for s in "12"])
    assert found.tests["difference"][0] == pytest.approx(expected) and found.tests["seeds"][0] == 2


def test_settings_without_a_common_seed_are_compared_by_their_own(made):
    cells = seeded("x", seeds="01") | seeded("y", seeds="23")
    right = rights(made, cells, base=0.2)
    found = summarise(cells, made.cells(right), "0,x", ["seed"], EVALUATION)
    means = found.means["accuracy"]
    assert found.tests["difference"][0] == pytest.approx(means[1] - means[0]) and found.tests["seeds"][0] == 0


def test_settings_on_other_clips_are_not_compared_and_named(made):
    cells = seeded("x", "y", "z", seeds="01")
    files = made.cells(rights(made, cells, base=0.2))
    for cell in ("1,y", "0,z", "1,z"):
        pd.read_parquet(files[cell])[6:].to_parquet(files[cell], index=False)
    found = summarise(cells, files, "0,x", ["seed"], EVALUATION)
    assert found.not_compared == [1, 2] and found.tests.empty and found.effects.empty
    assert found.means["interval_over"].tolist() == [
        "seeds and actors", "none: its seeds were tested on different clips", "seeds and actors",
    ]  # fmt: skip
    assert found.means["clips"].tolist() == [96, pd.NA, 90] and found.means["accuracy"].notna().all()
    with pytest.raises(EmofusionError, match="the baseline's cells 0,y and 1,y were tested on different clips"):
        summarise(cells, files, "0,y", ["seed"], EVALUATION)
    with pytest.raises(EmofusionError, match="the baseline nobody is no cell of the grid"):
        summarise(cells, files, "nobody", ["seed"], EVALUATION)


def test_only_seeds_vary(made):
    cells = {s: {"seed": s} for s in "0123"}
    found = summarise(cells, made.cells(rights(made, cells, base=0.2)), "0", ["seed"], EVALUATION)
    assert len(found.means) == 1 and found.tests.empty and found.effects.empty and found.pair_means.empty
    assert found.means["seeds"][0] == 4


def test_too_few_actors_have_no_interval(made):
    cells = seeded("x", "y", seeds="01")
    files = made.cells(rights(made, cells))
    for path in files.values():
        table = pd.read_parquet(path)
        table[table["actor"].isin(["a0", "a1", "a2", "a3"])].to_parquet(path, index=False)
    found = summarise(cells, files, "0,x", ["seed"], EVALUATION)
    assert set(found.means["interval_over"]) == {"none: too few actors"} and found.means["accuracy_low"].isna().all()
    assert found.tests["p"].notna().all() and found.tests[["low", "seeds_low"]].isna().all(axis=None)
