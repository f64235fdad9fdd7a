"""The settings of the corpora: which values are refused, and what the plan asks of a corpus."""

import subprocess
import sys
from dataclasses import replace

import pytest
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from emofusion.corpora.crema_d import CremaD
from emofusion.corpora.demo.settings import DemoSettings
from emofusion.corpora.emodb import EmoDb
from emofusion.corpora.folder import Folder
from emofusion.corpora.kdef import Kdef
from emofusion.corpora.meld import Meld
from emofusion.corpora.ravdess import Ravdess
from emofusion.corpora.savee import Savee
from emofusion.corpora.tess import Tess
from emofusion.errors import EmofusionError
from emofusion.settings import registry
from emofusion.settings.encoding import decode, encode
from emofusion.settings.fields import check

KINDS = {
    "crema_d": CremaD,
    "emodb": EmoDb,
    "folder": Folder,
    "kdef": Kdef,
    "meld": Meld,
    "ravdess": Ravdess,
    "savee": Savee,
    "tess": Tess,
}


def test_importing_all_corpora_imports_nothing_that_is_slow():
    code = (
        "import sys; from emofusion.settings import registry; print(*registry.kinds('corpora'));"
        "import emofusion.corpora.demo.generator, emofusion.corpora.ravdess.download, emofusion.corpora.common.read;"
        "import emofusion.corpora.crema_d.download, emofusion.corpora.crema_d.votes;"
        "slow = {'numpy', 'pandas', 'torch', 'librosa', 'sklearn', 'scipy', 'soundfile', 'av', 'PIL', 'requests'};"
        "print(*sorted(slow & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert answer.splitlines() == [" ".join(KINDS), ""]


def test_the_kinds_and_what_they_provide():
    assert registry.kinds("corpora") == KINDS
    assert {name: kind.provides for name, kind in KINDS.items()} == {
        "crema_d": ("audio", "video"),
        "emodb": ("audio",),
        "folder": ("audio", "image", "video"),
        "kdef": ("image",),
        "meld": ("audio", "video", "text"),
        "ravdess": ("audio", "video", "action_units", "landmarks"),
        "savee": ("audio",),
        "tess": ("audio",),
    }


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        (Savee(), r"corpora\.mine\.root: say in which folder the corpus is"),
        (Kdef(angles=[]), r"corpora\.mine\.angles=\[\]: "),
        (
            Kdef(angles=["upwards"]),
            r"corpora\.mine\.angles=\[upwards\]: at least 1 entry, each once, out of full_left, half_left",
        ),
        (Kdef(angles=["straight", "straight"]), r"corpora\.mine\.angles=\[straight,straight\]: "),
        (
            Ravdess(media=["smell"]),
            r"corpora\.mine\.media=\[smell\]: each once, out of audio, video, action_units, landmarks",
        ),
        (Ravdess(media=["audio", "audio"]), r"corpora\.mine\.media=\[audio,audio\]: "),
        (
            Ravdess(root="a", download=True, zenodo=""),
            r"corpora\.mine\.zenodo=: an address such as https://zenodo\.org",
        ),
        (Ravdess(root="a", download=True, zenodo="zenodo.org"), r"corpora\.mine\.zenodo=zenodo\.org"),
        (Ravdess(root="a", known_files={"a.zip": 3}), r"corpora\.mine\.known_files\.a\.zip=3: size and md5"),
        (Ravdess(root="a", known_files={"a.zip": {"sha": "x"}}), r"known_files\.a\.zip=.*: size and md5"),
        (
            Ravdess(root="a", known_files={"a.zip": {"size": 0}}),
            r"known_files\.a\.zip\.size=0: a number of bytes",
        ),
        (Ravdess(root="a", known_files={"a.zip": {"size": "big"}}), r"known_files\.a\.zip\.size=big"),
        (
            Ravdess(root="a", known_files={"a.zip": {"md5": "12"}}),
            r"known_files\.a\.zip\.md5=12: 32 hex",
        ),
        (CremaD(root="a", download=True, repository="master"), r"corpora\.mine\.repository=master: an address"),
        (CremaD(root="a", age_bands=[50, 35]), r"corpora\.mine\.age_bands=\[50, 35\]: in ascending order"),
        (CremaD(root="a", added_votes=-1), r"corpora\.mine\.added_votes=-1: "),
        (EmoDb(), r"corpora\.mine\.root: say in which folder"),
        (Tess(), r"corpora\.mine\.root: say in which folder"),
        (Meld(root="a", genders={"Janice": "woman"}), r"corpora\.mine\.genders="),
        (Savee(demo=DemoSettings(layout="savee", people=5)), r"corpora\.mine\.demo\.people=5: at most 4"),
        (Savee(demo=DemoSettings(layout="kdef")), r"corpora\.mine\.demo\.layout=kdef"),
        (Ravdess(demo=DemoSettings(layout="savee")), r"corpora\.mine\.demo\.layout=savee"),
        (Folder(table="clips.csv", labels={"joy": " "}), r"corpora\.mine\.labels="),
    ],
)
def test_bad_values_are_refused_before_anything_runs(corpus, message):
    with pytest.raises(EmofusionError, match=message):
        check(corpus, "corpora.mine")


@pytest.mark.parametrize(
    ("kind", "values", "named"),
    [
        (Kdef, {"angels": ["straight"]}, "angels"),
        (Kdef, {"angles": "straight"}, "angles"),
        (Savee, {"exclude": "a.wav"}, "exclude"),
        (Savee, {"demo": {"layout": "savee", "people": "some"}}, "people"),
        (Ravdess, {"download": "perhaps"}, "download"),
        (Folder, {}, "table"),
        (Folder, {"table": "clips.csv", "labels": "happy"}, "labels"),
        (Folder, {"table": "clips.csv", "demo": None}, "demo"),
    ],
)
def test_values_of_another_type_and_unknown_settings_are_refused(kind, values, named):
    with pytest.raises(OmegaConfBaseException, match=named):
        OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(kind), values))


@pytest.mark.parametrize(
    "corpus",
    [
        Kdef(root="a", demo=DemoSettings(layout="kdef")),
        Savee(root="a", exclude=["*.wav"]),
        Ravdess(
            root="a", known_files={"a.zip": {"size": 3, "md5": "0" * 32}, "b.zip": {}}, media=["audio"], download=True
        ),
        Folder(table="clips.csv", labels={"joy": "happy"}),
        CremaD(root="a", download=True, age_bands=[], media=["video"]),
        Meld(root="a", genders={"Janice": "female"}),
        EmoDb(root="a"),
        Tess(root="a"),
    ],
)
def test_good_values_pass_and_survive_hydra_and_json(corpus):
    check(corpus, "corpora.mine")
    assert OmegaConf.to_object(OmegaConf.structured(corpus)) == corpus
    assert decode(encode(corpus)) == corpus
    for preparation in (corpus.generator("mine"), corpus.fetching("mine", "audio")):
        assert decode(encode(preparation)) == preparation


def test_what_a_modality_reads_of_ravdess():
    ravdess = Ravdess(root="data", download=True, demo=DemoSettings(layout="ravdess"))
    assert ravdess.for_medium("audio").at("made") == Ravdess(root="made", zenodo="", media=["audio"])
    both = replace(ravdess, media=["video", "action_units"])
    assert both.for_medium("action_units").media == ["action_units", "video"]
    assert both.for_medium("audio").media == ["audio", "video", "action_units"]
    scored = both.without_recordings("theirs.csv")
    assert scored == Ravdess(zenodo="", names_from="theirs.csv")
    assert scored.generator("mine") is None and scored.fetching("mine", "audio") is None


def test_what_is_fetched_of_ravdess():
    ravdess = Ravdess(root="data", download=True)
    assert ravdess.fetching("mine", "posteriors") is None and ravdess.fetching("mine", "table") is None
    # what is said is known from the names of sound files, and from names that a table has
    assert ravdess.fetching("mine", "text").media == ravdess.for_medium("text").media == ["audio"]
    named = replace(ravdess, names_from="theirs.csv")
    assert named.fetching("mine", "text") is None and named.for_medium("text").names_from == "theirs.csv"


def test_what_needs_no_recordings_of_the_others():
    own = Folder(table="clips.csv")
    assert own.without_recordings("theirs.csv") == replace(own, recordings=False)
    assert own.for_medium("audio") == own and own.generator("mine") is None and own.fetching("mine", "audio") is None
    assert Kdef(root="a").without_recordings("theirs.csv") == Kdef(root="a") == Kdef(root="a").for_medium("image")
