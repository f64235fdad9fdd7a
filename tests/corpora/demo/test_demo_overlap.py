"""Are the corpora honest? Judged by plain features and plain classifiers that know nothing of how they were made."""

from dataclasses import dataclass

import av
import numpy as np
import pytest
import soundfile
from PIL import Image
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from emofusion.corpora.demo.generator import generate
from emofusion.corpora.demo.settings import DemoSettings
from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.features.common.sound.compiled import librosa

KDEF = {"AF": 5, "AN": 4, "DI": 6, "HA": 2, "NE": 0, "SA": 3, "SU": 7}
SAVEE = {"a": 4, "d": 6, "f": 5, "h": 2, "n": 0, "sa": 3, "su": 7}
CHANCE = 1 / len(EMOTIONS)


def hear(path):
    """Statistics of MFCC, and of pitch in octaves where it is loud."""
    samples, rate = soundfile.read(path)
    mfcc = librosa.feature.mfcc(y=samples, sr=rate, n_mfcc=20, n_fft=512, hop_length=256)
    pitch = np.log2(librosa.yin(samples, fmin=60, fmax=700, sr=rate, frame_length=1024, hop_length=256))
    pitch = pitch[mfcc[0, : len(pitch)] > np.median(mfcc[0])]
    half = len(pitch) // 2
    course = [pitch.mean(), pitch.std(), pitch[half:].mean() - pitch[:half].mean(), np.abs(np.diff(pitch)).mean()]
    return np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1), course, [len(samples) / rate]])


def see(image):
    """Grey pixels of the middle of the letterboxed picture."""
    image = image.convert("L")
    scale = 48 / max(image.size)
    small = image.resize([round(side * scale) for side in image.size], Image.Resampling.BOX)
    boxed = Image.new("L", (48, 48))
    boxed.paste(small, ((48 - small.width) // 2, (48 - small.height) // 2))
    pixels = np.asarray(boxed, dtype=float)[11:37, 11:37]
    return ((pixels - pixels.mean()) / pixels.std()).ravel()


def see_middle(path):
    with av.open(str(path)) as video:
        frames = list(video.decode(video=0))
    return see(frames[len(frames) // 2].to_image())


def _svm(cost):
    return CalibratedClassifierCV(SVC(C=cost), ensemble=False, cv=3)


def listener():
    return make_pipeline(StandardScaler(), _svm(3))


def viewer():
    return make_pipeline(PCA(60, random_state=0), _svm(10))


@dataclass
class Corpus:
    emotion: np.ndarray
    actor: np.ndarray
    voice: np.ndarray
    face: np.ndarray


@pytest.fixture(scope="module")
def ravdess(tmp_path_factory) -> Corpus:
    root = tmp_path_factory.mktemp("demo") / "ravdess"
    generate(DemoSettings(layout="ravdess", people=12, frame_rate=2, size=64), root)
    sounds = sorted(root.rglob("*.wav"))
    return Corpus(
        emotion=np.array([int(path.stem[6:8]) - 1 for path in sounds]),
        actor=np.array([int(path.stem[-2:]) for path in sounds]),
        voice=np.array([hear(path) for path in sounds]),
        face=np.array([see_middle(path.with_name(f"01{path.stem[2:]}.mp4")) for path in sounds]),
    )


def scored(corpus, splitter):
    """Accuracy of voice, face, and the product and mean of their probabilities."""
    folds = list(splitter.split(corpus.voice, groups=corpus.actor if isinstance(splitter, GroupKFold) else None))
    voice, face = (
        cross_val_predict(model, rows, corpus.emotion, cv=folds, method="predict_proba")
        for model, rows in ((listener(), corpus.voice), (viewer(), corpus.face))
    )
    return [(p.argmax(axis=1) == corpus.emotion).mean() for p in (voice, face, voice * face, voice + face)]


@pytest.fixture(scope="module")
def by_speakers(ravdess):
    return scored(ravdess, GroupKFold(4))


def test_neither_channel_is_at_chance_or_perfect(by_speakers):
    voice, face, *_ = by_speakers
    assert 0.35 < voice < 0.75
    assert 0.35 < face < 0.75


def test_fusion_is_better_than_either_channel(by_speakers):
    voice, face, product, mean = by_speakers
    assert min(product, mean) > max(voice, face) + 0.03
    assert product < 0.95


def test_random_clips_score_higher_than_unknown_speakers(ravdess, by_speakers):
    voice, face, *_ = scored(ravdess, KFold(4, shuffle=True, random_state=0))
    assert voice > by_speakers[0] + 0.03
    assert face > by_speakers[1] + 0.03


def test_faces_of_kdef_teach_those_of_ravdess(ravdess, tmp_path):
    generate(DemoSettings(layout="kdef", people=16, size=64), tmp_path / "kdef")
    pictures = sorted(tmp_path.rglob("*.JPG"))
    rows = np.array([see(Image.open(path)) for path in pictures])
    model = viewer().fit(rows, [KDEF[path.stem[4:6]] for path in pictures])
    known = ravdess.emotion != EMOTIONS.index("calm")
    assert (model.predict(ravdess.face[known]) == ravdess.emotion[known]).mean() > 2.5 * CHANCE


def test_voices_of_savee_teach_those_of_ravdess_women_included(ravdess, tmp_path):
    generate(DemoSettings(layout="savee", people=4, utterances=5), tmp_path / "savee")
    sounds = sorted(tmp_path.rglob("*.wav"))
    rows = np.array([hear(path) for path in sounds])
    model = listener().fit(rows, [SAVEE[path.stem.rstrip("0123456789")] for path in sounds])
    known = ravdess.emotion != EMOTIONS.index("calm")
    right = model.predict(ravdess.voice[known]) == ravdess.emotion[known]
    men = ravdess.actor[known] % 2 == 1
    assert right[men].mean() > 2.5 * CHANCE
    assert right[~men].mean() > 2.5 * CHANCE
