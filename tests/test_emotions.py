"""The order of emotions: words of a setting, and orders that are joined."""

import pytest

from emofusion.emotions import RESERVED, in_order, joined, read_classes, write_classes
from emofusion.evaluation.gender import OVERALL
from emofusion.reporting.wording import UAR


def test_the_order_is_the_given_one_and_other_words_come_last_by_name():
    assert in_order(["calm", "生气", "0", "calm", "zeal"], ["生气", "sad", "0"]) == ["生气", "0", "calm", "zeal"]
    assert in_order([], ["sad"]) == []


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([["n", "c", "h"], ["n", "h"]], ["n", "c", "h"]),
        ([["n", "h"], ["n", "c", "h"]], ["n", "c", "h"]),
        ([["h", "s"], ["c", "h"], ["s", "x"]], ["c", "h", "s", "x"]),
        ([["a", "b"], ["b", "a"]], ["a", "b"]),
        ([], []),
    ],
)
def test_joined_orders_agree_with_each(orders, expected):
    assert joined(orders) == expected


def test_classes_are_written_and_read(tmp_path):
    write_classes(["生气/angry", "0", "<unk>"], tmp_path)
    assert read_classes(tmp_path) == ["生气/angry", "0", "<unk>"]


def test_what_stands_for_all_emotions_is_no_name_of_a_class():
    assert set(RESERVED) == {*OVERALL, "all", UAR}
