"""Tables that were made elsewhere, as spreadsheets and other programs write them."""

import pytest

from emofusion.errors import EmofusionError
from emofusion.tables import read_foreign

TABLE = "clip,fold,happy,sad\n007,0,0.25,0.75\nNA,1,1,0\n"


def read(tmp_path, content: str | bytes, **options):
    path = tmp_path / "theirs.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_foreign(path, **options)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("header", ["clip,fold", "Clip,Fold", " CLIP ,fold "])
def test_separators_bom_and_the_case_of_keys(tmp_path, separator, bom, header):
    table = read(tmp_path, bom + TABLE.replace("clip,fold", header).replace(",", separator))
    assert list(table) == ["clip", "fold", "happy", "sad"]
    assert table["clip"].tolist() == ["007", "NA"] and table["fold"].tolist() == [0, 1]
    assert table["happy"].tolist() == [0.25, 1] and table["sad"].tolist() == [0.75, 0]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas(tmp_path, separator):
    table = read(tmp_path, TABLE.replace(",", separator).replace(".", ","))
    assert table["happy"].tolist() == [0.25, 1]


def test_columns_of_text_keep_their_names(tmp_path):
    table = read(tmp_path, "Clip,Split,Utterance\n1,test,NA\n", text=["clip", "Utterance"])
    assert table.iloc[0].tolist() == ["1", "test", "NA"] and list(table) == ["clip", "split", "Utterance"]


def test_what_is_no_text_is_named(tmp_path):
    with pytest.raises(EmofusionError, match=r"theirs\.csv: cannot be read"):
        read(tmp_path, b"clip,fold\n\xff\xfe,1\n")
