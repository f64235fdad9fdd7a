"""A figure that shows the same things is drawn once; one that shows anything else is drawn again."""

import pandas as pd
import pytest
from matplotlib.figure import Figure

from emofusion.reporting.drawing import Drawing
from emofusion.reporting.facts import Footer

drawn = []


def figure_of(table: pd.DataFrame, tables: dict[str, pd.DataFrame], footer: Footer) -> Figure:
    drawn.append((table, tables, footer))
    figure = Figure(figsize=(1, 1))
    figure.text(0, 0, f"{table.to_numpy().tolist()} {footer}")
    return figure


TABLE = pd.DataFrame({"clips": [1, 2]}, index=["happy", "sad"])
SHOWN = (TABLE, {"lstm": TABLE}, Footer("demo", "random_clips"))
OTHERS = [
    (TABLE + 1, {"lstm": TABLE}, SHOWN[2]),
    (TABLE.rename(columns={"clips": "actors"}), {"lstm": TABLE}, SHOWN[2]),
    (TABLE.rename(index={"sad": "calm"}), {"lstm": TABLE}, SHOWN[2]),
    (TABLE.astype(float), {"lstm": TABLE}, SHOWN[2]),
    (TABLE, {"gru": TABLE}, SHOWN[2]),
    (TABLE, {"lstm": TABLE[:1]}, SHOWN[2]),
    (TABLE, {"lstm": TABLE}, Footer("demo", "random_clips", ("WARNING",))),
]


@pytest.fixture
def drawing(tmp_path):
    drawn.clear()
    return Drawing(tmp_path / "memory", "code")


def test_the_same_figure_is_drawn_once(drawing, tmp_path):
    for name in ("one.png", "two.png"):
        drawing.save(tmp_path / name, figure_of, *SHOWN)
    Drawing().save(tmp_path / "fresh.png", figure_of, *SHOWN)
    assert len(drawn) == 2
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "fresh.png").read_bytes()
    assert (tmp_path / "one.png").samefile(tmp_path / "two.png")


@pytest.mark.parametrize("other", OTHERS)
def test_anything_else_is_drawn_again(drawing, tmp_path, other):
    drawing.save(tmp_path / "one.png", figure_of, *SHOWN)
    drawing.save(tmp_path / "two.png", figure_of, *other)
    assert len(drawn) == 2 and not (tmp_path / "one.png").samefile(tmp_path / "two.png")


def test_other_code_draws_again(drawing, tmp_path):
    drawing.save(tmp_path / "one.png", figure_of, *SHOWN)
    Drawing(tmp_path / "memory", "other code").save(tmp_path / "two.png", figure_of, *SHOWN)
    assert len(drawn) == 2


def test_what_a_function_returns_is_remembered_by_its_arguments(drawing):
    assert drawing.remembered("json:dumps", {"a": 1}) == '{"a": 1}'
    assert drawing.remembered("json:dumps", {"a": 1}) == Drawing().remembered("json:dumps", {"a": 1})
    assert drawing.remembered("json:dumps", {"a": 2}) == '{"a": 2}'
    assert len(list(drawing.memory.iterdir())) == 2
