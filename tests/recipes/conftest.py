"""The recipes of docs/corpora.md: their files, their commands, and small corpora in the layouts that they expect."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emofusion.corpora.crema_d.names import EMOTIONS as CREMA_D
from emofusion.corpora.crema_d.names import STATEMENTS
from emofusion.corpora.crema_d.votes import LETTERS
from emofusion.corpora.emodb import EMOTIONS as EMODB
from emofusion.corpora.emodb import SPEAKERS
from emofusion.corpora.tess import EMOTIONS as TESS

_BLOCK = re.compile(r"^```(?:python|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^# (\S+\.(?:py|yaml))$", re.MULTILINE)
RATE = 8000


def files_of(page: Path) -> dict[str, str]:
    """File → text, of every block of Python or YAML on the page that names its file in its first comments."""
    blocks = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return {named[1]: text for text in blocks if (named := _FILE.search(text))}


class Voices:
    """Writes noisy tones, whose pitch depends on the emotion, into files."""

    def __init__(self):
        self.random = np.random.default_rng(0)

    def write(self, path: Path, emotion: int) -> None:
        """A recording of 0.3 s. emotion: its number, from 0."""
        path.parent.mkdir(parents=True, exist_ok=True)
        times = np.arange(int(RATE * 0.3)) / RATE
        tone = np.sin(2 * np.pi * (300 + 350 * emotion + self.random.normal(0, 40)) * times)
        soundfile.write(path, 0.3 * tone + 0.05 * self.random.normal(size=times.size), RATE)


def emodb(root: Path, voices: Voices) -> None:
    for speaker in SPEAKERS:
        for number, letter in enumerate(EMODB):
            voices.write(root / "wav" / f"{speaker}a01{letter}a.wav", number)


def tess(root: Path, voices: Voices) -> None:
    for speaker in ("OAF", "YAF"):
        for number, emotion in enumerate(TESS):
            for word in ("back", "bar", "base", "bath"):
                voices.write(root / f"{speaker}_{emotion}" / f"{speaker}_{word}_{emotion}.wav", number)


def crema_d(root: Path, voices: Voices) -> None:
    """All 91 actors, because the protocol names them, with the votes of ten raters of each kind."""
    letters = list(LETTERS)
    votes = ['"",' + ",".join(f'"{letter}"' for letter in letters) + ',"fileName"']
    for actor in range(1001, 1092):
        for number, emotion in enumerate(CREMA_D):
            clip = f"{actor}_{list(STATEMENTS)[number]}_{emotion}_XX"
            voices.write(root / "AudioWAV" / f"{clip}.wav", number)
            for kind in (1, 2, 3):
                counted = voices.random.multinomial(10, [0.1 + 0.5 * (n == number) for n in range(6)] / np.float64(1.1))
                votes.append(f'"{kind}{len(votes):05d}",{",".join(map(str, counted))},"{clip}"')
    people = ['"ActorID","Age","Sex","Race","Ethnicity"']
    for actor in range(1001, 1092):
        people.append(f'{actor},{20 + actor % 50},"{"Male" if actor % 2 else "Female"}","Asian","Hispanic"')
    (root / "VideoDemographics.csv").write_text("\n".join(people) + "\n")
    (root / "tabulatedVotes.csv").write_text("\n".join(votes) + "\n")


def meld(root: Path, voices: Voices) -> None:
    words = {"anger": "go away", "disgust": "how foul", "fear": "run now", "joy": "so glad", "neutral": "the bus"}
    words |= {"sadness": "poor me", "surprise": "no way"}
    folders = {"train": "train_splits", "dev": "dev_splits_complete", "test": "output_repeated_splits_test"}
    for part, folder in folders.items():
        lines = ["Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"]
        for dialogue, speaker in enumerate(("Ross", "Monica", "Joey", "Janice")):
            for number, (emotion, said) in enumerate(words.items()):
                lines.append(f'1,"{said}, {speaker}",{speaker},{emotion},x,{dialogue},{number},1,1,x,x')
                voices.write(root / folder / f"dia{dialogue}_utt{number}.wav", number)
        (root / f"{part}_sent_emo.csv").write_text("\n".join(lines) + "\n")


def iemocap(root: Path, voices: Voices) -> None:
    labels = ("neu", "hap", "sad", "ang", "exc", "fru", "xxx")
    for session in range(1, 6):
        folder = root / f"Session{session}"
        for worn in "FM":
            name = f"Ses{session:02d}{worn}_impro01"
            said, lines = [], ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
            for number, label in enumerate(labels):
                for speaker in "FM":
                    clip = f"{name}_{speaker}{number:03d}"
                    lines += [f"[{number}.0100 - {number}.5000]\t{clip}\t{label}\t[2.5000, 2.5000, 2.5000]"]
                    lines += ["C-E2:\tNeutral;\t()", ""]
                    said.append(f"{clip} [000.0100-000.5000]: Excuse me.")
                    voices.write(folder / "sentences/wav" / name / f"{clip}.wav", min(number, 3))
            for path, text in {
                folder / "dialog/EmoEvaluation" / f"{name}.txt": lines,
                folder / "dialog/transcriptions" / f"{name}.txt": said,
            }.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("\n".join(text) + "\n")


def mine(root: Path, voices: Voices) -> None:
    rows = ["actor,gender,emotion,audio"]
    for actor in range(1, 11):
        for number, emotion in enumerate(("neutral", "joy", "sad", "angry", "fear", "disgust")):
            voices.write(root / f"{actor}_{number}.wav", number)
            rows.append(f"{actor},{'female' if actor % 2 else 'male'},{emotion},{actor}_{number}.wav")
    (root / "clips.csv").write_text("\n".join(rows) + "\n")


@pytest.fixture(scope="session")
def page(repository) -> Path:
    return repository / "docs" / "corpora.md"


@pytest.fixture(scope="session")
def reader(repository, page, tmp_path_factory):
    """A folder in which a reader of the page works: the workflow, the page's files, and the corpora in `data/`."""
    folder = tmp_path_factory.mktemp("reader")
    for name in ("conf", "workflow", "profiles"):
        shutil.copytree(repository / name, folder / name)
    shutil.copy(repository / "Snakefile", folder)
    for name, text in files_of(page).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    voices = Voices()
    for write in (emodb, tess, crema_d, meld, iemocap, mine):
        write(folder / "data" / write.__name__, voices)
    return folder
