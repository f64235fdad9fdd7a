"""Pairs of systems and the tests over actors, against scipy and by hand."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, permutation_test, t

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import count
from emofusion.evaluation.flips import sign_flips
from emofusion.evaluation.paired import against, mcnemar, pairs
from emofusion.evaluation.permutation import holm, relabellings, sign_flip, two_sided
from emofusion.evaluation.systems import side_by_side
from emofusion.predictions.table import labels


def compared(systems, kinds=None, configured=None, permutations=1000):
    """`pairs`, or `against` where a configured system is named."""
    scored = side_by_side(systems)
    arguments = (scored, count(scored), Resampling.of(scored.actors["gender"], 60, 3, 0.9), permutations, 0)
    return pairs(*arguments, kinds) if configured is None else against(*arguments, configured, kinds or {})


def test_pairs_are_those_of_a_plain_loop(systems):
    table, scored = compared(systems), side_by_side(systems)
    assert list(zip(table["first"], table["second"], strict=True)) == list(combinations(systems, 2))
    assert (table["compared"] == 3).all() and (table["clips"] == 400).all() and (table["actors"] == 9).all()
    for row in table.itertuples():
        first, second = (
            (labels(systems[name]) == systems[name]["emotion"]).astype(int).to_numpy()
            for name in (row.first, row.second)
        )
        only = ((first > second).sum(), (second > first).sum())
        assert (row.only_first, row.only_second) == only
        assert row.difference == pytest.approx(first.mean() - second.mean())
        assert row.mcnemar_p == pytest.approx(binomtest(only[0], sum(only)).pvalue)
        by_actor = pd.Series(first - second).groupby(systems[row.first]["actor"].to_numpy()).sum().to_numpy()
        signs = np.array(list(product((-1, 1), repeat=9)))
        assert row.sign_flip_p == pytest.approx((abs(signs @ by_actor) >= abs(by_actor.sum())).mean())
        # Student's interval of a ratio of sums over actors, women and men as strata; each actor left out once
        clips = pd.Series(1, range(400)).groupby(systems[row.first]["actor"].to_numpy()).sum().to_numpy()
        women = (scored.actors["gender"] == "female").to_numpy()
        away = 8 / 9 * (by_actor.sum() - by_actor) / (400 - clips)
        variance = sum(part.sum() * away[part].var(ddof=1) for part in (women, ~women))
        half = t.ppf(0.95, 7 * 400**2 / (9 * (clips**2).sum())) * np.sqrt(variance)
        assert [row.low, row.high] == pytest.approx([row.difference - half, row.difference + half])
    np.testing.assert_array_equal(table["mcnemar_p_holm"], holm(table["mcnemar_p"].to_numpy()))
    correct = count(scored).correct.sum(axis=-1).astype(float)
    differences = np.stack([correct[a] - correct[b] for a, b in combinations(range(3), 2)])
    np.testing.assert_allclose(table["sign_flip_p_max_t"], sign_flips(differences, 1000, 0)[1])


def test_an_oracle_is_in_no_family(systems):
    table = compared(systems, {"linear": "rule", "speech": "oracle", "face": "modality"}).set_index(["first", "second"])
    tested = ["mcnemar_p", "mcnemar_p_holm", "sign_flip_p", "sign_flip_p_max_t"]
    assert table[tested].notna().all(axis=1).tolist() == [False, True, False]
    alone = table.loc[("linear", "face")]
    assert alone["sign_flip_p_max_t"] == alone["sign_flip_p"] and alone["compared"] == 1
    assert table["difference"].notna().all() and table["low"].notna().all()


def test_other_rules_modalities_and_references_are_families_of_their_own(systems, made, clips):
    """A family of one has the p value of the test alone; two rules share a family, and the oracle is in none."""
    more = {"again": made(clips, 1.9, 8), "people": made(clips, 2.5, 9), "best": made(clips, 2.2, 10)}
    kinds = {"linear": "rule", "speech": "modality", "face": "baseline", "again": "rule"}
    kinds |= {"people": "reference", "best": "oracle"}
    table = compared(systems | more, kinds, "linear").set_index("system")
    assert "linear" not in table.index and (table["configured"] == "linear").all()
    assert table["compared"].to_dict() == {"speech": 1, "face": 2, "again": 2, "people": 1, "best": 0}
    assert table.loc["best", ["sign_flip_p", "sign_flip_p_max_t"]].isna().all()
    alone = table.loc[["speech", "people"]]
    assert alone["sign_flip_p"].tolist() == alone["sign_flip_p_max_t"].tolist()
    every = compared(systems | more, kinds).set_index(["first", "second"])
    for name, row in table.iterrows():
        assert row["difference"] == pytest.approx(-every.loc[("linear", name), "difference"])
        assert [row["low"], row["high"]] == pytest.approx(
            [-every.loc[("linear", name), end] for end in ("high", "low")]
        )
    fewer = compared({name: (systems | more)[name] for name in ("linear", "face", "again")}, kinds, "linear")
    columns = ["difference", "low", "high", "sign_flip_p", "sign_flip_p_max_t", "compared"]
    same = fewer.set_index("system").loc[["face", "again"], columns]
    pd.testing.assert_frame_equal(same, table.loc[["face", "again"], columns])


@pytest.mark.parametrize("first, second", [(0, 0), (5, 5), (0, 6), (1, 9), (30, 12), (7, 8), (400, 460)])
def test_mcnemar_is_the_binomial_test(first, second):
    expected = binomtest(first, first + second).pvalue if first + second else 1
    assert mcnemar(np.array([first]), np.array([second]))[0] == pytest.approx(expected, rel=1e-9)


def test_mcnemar_by_hand():
    """One of six: 2 (1 + 6) / 2^6."""
    assert mcnemar(np.array([1, 5]), np.array([5, 1])).tolist() == [pytest.approx(14 / 64)] * 2


@pytest.mark.parametrize(
    "differences",
    [
        [3, 1, 4, 1, 5, 9, 2, 6],
        [1, -1, 2, -2, 0, 0, 5],
        [-4, -4, -4],
        [0, 0, 0, 0],
        [7, 0],
        [2, -1, 0, 3, -8, 1, 1, -2, 3],
    ],
)
def test_sign_flip_is_scipys_exact_permutation_test(differences):
    reference = permutation_test(
        (np.array(differences),),
        lambda values, axis: np.abs(values.sum(axis=axis)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=np.inf,
    )
    assert sign_flip(np.array([differences]))[0] == pytest.approx(reference.pvalue)


def test_sign_flip_of_many_actors_agrees_with_drawn_signs():
    random = np.random.default_rng(0)
    differences = random.integers(-3, 5, 40)
    signs = random.choice([-1, 1], (200_000, 40))
    share = (abs(signs @ differences) >= abs(differences.sum())).mean()
    assert 0.0005 < share < 0.9
    error = np.sqrt(share * (1 - share) / 200_000)
    assert sign_flip(differences[None])[0] == pytest.approx(share, abs=5 * error)


def test_sign_flip_of_one_sided_differences_by_hand():
    """All of ten actors one way: only that choice of signs and its opposite are as extreme."""
    assert sign_flip(np.ones((1, 10)))[0] == pytest.approx(2 / 2**10)


def test_holm_by_hand():
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(np.array([0.5, np.nan, 0.02, 0.9])), [1, np.nan, 0.06, 1])
    np.testing.assert_allclose(holm(np.array([[0.02, 0.03], [0.04, np.nan]])), [[0.04, 0.04], [0.04, np.nan]])
    assert holm(np.array([])).shape == (0,) and np.isnan(holm(np.array([np.nan]))).all()


def test_relabellings_are_all_or_drawn():
    ways, exact = relabellings(6, 2, 15, seed=0)
    assert exact and {tuple(np.flatnonzero(way)) for way in ways} == set(combinations(range(6), 2))
    ways, exact = relabellings(6, 2, 14, seed=0)
    assert not exact and ways.shape == (14, 6) and (ways.sum(axis=1) == 2).all()
    ways, _ = relabellings(20, 8, 20_000, seed=0)
    np.testing.assert_allclose(ways.mean(axis=0), 0.4, atol=0.02)


def test_two_sided_share():
    permuted = np.array([-3.0, -1.0, 0.5, 2.0])[:, None]
    seen = np.array([-2.0])
    assert two_sided(seen, permuted, exact=True) == 0.5
    assert two_sided(seen, permuted, exact=False) == 3 / 5
    assert two_sided(np.array([0.1 + 0.2]), np.array([[0.3], [0.0]]), exact=True) == 0.5  # equal but for rounding
    assert np.isnan(two_sided(np.array([np.nan]), permuted, exact=True))
