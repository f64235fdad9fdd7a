"""What a message tells the user to type can be typed, and helps."""

import re

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan.make import check_sources, plan_file
from emofusion.settings.overrides import parse, split_overrides

VALUE = r"(?:\{[^}]*\}|\[[^\]]*\]|'[^']*'|[\w./:+-]*[\w/])"
# A recommended override stands after one of these words, and several are joined by `and` or `or`.
RECOMMENDED = re.compile(rf"(?:set|use|as in|or|and|with|node:|override=\") ([+~]*[a-z][\w.@/]*=\"?{VALUE})")


def recommended(message: str) -> list[str]:
    """The overrides that a message tells the user to type; those with words to be replaced are left out."""
    texts = [text.replace('"', "") for text in RECOMMENDED.findall(message.replace('override="+', "as in +"))]
    return [text for text in texts if not re.search(r"first|word: emotion|published=paper", text)]


def applied(overrides: list[str], more: str) -> list[str]:
    """The overrides with one more, in place of those of the same setting or of what it holds."""
    key = parse(more).key
    package = parse(more).package
    kept = [
        text for text in overrides if package or not (parse(text).key == key or parse(text).key.startswith(f"{key}."))
    ]
    return [*kept, more]


def helped(planning, experiment: str, override: str) -> list[str]:
    """All messages until the command is planned, where each message's first recommendation is followed."""
    overrides, messages = split_overrides(override), []
    for _ in range(4):
        try:
            planning.cells(experiment, " ".join(overrides))
        except EmofusionError as error:
            messages.append(str(error))
            texts = recommended(str(error))
            assert texts, f"no recommendation in: {error}"
            alternatives = texts[:1] if " or " in str(error) or "as in" in str(error) else texts
            for text in alternatives:
                overrides = applied(overrides, text)
        else:
            return messages
    pytest.fail("still refused: " + "\n".join(messages))


@pytest.mark.parametrize(
    ("experiment", "override", "recommendation"),
    [
        ("paper", "fusion.weights={speech: 1}", "fusion.weights={speech: 0.5, face: 0.5}"),
        ("ravdess_openface", "modalities=[speech,face,text]", "+speech@text=cnn1d"),
        ("paper", "speech.network.kind=lstm", "speech.network={kind: lstm}"),
        ("paper", "speech.features.kind=acoustic_statistics speech.network={kind: mlp}", "speech.features={kind: "),
        ("paper", "protocol.validation=0", "face.training.keep=last"),
        ("paper", "protocol.validation=0 speech.training.patience=3", "speech.training.patience=0"),
        ("demo", "corpora.demo_kdef.angles=[full_left]", "corpora.demo_kdef.demo.angles=[full_left]"),
        ("paper", "speech.training.unfreeze=[{epoch: 1, blocks: 1}]", "speech.training.unfreeze=[]"),
        (
            "paper",
            "face.training.unfreeze=[{epoch: 0, blocks: 5}] face.network.feature_cache.views=3",
            "face.network.feature_cache.views=1",
        ),
        ("paper", "speech.features.features=[pitch] speech.features.pitch=null", "speech.features.pitch=yin"),
        ("posteriors", "speech.ensemble=[lstm,cnn1d]", "speech.ensemble=[]"),
        ("paper", "speech=statistics speech.training.augment.shift=3", "speech.training.augment.shift=0"),
        ("paper", "protocol.test=[savee]", "protocol=speaker_independent"),
        ("ravdess_openface", "protocol.corpora=[ravdess,savee] modalities=[speech]", "corpus=[ravdess,savee]"),
        ("demo", "corpora.demo_savee.demo.layout=ravdess", "corpora.demo_savee.demo.layout=savee"),
        ("demo", "seed=interval(0,1)", "seed=0,1,2"),
    ],
)
def test_following_a_message_leads_to_a_plan(planning, experiment, override, recommendation):
    messages = helped(planning, experiment, override)
    assert recommendation in messages[0]


def test_a_sweep_over_what_was_set_twice_is_written_as_the_message_says(planning):
    with pytest.raises(EmofusionError, match="a sweep is written seed=first,second"):
        planning.cells("demo", "seed=1 seed=2")
    assert len(planning.cells("demo", "seed=1,2")) == 2


@pytest.mark.parametrize(
    ("override", "offered"),
    [
        ("corpora.demo_kdef.demo=null", "corpora.demo_kdef.root"),
        ("face.network.weights=nowhere.pth", "network.weights=nowhere.pth"),
    ],
)
def test_a_message_names_the_setting_to_change(planning, override, offered, tmp_path, conf):
    with pytest.raises(EmofusionError) as refused:
        check_sources(plan_file(conf, "demo", override, tmp_path), tmp_path)
    assert offered in str(refused.value)
