"""Weight curves: which are equal, and how many points they keep."""

import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.predictions.pools import pool
from emofusion.reporting.grid.curves import MOST_POINTS, weight_curves


def test_cells_with_the_same_models_and_pool_share_a_curve(maker):
    grid = maker.grid(weights=(0.25, 0.75), seeds=("0",))
    curves, chosen = weight_curves(grid.cells)
    by_cell = {tuple(list(cell.factors.values())[:4]): number for cell, number in zip(grid.cells, chosen, strict=True)}
    assert len(curves) == 4 and sorted(by_cell.values()) == [0, 0, 1, 1, 2, 2, 3, 3]
    for (speech, face, rule, _), number in by_cell.items():
        assert curves[number].pool == rule and by_cell[speech, face, rule, "0.25"] == number
    members = np.stack([maker.posteriors([0, 5], 0.4), maker.posteriors(7, 0.7)])
    weights = np.column_stack([np.arange(21) / 20, 1 - np.arange(21) / 20])
    right = pool("linear", members, weights).argmax(axis=-1) == maker.truth
    assert curves[0].weights == pytest.approx(weights) and curves[0].correct.tolist() == right.sum(axis=1).tolist()
    assert curves[0].clips == 96 and curves[0].modalities == ("speech", "face")


def test_three_modalities_keep_a_coarser_grid(made_in, tmp_path):
    maker = made_in(tmp_path, steps=100)
    members = {name: maker.posteriors(seed, 1) for seed, name in enumerate(("speech", "face", "text"))}
    weights = {"speech": 0.5, "face": 0.3, "text": 0.2}
    ((curve,), chosen) = weight_curves([maker.cell(members, "linear", weights, {"seed": "0"})])
    assert chosen == [0] and len(curve.weights) == 351 <= MOST_POINTS
    assert np.allclose(curve.weights * 25, np.round(curve.weights * 25))


def test_one_modality_and_another_rule_have_none(maker):
    alone = maker.cell({"speech": maker.posteriors(0, 1)}, "linear", {"speech": 1.0}, {"seed": "0"})
    grid = maker.grid(seeds=("5",), rules=("linear",))
    other = [grid.cells[0].__class__(**{**vars(grid.cells[0]), "pool": "none"})]
    assert weight_curves([alone]) == ([], [None]) and weight_curves(other) == ([], [None])


def test_a_damaged_sweep_is_named(maker):
    (cell, *_) = maker.grid().cells
    pd.DataFrame({"rule": ["linear"]}).to_parquet(cell.sweep)
    with pytest.raises(EmofusionError, match=r"cannot read the sweep .*sweep\.parquet"):
        weight_curves([cell])
