from dataclasses import replace

import numpy as np
import pytest

from emofusion.corpora.demo.acting import ACTIONS
from emofusion.corpora.demo.canvas import View
from emofusion.corpora.demo.faces import draw_face
from emofusion.corpora.demo.people import make_person

REST = dict.fromkeys(ACTIONS, 0.0)
VIEW = View(width=128, height=128, scale=0.4)  # half a head is 51 pixels, the face's middle is at (64, 64)


@pytest.fixture
def shape():
    plain = make_person("kdef", 3, 0, "female", 1.0).shape
    # colours that a test can tell apart
    return replace(
        plain, skin=(255, 224, 196), hair=(60, 40, 30), mouth_curve=0.0, brow_slope=0.0, lip=(220, 30, 30), beard=0.0
    )


def draw(shape, view=VIEW, **actions):
    return draw_face(shape, REST | actions, view, np.random.default_rng(0)).astype(int)


def lips(picture):
    """Rows and columns of what is red and below the nose."""
    rows, columns = np.nonzero((picture[..., 0] - picture[..., 1] > 110) & (np.arange(128) > 80)[:, None])
    return rows, columns


def at_corners_and_centre(picture):
    rows, columns = lips(picture)
    left, right = columns.min(), columns.max()
    ends = (columns <= left + 2) | (columns >= right - 2)
    return rows[ends].mean(), rows[abs(columns - 64) <= 2].mean()


def test_a_smile_lifts_the_corners_and_their_fall_is_the_opposite(shape):
    corners, centre = at_corners_and_centre(draw(shape, lip_corner=0.4))
    assert corners < centre - 2
    corners, centre = at_corners_and_centre(draw(shape, lip_corner=-0.8))
    assert corners > centre + 2


def test_the_jaw_opens_and_stretching_widens_the_mouth(shape):
    rest, open_, wide = (draw(shape, **act) for act in ({}, {"jaw_drop": 1.0}, {"lip_stretch": 1.0}))
    assert np.ptp(lips(open_)[0]) > np.ptp(lips(rest)[0]) + 10
    assert np.ptp(lips(wide)[1]) > np.ptp(lips(rest)[1]) + 6


def dark_in_forehead(picture, columns):
    """Mean row of dark pixels of one brow's part, above the eyes."""
    rows, _ = np.nonzero(picture[38:57, columns].sum(axis=2) < 250)
    return rows.mean()


def test_brows_rise_as_a_whole_and_fall_towards_the_nose(shape):
    inner, outer = slice(66, 74), slice(80, 88)
    rest = draw(shape)
    raised, inner_raised = draw(shape, brow_raise=0.6), draw(shape, inner_brow=1.0)
    assert dark_in_forehead(raised, outer) < dark_in_forehead(rest, outer) - 2
    assert dark_in_forehead(inner_raised, inner) < dark_in_forehead(rest, inner) - 2
    lowered = draw(shape, brow_lower=0.6)
    assert dark_in_forehead(lowered, inner) > dark_in_forehead(rest, inner) + 2


def test_eyes_open_wide(shape):
    def white(picture):
        return (picture[45:75].min(axis=2) > 235).sum()

    assert white(draw(shape, eye_open=1.0)) > 1.5 * white(draw(shape)) > 1.5 * white(draw(shape, eye_open=-0.6))


def test_left_and_right_profiles_are_each_others_mirror_image(shape):
    left, right = (draw(shape, replace(VIEW, yaw=yaw), lip_corner=0.5) for yaw in (-40, 40))
    assert np.abs(left - right[:, ::-1]).mean() < 1.5 < np.abs(left - right).mean()
    # turned to the left of the picture, nose and mouth are there
    assert lips(left)[1].mean() < 55 and lips(right)[1].mean() > 72


def test_noise_and_light_are_as_set(shape):
    noisy = draw(shape, replace(VIEW, noise=4.0))[:5]
    assert np.std(noisy - 220) == pytest.approx(4.0, rel=0.1)
    lit = draw(shape, replace(VIEW, light=0.2))[0, :, 0]
    assert lit[-1] / lit[0] == pytest.approx(1.1 / 0.9, rel=0.02)
