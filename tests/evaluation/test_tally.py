"""Counting what many settings recognise, and finding the settings that recognise alike."""

import numpy as np

from emofusion.evaluation.tally import distinct, tally


def test_counts_by_hand():
    """Three clips of two actors; the second class is right for the first modality, the third for the other."""
    one = np.array([[0.1, 0.9, 0.0], [0.1, 0.9, 0.0], [0.6, 0.4, 0.0]])
    other = np.array([[0.0, 0.2, 0.8], [0.0, 0.9, 0.1], [0.0, 0.0, 1.0]])
    grid = np.array([[1.0, 0.0], [0.0, 1.0]])
    counts = tally(np.stack([one, other]), ["linear"], grid, actor=np.array([1, 0, 1]), truth=np.array([1, 1, 2]))
    assert counts.clips.tolist() == [[0, 1, 0], [0, 1, 1]]
    assert counts.groups.tolist() == [[0, 1], [1, 1], [1, 2]]
    assert counts.correct.tolist() == [[1, 1, 0], [1, 0, 1]]
    assert counts.by_actor(None).tolist() == [[1, 1], [1, 1]]
    assert counts.by_actor(2).tolist() == [[0, 0], [0, 1]]
    assert counts.confusion.tolist() == [[[0, 0, 0], [0, 2, 0], [1, 0, 0]], [[0, 0, 0], [0, 1, 1], [0, 0, 1]]]


def test_counts_beyond_a_byte_do_not_wrap():
    posteriors = np.tile([[0.9, 0.1], [0.1, 0.9]], (400, 1))[None]
    counts = tally(posteriors, ["linear"], np.ones((1, 1)), np.zeros(800, dtype=int), np.tile([0, 1], 400))
    assert counts.correct.tolist() == [[400, 400]] and counts.by_actor(None).tolist() == [[800]]
    assert counts.confusion.tolist() == [[[400, 0], [0, 400]]]


def test_distinct_rows_and_their_indices():
    rows = np.array([[1, 2], [1, 2], [3, 0], [1, 2], [0, 300], [3, 0]], dtype=np.uint16)
    indices, inverse = distinct(rows)
    assert len(indices) == 3
    np.testing.assert_array_equal(rows[indices][inverse], rows)
