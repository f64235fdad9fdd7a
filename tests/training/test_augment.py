"""Augmentation of batches, against its definition on single rows."""

import numpy as np
import pytest
import torch

from emofusion.errors import EmofusionError
from emofusion.settings.training import Augment
from emofusion.training.augment import augment, changes_batches, mix


def varied(features, seed=0, **settings):
    torch.manual_seed(seed)
    return augment(features, Augment(**settings))


def test_nothing_is_changed_by_default():
    features = torch.randn(4, 5, 6)
    assert not changes_batches(Augment()) and varied(features) is features
    names = ("noise", "gain", "shift", "time_masks", "frequency_masks", "mixup")
    assert all(changes_batches(Augment(**{name: 1})) for name in names)


def test_the_same_seed_draws_the_same():
    features = torch.randn(4, 5, 60)
    settings = {"noise": 0.1, "gain": 0.2, "shift": 3, "time_masks": 2, "frequency_masks": 1, "frequency_width": 2}
    first, again, other = (varied(features, seed, spectrum=4, **settings) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_shift_turns_each_row_by_a_number_of_its_own():
    features = torch.arange(20.0).repeat(400, 3, 1)
    changed = varied(features, shift=2)
    turned = {by: torch.roll(features[0], by, dims=-1) for by in range(-2, 3)}
    counts = [sum(torch.equal(row, other) for row in changed) for other in turned.values()]
    assert sum(counts) == 400 and min(counts) > 50


def test_gain_moves_the_spectrum_of_a_row_as_one():
    features = torch.randn(3000, 5, 4)
    moved = varied(features, gain=0.5, spectrum=3) - features
    assert not moved[:, 3:].any()
    np.testing.assert_allclose(moved[:, :3], moved[:, :1, :1].expand(-1, 3, 4), atol=1e-6)
    assert moved[:, 0, 0].std().item() == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("kind", ["time", "frequency"])
def test_a_mask_is_one_stretch_anywhere_of_any_width_up_to_the_setting(kind):
    changed = varied(torch.ones(4000, 12, 10), spectrum=8, **{f"{kind}_masks": 1, f"{kind}_width": 4})
    hidden = (changed == 0).numpy()
    along = hidden.all(axis=1) if kind == "time" else hidden.all(axis=2)
    assert hidden.sum() == along.sum() * (12 if kind == "time" else 10)  # whole frames, whole channels
    widths = along.sum(axis=1)
    assert np.bincount(widths, minlength=5).min() > 600 and widths.max() == 4
    edges = np.abs(np.diff(np.pad(along.astype(int), ((0, 0), (1, 1))), axis=1)).sum(axis=1)
    assert set(edges[widths > 0]) == {2}
    assert along[:, : 10 if kind == "time" else 8].any(axis=0).all()
    assert kind == "time" or not along[:, 8:].any()


def test_noise_has_the_deviation_asked_for_and_fits_any_shape():
    features = torch.zeros(200, 35)
    assert varied(features, noise=0.3).std().item() == pytest.approx(0.3, rel=0.05)


def test_mixup_mixes_rows_and_targets_alike():
    torch.manual_seed(0)
    targets = torch.eye(6)
    features = 10 * targets
    mixed, shares = mix(features, targets, 0.4)
    torch.testing.assert_close(mixed, 10 * shares)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(6))
    assert not torch.equal(shares, targets)
    assert mix(features, targets, 0.0) == (features, targets)


@pytest.mark.parametrize(
    "shape, settings, message",
    [
        ((35,), {"shift": 1}, "only `noise` and `mixup`"),
        ((5, 9), {"gain": 1.0}, "spectrum=0"),
        ((5, 9), {"frequency_masks": 1, "spectrum": 6}, "spectrum=6"),
        ((5, 9), {"time_masks": 1, "time_width": 9}, "may hide all"),
    ],
)
def test_settings_that_do_not_fit_the_shape_are_refused(shape, settings, message):
    with pytest.raises(EmofusionError, match=message):
        varied(torch.zeros(2, *shape), **settings)
