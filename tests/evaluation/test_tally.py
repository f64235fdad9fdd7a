"""Counting what many settings recognise, and finding the settings that recognise alike."""

import numpy as np

from emofusion.evaluation.tally import distinct, tally


def test_counts_by_hand():
    """Three clips of two actors; the second class is right for the first modality, the third for the other."""
    one = np.array([[0.1, 0.9, 0.0], [0.1, 0.9, 0.0], [0.6, 0.4, 0.0]])
    other = np.array([[0.0, 0.2, 0.8], [0.0, 0.9, 0.1], [0.0, 0.0, 1.0]])
    grid = np.array([[1.0, 0.0], [0.0, 1.0]])
    found = tally(np.stack([one, other]), ["linear"], grid, actor=np.array([1, 0, 1]), truth=np.array([1, 1, 2]))
    assert found.clips.tolist() == [[0, 1, 0], [0, 1, 1]]
    assert found.groups.tolist() == [[0, 1], [1, 1], [1, 2]]
    assert found.correct.tolist() == [[1, 1, 0], [1, 0, 1]]
    assert found.by_actor(None).tolist() == [[1, 1], [1, 1]]
    assert found.by_actor(2).tolist() == [[0, 0], [0, 1]]
    assert found.confusion.tolist() == [[[0, 0, 0], [0, 2, 0], [1, 0, 0]], [[0, 0, 0], [0, 1, 1], [0, 0, 1]]]


def test_counts_beyond_a_byte_do_not_wrap():
    posteriors = np.tile([[0.9, 0.1], [0.1, 0.9]], (400, 1))[None]
    found = tally(posteriors, ["linear"], np.ones((1, 1)), np.zeros(800, dtype=int), np.tile([0, 1], 400))
    assert found.correct.tolist() == [[400, 400]] and found.by_actor(None).tolist() == [[800]]
    assert found.confusion.tolist() == [[[400, 0], [0, 400]]]


def test_distinct_rows_and_their_places():
    rows = np.array([[1, 2], [1, 2], [3, 0], [1, 2], [0, 300], [3, 0]], dtype=np.uint16)
    places, inverse = distinct(rows)
    assert len(places) == 3
    np.testing.assert_array_equal(rows[places][inverse], rows)
