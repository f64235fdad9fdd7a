"""Each input of `catalogue.yaml` works, or ends in one message that names the file and says what is wrong with it."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.folder import Folder
from emofusion.errors import EmofusionError
from emofusion.features.action_units import ActionUnits
from emofusion.features.landmarks import Landmarks
from emofusion.features.table import Table
from emofusion.features.text import Text
from emofusion.plan.settings import PosteriorsSettings
from emofusion.predictions.posteriors import read_posteriors
from emofusion.protocols.common.split import make_split
from emofusion.protocols.own_split import OwnSplit
from emofusion.protocols.speaker_independent import SpeakerIndependent
from emofusion.settings import registry
from emofusion.settings.experiment import Emotions, Posteriors

ENTRIES = yaml.safe_load(Path(__file__).with_name("catalogue.yaml").read_text(encoding="utf-8"))
CASES = [(kind, made, said) for kind, entries in ENTRIES.items() for made, said in entries.items()]
WORKS = "works"
EXAMPLES = {"ravdess": "Actor_03/03-01-01-01-01-01-03.wav", "savee": "JK_a01.wav", "emodb": "09a01Fa.wav"}
EXAMPLES |= {"tess": "YAF_back_angry.wav", "kdef": "BM01/BM01ANS.JPG"}
CLIPS = pd.DataFrame({"clip": ["a", "b"], "corpus": "mine", "emotion": ["happy", "sad"], "actor": ["1", "2"]})


def one_clip(medium: str, folder: Path, path: Path) -> None:
    table = folder / "clips.csv"
    table.write_text(f"clip,actor,gender,emotion,{medium}\na,1,f,happy,{path.name}\n", encoding="utf-8")
    read_corpus("mine", Folder(table=str(table)), folder / "unpacked", medium)


def clip_table(folder: Path, path: Path, make) -> None:
    for name, expression in {"a": "wav(TONE)", "b": "wav(TONE / 2)"}.items():
        (folder / f"{name}.wav").write_bytes(make(expression))
    read_corpus("mine", Folder(table=str(path)), folder / "unpacked", "audio")


def file_name(folder: Path, name: str, make) -> None:
    kind, _, place = name.partition(" ")
    for number, path in enumerate([folder / "root" / place, folder / "root" / EXAMPLES[kind]], 250):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make(f"picture(grey(GREY % {number}), 'JPEG')" if kind == "kdef" else f"wav(TONE / {number})"))
    about = registry.kinds("corpora")[kind](root=str(folder / "root"))
    about.media = ["audio"]  # of kinds that have a choice
    read_corpus("mine", about, folder / "unpacked", "image" if kind == "kdef" else "audio")


def archive(folder: Path, path: Path) -> None:
    clips = read_corpus("mine", registry.kinds("corpora")["savee"](root=str(path)), folder / "unpacked", "audio")
    assert len(clips) == 2 and clips["audio"].map(lambda file: Path(file).stat().st_size > 1000).all()


def posteriors(path: Path) -> None:
    split = CLIPS.assign(gender="female", fold=[0, 1], split="test")
    split = pd.concat([split, split.assign(fold=[1, 0], split="train")])
    about = Posteriors(table=str(path), scale="probabilities")
    read_posteriors(PosteriorsSettings(about, {}), split, ["happy", "sad"])


def features(settings) -> None:
    settings.check_together("features")
    settings.check_present()
    compute = settings.prepare(CLIPS)
    rows = [compute(clip) for clip in CLIPS.itertuples(index=False)]
    assert all(row.shape == (1, *settings.row_shape()) and np.isfinite(getattr(row, "data", row)).all() for row in rows)


def folds(shown: str) -> None:
    """Divide clips into two folds; `shown` is what each actor shows, as in `1 happy sad, 2 happy`."""
    people = [part.split() for part in shown.split("|")[0].split(",")]
    rows = [(actor, *emotion.split(":")) for actor, *emotions in people for emotion in emotions]
    clips = pd.DataFrame([(*row, None)[:3] for row in rows], columns=["actor", "emotion", "split"])
    clips["clip"], clips["corpus"] = [f"c{number}" for number in range(len(clips))], "mine"
    clips["gender"] = ["male" if actor in "13579" else "female" for actor in clips["actor"]]
    clips["actor"] = "mine-" + clips["actor"]
    protocol = (
        OwnSplit(corpora=["mine"], validation=0)
        if clips["split"].notna().any()
        else SpeakerIndependent(corpora=["mine"], validation=0, folds=[["1"], ["2"]])
    )
    make_split(clips, protocol, Emotions(classes=["happy", "sad"]))


def read(kind: str, content, folder: Path, make) -> None:
    """Read an input as the workflow does. kind: the name that its file gets, or what is not a file."""
    path = folder / kind
    if kind == "names":
        return file_name(folder, content, make)
    if kind == "folds":
        return folds(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    if path.stem in ("audio", "image", "video"):
        return one_clip(path.stem, folder, path)
    return {
        "clips": lambda: clip_table(folder, path, make),
        "archive": lambda: archive(folder, path),
        "posteriors": lambda: posteriors(path),
        "numbers": lambda: features(Table(table=str(path))),
        "words": lambda: features(Text(table=str(path), column="said", bits=8)),
        "units": lambda: features(ActionUnits(table=str(path))),
        "points": lambda: features(Landmarks(table=str(path))),
    }[re.split("[-.]", kind)[0]]()


@pytest.mark.parametrize(("kind", "made", "said"), CASES)
def test_an_input_works_or_is_named_with_what_is_wrong(tmp_path, make, kind, made, said):
    content = made if kind in ("names", "folds") else make(made)
    if said == WORKS:
        read(kind, content, tmp_path, make)
        return
    with pytest.raises(EmofusionError) as refused:
        read(kind, content, tmp_path, make)
    message = str(refused.value)
    named = {"names": made.rpartition(" ")[2], "folds": "protocol|emotions", "clips.csv": r"clips\.csv|in a and"}
    assert said in message
    assert re.search(named.get(kind, re.escape(kind)), message)
    assert "Traceback" not in message and len(message) < 1500


def test_the_catalogue_has_its_size():
    assert len(CASES) >= 120
