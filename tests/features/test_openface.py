"""Which rows of OpenFace's tables count: one face, in frames in which it was found."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from emofusion.counted import counting
from emofusion.errors import EmofusionError
from emofusion.features.common.openface import ALL, MOST_SEEN, SINGLE, Frames, chosen, read_table, require

UNITS = ["AU01_r", "AU01_c"]
COLUMNS = ["frame", "face_id", "face", "confidence", "success", *UNITS]


def table_of(text: str) -> pd.DataFrame:
    return read_table(io.BytesIO(text.encode()), "x.csv", COLUMNS)


def values(text: str, faces=MOST_SEEN, confidence=0.7) -> list[float]:
    return chosen(table_of(text), UNITS, Frames(faces, confidence), "x.csv")["AU01_r"].tolist()


HEAD = "frame, face_id, timestamp, confidence, success, AU01_r, AU01_c\n"
TWO_FACES = HEAD + "1, 0, 0.0, 0.98, 1, 1, 0\n1, 1, 0.0, 0.98, 1, 5, 1\n2, 0, 0.1, 0.98, 1, 1, 0\n"


def test_the_face_that_is_seen_most_often_counts():
    with counting() as counts:
        assert values(TWO_FACES) == [1, 1]
    assert counts["rows of OpenFace that show another face than the one seen most often"] == 1
    assert values(TWO_FACES, ALL) == [1, 5, 1]
    with pytest.raises(EmofusionError, match=r"x\.csv has 2 faces: with features\.faces=most_seen"):
        values(TWO_FACES, SINGLE)
    assert values(HEAD + "1, 7, 0, 0.98, 1, 4, 0\n", SINGLE) == [4]


@pytest.mark.parametrize("line", ["1, 0, 0, 0,98, 1, 1, 0\n", "1, 0, 0, 0.98, 1, 1, 0, 7\n"])
def test_a_line_with_more_values_than_columns_is_refused(line):
    assert values(HEAD + "1, 0, 0, 0.98, 1, 4, 0,\n") == [4]  # what ends in a separator has no more values
    with pytest.raises(EmofusionError, match=r"x\.csv: line 3 has 8 values, and there are 7 columns"):
        values(HEAD + "1, 0, 0, 0.98, 1, 1, 0\n" + line)


def test_frames_in_which_a_face_was_not_found_do_not_decide():
    lost = "".join(f"{frame}, 1, 0, 0.2, 0, 5, 1\n" for frame in range(3, 9))
    assert values(TWO_FACES + lost) == [1, 1]


def test_of_faces_seen_equally_often_the_surer_counts_and_equals_are_refused():
    text = HEAD + "1, 0, 0, 0.80, 1, 1, 0\n1, 1, 0, 0.95, 1, 5, 1\n"
    assert values(text) == [5]
    with pytest.raises(EmofusionError, match=r"shows the faces 0 and 1 in equally many frames"):
        values(text.replace("0.80", "0.95"))


@pytest.mark.parametrize(
    ("state", "counts"), [("0.1, 1", False), ("0.69, 1", False), ("0.7, 1", True), ("0.98, 0", False), (", 1", False)]
)
def test_failures_do_not_count(state, counts):
    text = HEAD + f"1, 0, 0, {state}, 9, 1\n2, 0, 0.1, 0.9, 1, 2, 0\n"
    with counting() as counted:
        assert values(text) == ([9, 2] if counts else [2])
    (number,) = [
        number for what, number in counted.items() if "found no face with a confidence of at least 0.7" in what
    ]
    assert number == (not counts)


def test_the_least_confidence_is_a_setting():
    text = HEAD + "1, 0, 0, 0.1, 1, 9, 1\n2, 0, 0.1, 0.9, 1, 2, 0\n"
    assert values(text, confidence=0) == [9, 2] and values(text, confidence=0.05) == [9, 2]
    with pytest.raises(EmofusionError, match=r"no frame of x\.csv \(2 frames; .*of at least 0\.95"):
        values(text, confidence=0.95)


@pytest.mark.parametrize("cell", ["-nan(ind)", "nan(ind)", "-nan", "nan", "", "-1.#IND", "1.#INF", "inf"])
def test_a_frame_with_a_value_that_is_no_number_is_dropped_and_counted(cell):
    with counting() as counts:
        assert values(HEAD + f"1, 0, 0, 0.9, 1, {cell}, 1\n2, 0, 0.1, 0.9, 1, 2, 0\n") == [2]
    assert counts["frames with a value of OpenFace that is no number"] == 1


def test_a_picture_has_no_frames_and_no_success():
    picture = "face, confidence, AU01_r, AU01_c\n0, 0.95, 1, 0\n1, 0.75, 5, 1\n2, 0.1, 7, 1\n"
    assert values(picture) == [1]
    with pytest.raises(EmofusionError, match="2 faces"):
        values(picture, SINGLE)


def test_rows_of_a_frame_that_cannot_be_told_apart_are_refused():
    with pytest.raises(EmofusionError, match="several rows of frame 1, and nothing tells their faces apart"):
        values("frame, confidence, success, AU01_r, AU01_c\n1, 0.9, 1, 1, 0\n1, 0.9, 1, 5, 1\n")


def test_without_confidence_it_has_to_be_said():
    text = "frame, success, AU01_r, AU01_c\n1, 1, 1, 0\n2, 0, 5, 0\n"
    with pytest.raises(EmofusionError, match=r"lacks the column confidence.*set features\.confidence=0"):
        values(text)
    assert values(text, confidence=0) == [1]
    with pytest.raises(EmofusionError, match="lacks the column confidence"):
        values("AU01_r, AU01_c\n1, 1\n", confidence=0)


@pytest.mark.parametrize("separator", [",", ";", "\t", ", "])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_separators_and_bom(separator, bom):
    assert values(bom + TWO_FACES.replace(", ", separator)) == [1, 1]


@pytest.mark.parametrize(
    ("header", "whose"),
    [
        ("FaceRectX,FaceScore,AU01,AU02,AU04,anger,frame", "py-feat"),
        ("frame,confidence,AU1,AU2,AU4,AU6", "another program, such as OpenFace 3"),
        ("frame,au_1,au_2", "another program, such as OpenFace 3"),
    ],
)
def test_tables_of_other_programs_are_recognised(header, whose):
    row = ",".join("1" for _ in header.split(","))
    with pytest.raises(EmofusionError, match=re.escape(f"x.csv has the action units of {whose}")) as error:
        require(table_of(f"{header}\n{row}\n"), UNITS, "x.csv")
    assert "OpenFace 2" in str(error.value) and "features of the kind table" in str(error.value)
    with pytest.raises(EmofusionError, match=r"x\.csv lacks the columns AU01_r, AU01_c.*It has a, b\."):
        require(table_of("a,b\n1,2\n"), UNITS, "x.csv")


def test_a_word_where_a_number_should_be_is_named():
    with pytest.raises(EmofusionError, match=r"x\.csv has a value that is no number: .*'high'"):
        values(HEAD + "1, 0, 0, 0.9, 1, high, 1\n")


def test_values_are_those_of_the_rows():
    random = np.random.default_rng(0)
    numbers = random.normal(size=(20, 2)).round(3)
    lines = [f"{frame}, 0, 0, 0.9, 1, {first}, {second}" for frame, (first, second) in enumerate(numbers)]
    frame = chosen(table_of(HEAD + "\n".join(lines)), UNITS, Frames(MOST_SEEN, 0.7), "x.csv")
    np.testing.assert_array_equal(frame.to_numpy(), numbers)
