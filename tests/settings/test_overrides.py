"""Overrides as they are typed behind `--config`, and as the plan gets them."""

import pytest
from snakemake.cli import get_argument_parser, parse_config

from emofusion.errors import EmofusionError
from emofusion.settings.command_line import typed_value
from emofusion.settings.overrides import parse, split_overrides

# an override, and the value that Hydra's grammar gives it
LEGAL = [
    ("report.title='Two words'", "Two words"),
    ('report.title="Two words"', "Two words"),
    ("report.title=''", ""),
    (r"report.title='It\'s'", "It's"),
    ('report.title="it\'s"', "it's"),
    ("report.title='say \"hi\"'", 'say "hi"'),
    (r"report.title='a backslash \\'", "a backslash \\"),
    ("report.title='a # b'", "a # b"),
    ("report.title='two  spaces'", "two  spaces"),
    ("report.title=' at both ends '", " at both ends "),
    ("report.title='a\ttab'", "a\ttab"),
    ("report.title='[open'", "[open"),
    ("report.title='closed)}'", "closed)}"),
    ("report.title='a: b, c=d'", "a: b, c=d"),
    ("report.title='50 % of $HOME; `x` & y | z'", "50 % of $HOME; `x` & y | z"),
    ("report.title='Gefühle – 情'", "Gefühle – 情"),
    ("report.title='!tag *a &b @c'", "!tag *a &b @c"),
    (r"report.title=two\ words", "two words"),
    ("seed=3", 3),
    ("speech.training.learning_rate=1e-3", 1e-3),
    ("report.title=1e3", 1000.0),
    ("report.title=null", None),
    ("report.title=True", True),
    ("emotions.merge={calm: neutral}", {"calm": "neutral"}),
    ("emotions.merge={calm: 'rather neutral', sad: \"it's\"}", {"calm": "rather neutral", "sad": "it's"}),
    ("emotions.merge={}", {}),
    ("fusion.weights={speech: 0.50, face: 0.5}", {"speech": 0.5, "face": 0.5}),
    ("face.training.unfreeze=[{epoch: 1, blocks: 1}]", [{"epoch": 1, "blocks": 1}]),
    ("protocol.folds=[[1, 2], ['03', \"4]\"]]", [[1, 2], ["03", "4]"]]),
    ("plugins=[mine.py]", ["mine.py"]),
    ("+speech@own=cnn1d", "cnn1d"),
    ("data=${oc.env:HOME}/data", "${oc.env:HOME}/data"),
]
OPEN = [
    "report.title='open",
    'report.title="open',
    "report.title='it's'",
    r"report.title='open\'",
    "emotions.merge={calm: neutral",
    "protocol.folds=[[1, 2]",
    "seed=range(0,3",
    "emotions.merge={calm: [neutral}",
]


def as_snakemake_has_it(*settings: str) -> tuple[list[str], dict]:
    """What Snakemake makes of these words behind `--config`: the words, and what it has read in them."""
    words = get_argument_parser().parse_args(["--cores", "1", "--config", *settings]).config
    return words, parse_config(words)


@pytest.mark.parametrize("before", [[], ["seed=7"]], ids=["alone", "last"])
@pytest.mark.parametrize(("override", "value"), LEGAL, ids=[override for override, _ in LEGAL])
def test_every_legal_override_arrives_as_it_was_typed(override, value, before):
    before = [] if override.startswith("seed") else before
    for text in (" ".join([*before, override]), "  ".join([override, *before])):
        words, config = as_snakemake_has_it("experiment=demo", f"override={text}")
        arrived = split_overrides(typed_value("override", words, config))
        assert sorted(arrived) == sorted([*before, override])
        assert parse(override).value == value


def test_all_of_them_in_one_text():
    overrides = [override for override, _ in LEGAL]
    words, config = as_snakemake_has_it(f"override={' '.join(overrides)}")
    assert split_overrides(typed_value("override", words, config)) == overrides


@pytest.mark.parametrize("override", OPEN)
def test_what_is_not_closed_is_refused_and_told_how_to_write(override):
    words, config = as_snakemake_has_it(f"override=seed=1 {override}")
    with pytest.raises(EmofusionError, match="is not closed in: ") as refused:
        split_overrides(typed_value("override", words, config))
    assert override in str(refused.value) and r"\'" in str(refused.value)


def test_a_setting_that_is_given_twice_is_refused():
    words, config = as_snakemake_has_it("override=seed=1", "override=seed=2")
    with pytest.raises(EmofusionError, match="override is given 2 times"):
        typed_value("override", words, config)


def test_a_configuration_file_has_texts_or_lists():
    assert typed_value("override", [], {"override": "seed=1 speech=lstm"}) == "seed=1 speech=lstm"
    assert split_overrides(typed_value("override", None, {"override": ["seed=1", "report.title='a b'"]})) == [
        "seed=1",
        "report.title='a b'",
    ]
    assert typed_value("override", ["experiment=demo"], {"experiment": "demo"}) is None
    with pytest.raises(EmofusionError, match="override is a map; write a text or a list"):
        typed_value("override", [], {"override": {"seed": 1}})
