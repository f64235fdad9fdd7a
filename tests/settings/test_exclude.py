"""Patterns that leave clips out, and advice that can be pasted whatever letters a name has."""

import shlex
from pathlib import PurePosixPath

import pytest

from emofusion.settings.command_line import typed_value
from emofusion.settings.exclude import leave_out, matches_clip, matches_path
from emofusion.settings.overrides import parse, split_overrides

NAMES = [
    *("DC_a01.wav", "Actor 01/a b.wav", "d'été.wav", 'say "yes".wav', "a[1].wav", "what?.wav", "star*.wav"),
    *("x,y;z.wav", "a=b.wav", "${oc.env:HOME}.wav", "back\\slash.wav", "生气/angry.wav", "Zoë: glücklich #2.wav"),
    *(
        "(a){b}.wav",
        "!hi.wav",
        "`ls`.wav",
        "50%.wav",
        "--flag.wav",
        "new\nline.wav",
        "tab\t.wav",
        "~x.wav",
        "a&b|c.wav",
    ),
]


def pasted(advice: str) -> list[str]:
    """What the setting becomes when the advice is pasted into `override="…"` behind `--config` in a shell."""
    (word,) = shlex.split(f'override="{advice}"')
    (override,) = split_overrides(typed_value("override", [word], {}))
    return parse(override).value


@pytest.mark.parametrize("name", NAMES)
def test_advice_can_be_pasted_and_then_matches(name):
    (pattern,) = pasted(leave_out("mine", [name]))
    assert matches_path(pattern, PurePosixPath("/data/mine") / name)
    assert matches_clip(pattern, name) and matches_clip(pattern, name.removesuffix(".wav"))
    assert not matches_path(pattern, PurePosixPath("other.wav")) and not matches_clip(pattern, "other")


def test_wildcards_in_a_name_match_nothing_else():
    assert pasted(leave_out("mine", ["a[1]*.wav"])) == ["a[[]1[]][*].wav"]
    assert not matches_path("a[[]1[]][*].wav", PurePosixPath("a1b.wav"))


def test_patterns_that_are_set_already_stay():
    assert (
        leave_out("savee", ["b", "a.wav", "b"], ["a.wav", "*-12.*"]) == "corpora.savee.exclude=['a.wav','*-12.*','b']"
    )


@pytest.mark.parametrize(
    ("pattern", "clips"),
    [
        ("DC_a01", ["DC_a01"]),
        ("DC_a01.wav", ["DC_a01"]),
        ("DC_a01.*", ["DC_a01"]),
        ("DC_a0?.wav", ["DC_a01", "DC_a02"]),
        ("DC_*", ["DC_a01", "DC_a02", "DC_x.y"]),
        ("*_a0[12].*", ["DC_a01", "DC_a02"]),
        ("*.wav", []),
        ("DC_*.wav", []),
        ("DC_x.y", ["DC_x.y"]),
        ("DC_x.y.wav", ["DC_x.y"]),
        ("train/x.mp4", ["train/x"]),
        ("x", ["train/x"]),
        ("", []),
        ("/", []),
    ],
)
def test_which_clips_a_pattern_matches(pattern, clips):
    assert [clip for clip in ("DC_a01", "DC_a02", "DC_x.y", "train/x") if matches_clip(pattern, clip)] == clips
