"""Effects and interactions against means of hand-made counts, in whole and partial grids."""

import numpy as np
import pytest

from emofusion.errors import EmofusionError
from emofusion.evaluation.grid.settings import group_settings, levels_of, varying
from emofusion.evaluation.grid.summarise import summarise
from emofusion.settings.experiment import Evaluation

EVALUATION = Evaluation(samples=200, permutations=300)


def grid(made, shares, missing=()):
    """Cells of two factors; share[a, b] of each actor's clips of each emotion are recognised, by the quarter."""
    cells, rights = {}, {}
    for (a, b), quarters in shares.items():
        if (a, b) not in missing:
            name = f"a={a},b={b}"
            cells[name] = {"a": a, "b": b, "constant": "1"}
            rights[name] = np.arange(len(made.clips)) % 4 < quarters
    return cells, made.cells(rights)


SHARES = {("x", "1"): 1, ("x", "2"): 2, ("y", "1"): 2, ("y", "2"): 4, ("z", "1"): 1, ("z", "2"): 1}


def test_effects_of_a_whole_grid_are_differences_of_means(made):
    found = summarise(*grid(made, SHARES), "a=x,b=1", ["seed"], EVALUATION)
    effects = found.effects[found.effects["measure"] == "accuracy"].set_index(["factor", "level"])
    assert effects.loc[("a", "y"), ["reference", "pairs", "clips", "actors"]].tolist() == ["x", 2, 96, 8]
    assert effects["difference"].to_dict() == pytest.approx({("a", "y"): 3 / 8, ("a", "z"): -1 / 8, ("b", "2"): 1 / 4})
    interaction = found.interactions[found.interactions["measure"] == "unweighted_average_recall"]
    assert interaction[["level", "other_level", "quadruples"]].to_numpy().tolist() == [["y", "2", 1], ["z", "2", 1]]
    assert interaction["difference"].tolist() == pytest.approx([(4 - 2 - 2 + 1) / 4, (1 - 1 - 2 + 1) / 4])
    means = found.pair_means.query("measure == 'accuracy'").set_index(["level", "other_level"])["mean"]
    assert means.to_dict() == pytest.approx({both: share / 4 for both, share in SHARES.items()})


def test_a_partial_grid_uses_the_pairs_that_it_has(made):
    """Without y,2 the plain means of y would be those of 1 alone; the pair x,1 and y,1 is a fair comparison."""
    found = summarise(*grid(made, SHARES, missing=[("y", "2")]), "a=x,b=1", ["seed"], EVALUATION)
    effects = found.effects[found.effects["measure"] == "accuracy"].set_index(["factor", "level"])
    assert effects["pairs"].to_dict() == {("a", "y"): 1, ("a", "z"): 2, ("b", "2"): 2}
    assert effects["difference"].to_dict() == pytest.approx({("a", "y"): 1 / 4, ("a", "z"): -1 / 8, ("b", "2"): 1 / 8})
    assert set(found.interactions["level"]) == {"z"}


def test_a_level_without_a_pair_has_no_row(made):
    cells, files = grid(made, SHARES, missing=[("x", "2"), ("y", "1"), ("z", "1"), ("z", "2")])
    found = summarise(cells, files, "a=x,b=1", ["seed"], EVALUATION)
    assert found.effects.empty and found.interactions.empty
    assert found.tests["difference"].tolist() == pytest.approx([3 / 4, 3 / 4])


def test_settings_are_cells_without_replicates():
    cells = {f"{a}{s}": {"a": a, "seed": s, "same": "1"} for a in ("10", "9") for s in ("0", "1")}
    settings = group_settings(cells, ["seed"])
    assert [one.levels for one in settings] == [{"a": "10"}, {"a": "9"}]
    assert settings[1].cells == {("0",): "90", ("1",): "91"} and settings[0].shared(settings) == [("0",), ("1",)]
    assert varying(cells) == ["a", "seed"] and levels_of(cells, "a") == ["9", "10"]
    assert levels_of({"1": {"a": "x"}, "2": {"a": "b"}}, "a") == ["x", "b"]


def test_equal_cells_and_missing_levels_are_refused():
    with pytest.raises(EmofusionError, match="the cells one and two have the same settings"):
        group_settings({"one": {"a": "1"}, "two": {"a": "1"}}, [])
    with pytest.raises(EmofusionError, match="the cell one has no level of b"):
        group_settings({"one": {"a": "1"}, "two": {"b": "1"}}, [])
