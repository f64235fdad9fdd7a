"""Faces are found where they are drawn, and the right one of several counts."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from emofusion.errors import EmofusionError
from emofusion.faces import library
from emofusion.faces.detection import Faces, chosen, detect


def beside(drawn):
    """Two faces in a picture of 800 × 400: a larger one on the left, and a smaller one nearer to the middle."""
    large, small = drawn(0, scale=0.33), drawn(1, scale=0.22)
    picture = np.concatenate([large.picture, small.picture], axis=1)
    picture = np.concatenate([picture, picture[:, -1:].repeat(500, axis=1)], axis=1)
    return picture, large.places, small.places + np.array([400, 0])


def inside(box, places):
    left, top, right, bottom = box
    return ((places > [left, top]) & (places < [right, bottom])).all()


@pytest.mark.parametrize(
    ("number", "view"),
    [
        (0, {}),
        (3, {"scale": 0.2, "x": -0.2, "y": 0.35}),
        (6, {"width": 640, "height": 360, "scale": 0.4, "x": 0.3}),
        (7, {"width": 300, "height": 500, "scale": 0.2, "y": 0.6}),
        (9, {"width": 90, "height": 120, "scale": 0.25}),  # too few pixels for dlib's window: the picture is enlarged
    ],
    ids=["middle", "small and aside", "wide", "tall", "tiny picture"],
)
def test_a_drawn_face_is_found_where_it_is(drawn, number, view):
    face = drawn(number, **view)
    boxes, scores = detect(face.picture, 0.15)
    assert boxes.shape == (1, 4) and scores.shape == (1,) and scores[0] > 0.5
    assert inside(boxes[0], face.places)
    left, top, right, bottom = boxes[0]
    between_eyes = face.places[1, 0] - face.places[0, 0]
    assert (left + right) / 2 == pytest.approx(face.places[2, 0], abs=0.35 * between_eyes)
    assert right - left == pytest.approx(bottom - top, rel=0.02)
    assert 1.8 < (right - left) / between_eyes < 3.6


def test_a_larger_picture_has_larger_boxes(drawn):
    small = drawn(4)
    large = np.asarray(small.image.resize((1200, 1200), Image.Resampling.LANCZOS))
    np.testing.assert_allclose(detect(large, 0.15).boxes, 3 * detect(small.picture, 0.15).boxes, rtol=0.06)


def test_the_smallest_face_that_is_found_is_a_setting(drawn):
    face = drawn(2, width=800, height=800, scale=0.08)  # brows to chin: about 9 % of the side
    assert len(detect(face.picture, 0.3).boxes) == 0
    (box,) = detect(face.picture, 0.06).boxes
    assert inside(box, face.places)


def test_no_face_is_found_where_there_is_none(drawn, blank):
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    body = drawn(0, height=600, y=-0.1).picture  # the head is above the picture
    for picture in (blank, np.zeros((100, 100, 3), np.uint8), noise, body):
        boxes, scores = detect(picture, 0.15)
        assert boxes.shape == (0, 4) and scores.shape == (0,)
        assert chosen(Faces(boxes, scores), "largest", (100, 100)) is None


def test_of_several_faces_the_largest_or_the_most_central_counts(drawn):
    picture, large, small = beside(drawn)
    faces = detect(picture, 0.08)
    assert len(faces.boxes) == 2 and faces.scores[0] > faces.scores[1]
    size = picture.shape[1], picture.shape[0]
    assert inside(chosen(faces, "largest", size), large)
    assert inside(chosen(faces, "central", size), small)


def test_of_equal_faces_the_surest_counts():
    faces = Faces(np.array([[10, 0, 20, 10], [80, 0, 90, 10.0]]), np.array([2.0, 1.0]))
    for which in ("largest", "central"):
        np.testing.assert_array_equal(chosen(faces, which, (100, 10)), [10, 0, 20, 10])
    # the middle of the second one is nearer to 60
    np.testing.assert_array_equal(chosen(faces, "central", (120, 10)), [80, 0, 90, 10])


def test_threads_find_the_same_faces(drawn):
    pictures = [drawn(number).picture for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda picture: detect(picture, 0.2).boxes.tolist(), pictures))
    assert together == [detect(picture, 0.2).boxes.tolist() for picture in pictures]


def test_a_library_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(library, "find_spec", lambda name: None if name == "dlib" else object())
    with pytest.raises(EmofusionError, match=r"face\.features\.crop=face needs dlib, .*'emofusion\[faces\]'"):
        library.check_installed("face.features.crop=face", library.DLIB, library.MODELS)
    library.check_installed("anything", library.MODELS)


def test_all_photographs_of_the_london_set_show_one_face(real_data):
    files = sorted((real_data / "london_faces").rglob("*.jpg"))
    assert len(files) == 204
    numbers = [len(detect(np.asarray(Image.open(file).convert("RGB")), 0.25).boxes) for file in files]
    assert numbers == [1] * 204
