"""Labels of any letters in overrides and in files, and what to type where the grammar cannot express a value."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from emofusion.corpora.folder import Folder
from emofusion.errors import EmofusionError
from emofusion.settings.experiment import Modality
from emofusion.settings.nodes import merged
from emofusion.settings.overrides import expand, parse


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{生气/angry: angry, 其他/other: sad}", {"生气/angry": "angry", "其他/other": "sad"}),
        ("{<unk>: angry, xxx: sad}", {"<unk>": "angry", "xxx": "sad"}),
        ("{0: angry, 1.0: sad, 01: calm, true: happy, null: bored, -1: x}",
         {"0": "angry", "1.0": "sad", "01": "calm", "true": "happy", "null": "bored", "-1": "x"}),
        ("[<unk>,生气,0,'a, b: {é}']", ["<unk>", "生气", 0, "a, b: {é}"]),
        ("/données/é;à#1.csv", "/données/é;à#1.csv"),
        ("[{epoch: 1, blocks: 2}]", [{"epoch": 1, "blocks": 2}]),
        ("{speech: .7, face: 3}", {"speech": 0.7, "face": 3}),
        ("${oc.env:HOME}/é", "${oc.env:HOME}/é"),
    ],
)  # fmt: skip
def test_values_have_any_letters_and_names_in_maps_are_words(value, expected):
    assert parse(f"corpora.mine.labels={value}").value == expected


def test_sweeps_have_them_too():
    assert expand(["report.title=é,ü"]) == [["report.title=é"], ["report.title=ü"]]


@pytest.mark.parametrize(
    ("override", "typed"),
    [
        ("corpora.x.root=~/data", "corpora.x.root={home}/data"),
        ("corpora.x.root='~/my data'", "corpora.x.root='{home}/my data'"),
        ("data=~", "data={home}"),
        ("plugins=[a.py,~/b.py]", "plugins=[a.py,{home}/b.py]"),
        ("corpora.x.labels={'生气/angry': angry, \"b\": sad}", "corpora.x.labels={{生气/angry: angry, b: sad}}"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_type(override, typed):
    typed = typed.format(home=Path.home())
    with pytest.raises(EmofusionError) as error:
        parse(override)
    assert str(error.value).endswith(f"write {typed}")
    parse(typed)


def test_no_message_has_the_name_of_an_exception():
    with pytest.raises(EmofusionError, match=r"seed=1~2 is not written as name=value; put values") as error:
        parse("seed=1~2")
    assert "Exception" not in str(error.value)


def test_names_in_files_may_be_numbers():
    node = merged(Folder, {"table": "clips.csv", "labels": {0: "angry", 1.5: "sad", True: "happy"}}, "corpora.mine")
    assert dict(node.labels) == {"0": "angry", "1.5": "sad", "true": "happy"}
    about = {"table": "x.csv", "scale": "logits", "labels": {0: "angry"}}
    assert dict(merged(Modality, OmegaConf.create({"name": "a", "posteriors": about}), "a").posteriors.labels) == {
        "0": "angry"
    }
