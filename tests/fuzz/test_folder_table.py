"""The CSV file of a corpus of one's own: every cell arrives as it was written, and no file ends in a traceback."""

import csv
import io

from hypothesis import example, given, settings
from hypothesis import strategies as st

from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.folder import GENDERS, Folder
from emofusion.errors import EmofusionError

NEEDED = ["clip", "actor", "gender", "emotion"]
FURTHER = ["intensity", "statement", "session", "höhe", "split", "a b"]
# Carriage returns are left out: a file is read with the line breaks of any system.
CELLS = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=8)
WORDS = CELLS.map(str.strip).filter(bool)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """The names of a table's columns, and right rows in which words may be any text."""
    columns = draw(st.permutations(NEEDED + draw(st.lists(st.sampled_from(FURTHER), unique=True))))
    clips = draw(st.lists(WORDS, min_size=1, max_size=5, unique=True))
    cells = {"actor": WORDS, "gender": st.sampled_from(["f", "M", "female", " Male ", "", "unknown", "N/A"])}
    rows = [[clip if name == "clip" else draw(cells.get(name, CELLS)) for name in columns] for clip in clips]
    return columns, rows


def written(columns: list[str], rows: list[list[str]], **form) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, **form).writerows([columns, *rows])
    return text.getvalue()


@settings(max_examples=settings.default.max_examples // 2)
@given(tables(), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.booleans())
def test_every_cell_arrives_as_it_was_written(folder, table, separator, newline, quoted, marked):
    columns, rows = table
    form = {
        "delimiter": separator,
        "lineterminator": newline,
        "quoting": csv.QUOTE_ALL if quoted or newline == "\r" else csv.QUOTE_MINIMAL,
    }
    path = folder / "clips.csv"
    path.write_bytes(("\ufeff" * marked + written([name.upper() for name in columns], rows, **form)).encode())
    clips = Folder(root=str(folder), table=str(path), recordings=False).read("mine", folder)
    expected = {}
    for row in rows:
        cells = {name: cell.strip() for name, cell in zip(columns, row, strict=True)}
        cells |= {"actor": f"mine-{cells['actor']}", "gender": GENDERS[cells["gender"].lower()]}
        cells["emotion"] = cells["emotion"] or "unlabelled"
        expected[cells["clip"]] = {name: cell or None for name, cell in cells.items() if name != "clip"}
    assert sorted(clips["clip"]) == sorted(expected)
    found = clips.set_index("clip")[[name for name in columns if name != "clip"]]
    assert found.astype(object).where(found.notna(), None).to_dict("index") == expected


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A right table in which pieces are cut out, doubled or replaced; or any bytes."""
    columns, rows = draw(tables())
    content = written(
        draw(st.sampled_from([columns, [*columns, "audio"]])), rows, delimiter=draw(st.sampled_from(",;\t"))
    )
    pieces = content.encode()
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(pieces)))
        new = draw(
            st.sampled_from([b"", b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", pieces[start:][:9]])
        )
        pieces = pieces[:start] + new + pieces[start + draw(st.integers(0, 9)) :]
    return draw(st.sampled_from([pieces] * 5 + [draw(st.binary(max_size=60))]))


@settings(max_examples=settings.default.max_examples // 2)
@given(broken(), st.booleans())
@example(b"", True)
@example(b"sep=;", True)
@example(b'emotion,actor,gender,audio\nsad,1,f,"\0"\n', True)
@example(b"emotion,actor,gender,audio\nsad,1,f,..\n", True)
@example(b"emotion,actor,gender,clip\nsad,1,f," + b"9" * 5000, False)
@example(b"emotion,actor,gender,audio\nsad,1,f," + b"9" * 5000, True)
def test_a_broken_table_is_read_or_refused_with_its_name(folder, content, recordings):
    path = folder / "clips.csv"
    path.write_bytes(content)
    corpus = Folder(root=str(folder), table=str(path), recordings=recordings)
    corpus.sources()
    try:
        clips = read_corpus("mine", corpus, folder / "unpacked")
    except EmofusionError as error:
        assert str(path) in str(error) or "the corpus mine" in str(error)
    else:
        assert clips["clip"].is_unique and not clips[["clip", "actor", "gender", "emotion"]].isna().any(axis=None)
        assert not recordings, "no recording is there"
