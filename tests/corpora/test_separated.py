"""Tables as spreadsheets write them."""

import pytest

from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.common.separated import lines_of, separator_of
from emofusion.corpora.folder import Folder
from emofusion.errors import EmofusionError

TABLE = "actor,gender,emotion,audio,statement\n1,f,sad,a.wav,\n2,m,happy,b.wav,hello\n"


@pytest.fixture
def read(tmp_path, write_sound):
    write_sound(tmp_path / "a.wav")
    write_sound(tmp_path / "b.wav")

    def read(content: str | bytes):
        table = tmp_path / "clips.csv"
        table.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_corpus("mine", Folder(table=str(table)), tmp_path / "unpacked")

    return read


@pytest.mark.parametrize("separator", [",", ";", "\t", " ; ", ", "])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_separators_bom_and_newlines_do_not_matter(read, separator, bom, newline):
    clips = read(bom + TABLE.replace(",", separator).replace("\n", newline))
    assert clips["clip"].tolist() == ["a", "b"] and clips["emotion"].tolist() == ["sad", "happy"]
    assert clips["statement"].tolist()[1] == "hello"


@pytest.mark.parametrize(
    "header",
    [
        "Actor,Gender,Emotion,Audio,Statement",
        "ACTOR, GENDER ,emotion,audio,statement",
        '"Actor","Gender","Emotion",Audio,x',
    ],
)
def test_the_case_of_column_names_does_not_matter(read, header):
    assert read(TABLE.replace("actor,gender,emotion,audio,statement", header))["actor"].tolist() == ["mine-1", "mine-2"]


def test_a_spreadsheets_own_first_line_and_empty_lines_are_passed_over(read):
    clips = read("sep=;\n" + TABLE.replace(",", ";").replace("\n", "\n\n") + ";;;;\n")
    assert clips["clip"].tolist() == ["a", "b"]


def test_columns_that_differ_in_case_only_are_refused(read):
    with pytest.raises(EmofusionError, match=r"clips\.csv has several columns actor \(case does not count\)"):
        read(TABLE.replace("statement", "Actor"))


def test_a_value_too_many_is_refused_instead_of_being_shifted(read):
    with pytest.raises(EmofusionError, match=r"line 3 has 6 values, and there are 5 columns, separated by commas"):
        read(TABLE.replace("hello", "well, hello"))
    assert read(TABLE.replace("hello", '"well, hello"'))["statement"].tolist()[1] == "well, hello"
    assert read(TABLE.replace("hello", "hello,,"))["statement"].tolist()[1] == "hello"  # spreadsheets add empty ones


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_other_encodings_are_refused_with_what_to_do(read, encoding):
    with pytest.raises(EmofusionError, match=r"clips\.csv as CSV in UTF-8: .* Save it again as CSV in UTF-8"):
        read(TABLE.replace("hello", "für dich").encode(encoding))


def test_numbers_of_lines_are_those_of_the_file(tmp_path):
    (tmp_path / "x.csv").write_text('a;b\n1;"two\nlines"\n\n3;\u2028\n5')
    columns, lines = lines_of(tmp_path / "x.csv")
    assert columns == ["a", "b"]
    assert list(lines) == [(3, {"a": "1", "b": "two\nlines"}), (5, {"a": "3", "b": ""}), (6, {"a": "5", "b": ""})]


@pytest.mark.parametrize(("header", "separator"), [("a,b;c,d", ","), ("a;b", ";"), ("a\tb c", "\t"), ("clip", ",")])
def test_the_commonest_separator_counts(header, separator):
    assert separator_of(header) == separator
