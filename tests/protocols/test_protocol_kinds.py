"""The settings of the protocols: which values are refused, and what the plan asks of a protocol."""

import subprocess
import sys
from dataclasses import replace

import pytest
from omegaconf import OmegaConf

from emofusion.errors import EmofusionError
from emofusion.protocols.cross_corpus import CrossCorpus
from emofusion.protocols.random_clips import RandomClips
from emofusion.protocols.speaker_independent import SpeakerIndependent
from emofusion.settings import fields
from emofusion.settings.encoding import decode, encode

WITHIN = SpeakerIndependent(corpora=["ravdess"])
ACROSS = CrossCorpus(train={"speech": ["savee"], "face": ["kdef"]}, test=["ravdess"])


def test_across_corpora_a_modality_has_its_own_training_corpora():
    assert ACROSS.training_corpora("face") == ["kdef"] and ACROSS.test_corpora() == ["ravdess"]
    assert ACROSS.for_modality("speech").train == {"speech": ["savee"]}
    other_face = replace(ACROSS, train=ACROSS.train | {"face": ["mine"]}, description="another one")
    assert other_face.for_modality("speech") == ACROSS.for_modality("speech")
    for ask in (ACROSS.training_corpora, ACROSS.for_modality):
        with pytest.raises(EmofusionError, match=r"protocol\.train: no corpora for the modality text"):
            ask("text")


@pytest.mark.parametrize("kind", [SpeakerIndependent, RandomClips])
def test_within_corpora_the_same_ones_train_and_test_all_modalities(kind):
    protocol = kind(corpora=["ravdess", "savee"], description="in words")
    assert protocol.training_corpora("speech") == protocol.test_corpora() == ["ravdess", "savee"]
    assert protocol.for_modality("speech") == protocol.for_modality("face") == replace(protocol, description="")


def test_only_random_clips_leaks_speakers():
    assert RandomClips.leaks_speakers and not SpeakerIndependent.leaks_speakers and not CrossCorpus.leaks_speakers


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        (replace(WITHIN, folds=[]), r"protocol\.folds=\[\]: a list of lists of test actors, or null"),
        (replace(WITHIN, folds=[[1], []]), "a list of lists of test actors"),
        (replace(WITHIN, folds=[1, 2]), "a list of lists of test actors"),
        (replace(WITHIN, folds=5), "a list of lists of test actors"),
        (replace(WITHIN, folds=[[1.5]]), "a list of lists of test actors"),
        (replace(WITHIN, folds=[[True]]), "a list of lists of test actors"),
        (replace(WITHIN, folds=[[1, 2], ["02"]]), "actor 02 is tested in more than one fold"),
        (replace(WITHIN, number_of_folds=1), r"protocol\.number_of_folds=1: from 2 to 1000"),
        (
            replace(WITHIN, number_of_folds=7, folds=[[1], [2]]),
            r"number_of_folds=7 has no effect, as protocol\.folds names 2 folds; remove it, or set .*\.folds=null",
        ),
        (replace(WITHIN, corpora=[]), r"protocol\.corpora=\[\]: at least 1 entry, each once"),
        (replace(WITHIN, corpora=["a", "a"]), r"protocol\.corpora=\[a,a\]"),
        (replace(WITHIN, validation=1.0), r"protocol\.validation=1\.0: from 0 to below 1"),
        (replace(WITHIN, validation=-0.1), r"protocol\.validation=-0\.1"),
        (replace(WITHIN, seed=-1), r"protocol\.seed=-1"),
        (RandomClips(corpora=["a"], number_of_folds=0), r"protocol\.number_of_folds=0"),
        (replace(ACROSS, train={}), r"protocol\.train={}: at least 1 entry"),
        (replace(ACROSS, train={"face": []}), r"protocol\.train\.face=\[\]: at least 1 entry, each once"),
        (replace(ACROSS, train={"face": ["a", "a"]}), r"protocol\.train\.face=\[a,a\]"),
        (replace(ACROSS, test=[]), r"protocol\.test=\[\]: at least 1 entry, each once"),
        (replace(ACROSS, test=["a", "a"]), r"protocol\.test=\[a,a\]"),
    ],
)
def test_bad_values_are_refused_before_anything_runs(protocol, message):
    with pytest.raises(EmofusionError, match=message):
        fields.check(protocol, "protocol")


def test_good_values_pass():
    for protocol in (WITHIN, ACROSS, RandomClips(corpora=["a", "b"]), replace(WITHIN, folds=[[1, "02"], ["x-F01"]])):
        fields.check(protocol, "protocol")


def test_importing_all_protocols_imports_nothing_that_is_slow():
    code = (
        "import sys; from emofusion.settings import registry; print(*registry.kinds('protocols'));"
        "print(*sorted({'numpy', 'pandas', 'torch', 'librosa', 'sklearn'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert answer.splitlines() == [
        "cross_corpus held_out leave_one_group_out own_split random_clips speaker_independent test_only",
        "",
    ]


@pytest.mark.parametrize("protocol", [WITHIN, ACROSS, RandomClips(corpora=["a"]), replace(WITHIN, folds=[[1], ["02"]])])
def test_protocols_survive_hydra_and_json(protocol):
    assert OmegaConf.to_object(OmegaConf.structured(protocol)) == protocol
    assert decode(encode(protocol)) == protocol
