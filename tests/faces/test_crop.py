"""Pictures that are cut to the face, as features: which square, what stands for a missing face, and what is counted."""

import subprocess
import sys
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emofusion.counted import read_notes
from emofusion.errors import EmofusionError, Lacking
from emofusion.faces.crop import Crop, cropped, square_around
from emofusion.faces.detection import detect
from emofusion.features.common.extract import extract
from emofusion.features.common.feature_set import FeatureSet
from emofusion.features.common.rows_of_clip import LACKING
from emofusion.features.pixels import WITHOUT_FACE, Pixels
from emofusion.features.pixels.compute import letterbox, of_picture
from emofusion.settings.fields import check, is_in_key

FACE = Pixels(size=64, frames=4, crop="face")


def clips_of(**paths) -> pd.DataFrame:
    """Clips of pictures, and of videos where a file ends so."""
    table = pd.DataFrame({"clip": list(paths), "corpus": "mine", "image": None, "video": None}, dtype=object)
    for row, path in enumerate(paths.values()):
        table.loc[row, "video" if path.suffix == ".mkv" else "image"] = str(path)
    return table


def rows_of(clips: pd.DataFrame, settings: Pixels) -> list[np.ndarray]:
    compute = settings.prepare(clips)
    return [compute(clip) for clip in clips.itertuples()]


@pytest.mark.parametrize(
    ("margin", "square"), [(0, (10, 20, 50, 60)), (0.5, (-10, 0, 70, 80)), (0.25, (0, 10, 60, 70))]
)
def test_a_margin_is_added_on_each_side(margin, square):
    assert square_around(np.array([10.0, 20.0, 50.0, 60.0]), margin) == square


def test_a_box_that_is_no_square_becomes_one_around_its_middle():
    assert square_around(np.array([10.0, 20.0, 30.0, 60.0]), 0) == (0, 20, 40, 60)


def test_the_square_around_the_face_is_cut_out_and_outside_is_black(drawn):
    face = drawn(3, width=500, height=300, scale=0.4, x=-0.5, y=0.45)
    (box,) = detect(face.picture, 0.15).boxes
    left, top, right, bottom = square_around(box, 0.6)
    assert left < 0 and top < 0
    cut = np.asarray(cropped(face.image, Crop("largest", 0.15, 0.6)))
    assert cut.shape == (bottom - top, right - left, 3)
    seen = np.zeros(cut.shape[:2], bool)
    seen[-top : 300 - top, -left : 500 - left] = True
    np.testing.assert_array_equal(cut[seen], face.picture[:bottom, :right].reshape(-1, 3))
    assert not cut[~seen].any()


def test_rows_are_of_the_face_wherever_it_is(drawn, tmp_path):
    faces = {"left": {"x": -0.3}, "right": {"x": 0.3}, "low": {"y": 0.65}, "large": {"scale": 0.4}}
    paths, places = {}, []
    for name, view in faces.items():
        face = drawn(5, **{"width": 600, "height": 400, "scale": 0.25} | view)
        paths[name] = tmp_path / f"{name}.png"
        face.image.save(paths[name])
        (box,) = detect(face.picture, 0.15).boxes
        left, top, right, _ = square_around(box, FACE.margin)
        places.append((face.places - [left, top]) / (right - left))
    for name, row in zip(faces, rows_of(clips_of(**paths), FACE), strict=True):
        assert row.shape == (1, 3, 64, 64) and row.dtype == np.uint8
        (box,) = detect(np.asarray(Image.open(paths[name])), 0.15).boxes
        expected = letterbox(Image.open(paths[name]).crop(square_around(box, FACE.margin)), 64)
        np.testing.assert_array_equal(row[0], expected)
    # eyes and mouth are in about the same place of all rows
    assert np.ptp(places, axis=0).max() < 0.12


def test_frames_without_a_face_take_the_nearest_with_one(drawn, film, blank, tmp_path):
    seen = [drawn(number).picture for number in (0, 1)]
    # frames 0 to 3 are taken; of two that are equally near, the earlier one
    path = film(tmp_path / "a.mkv", [blank, seen[0], blank, seen[1]])
    extract(clips_of(a=path), FACE, tmp_path / "out", workers=1)
    rows = FeatureSet([tmp_path / "out"]).take(np.arange(4))
    first, second = (of_picture(Image.fromarray(picture), FACE) for picture in seen)
    np.testing.assert_array_equal(rows, [first, first, first, second])
    assert {note.what: note.number for note in read_notes(tmp_path / "out")} == {WITHOUT_FACE: 2}


def test_clips_without_a_face_lack_the_modality_and_are_counted(drawn, film, blank, tmp_path):
    drawn(0).image.save(tmp_path / "good.png")
    Image.fromarray(blank).save(tmp_path / "bad.png")
    film(tmp_path / "black.mkv", [np.zeros_like(blank)] * 5)
    pair = np.concatenate([drawn(1).picture, drawn(2).picture], axis=1)
    Image.fromarray(pair).save(tmp_path / "two.png")
    clips = clips_of(
        **{name.split(".")[0]: tmp_path / name for name in ("good.png", "bad.png", "black.mkv", "two.png")}
    )
    extract(clips, FACE, tmp_path / "out", workers=1)
    assert FeatureSet([tmp_path / "out"]).rows["clip"].tolist() == ["good", "two"]
    notes = {note.what: (note.number, note.clips) for note in read_notes(tmp_path / "out")}
    assert notes == {
        LACKING: (2, 2),
        "pictures with several faces, of which the largest counts": (1, 1),
        WITHOUT_FACE: (0, 0),
    }
    compute = FACE.prepare(clips)
    with pytest.raises(Lacking, match=r"black\.mkv: no face is found in any of the 4 frames"):
        compute(list(clips.itertuples())[2])
    with pytest.raises(Lacking, match=r"bad\.png: no face is found in the picture"):
        compute(list(clips.itertuples())[1])


def test_the_whole_picture_is_used_without_a_crop(drawn):
    face = drawn(1)
    np.testing.assert_array_equal(of_picture(face.image, Pixels(size=64)), letterbox(face.image, 64))


def test_grey_and_transparent_pictures_can_be_cropped(drawn):
    expected = of_picture(drawn(1).image.convert("L").convert("RGB"), FACE)
    for mode in ("L", "LA", "RGBA"):
        row = of_picture(drawn(1).image.convert("L").convert(mode), FACE)
        np.testing.assert_array_equal(row, expected)


@pytest.mark.parametrize("changed", [{"margin": 0.5}, {"face": "central"}, {"smallest_face": 0.3}])
def test_settings_of_the_crop_need_a_crop(changed):
    (name,) = changed
    with pytest.raises(EmofusionError, match=rf"face\.features\.{name}=.* counts only with face\.features\.crop=face"):
        check(Pixels(**changed), "face.features")
    check(Pixels(crop="face", **changed), "face.features")


def test_pictures_that_are_not_cropped_do_not_depend_on_dlib(monkeypatch):
    assert Pixels().libraries() == () and FACE.libraries() == ("dlib",)
    new = {field.name for field in fields(Pixels) if not is_in_key(Pixels(), field)}
    assert new == {"crop", "margin", "face", "smallest_face"}  # keys of earlier results stay
    monkeypatch.setattr("emofusion.faces.library.find_spec", lambda name: None)
    Pixels().check_installed("face.features")
    with pytest.raises(EmofusionError, match=r"face\.features\.crop=face needs dlib"):
        FACE.check_installed("face.features")
    code = (
        "import sys, emofusion.features.pixels.compute\n"
        "assert not {'dlib', 'face_recognition_models'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
