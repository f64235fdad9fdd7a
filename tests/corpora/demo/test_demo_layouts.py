import hashlib
from dataclasses import replace

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.demo import layouts
from emofusion.corpora.demo.generator import Generator, generate
from emofusion.corpora.demo.settings import DemoSettings
from emofusion.corpora.kdef import Kdef
from emofusion.corpora.ravdess import Ravdess
from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.corpora.savee import Savee
from emofusion.errors import EmofusionError

SMALL = {
    "kdef": DemoSettings(layout="kdef", seed=5, people=3, size=64, angles=["straight", "full_left"]),
    "savee": DemoSettings(layout="savee", seed=5, people=2, utterances=2, seconds=0.6),
    "ravdess": DemoSettings(layout="ravdess", seed=5, people=2, size=64, seconds=0.6, frame_rate=5),
}
READERS = {
    "kdef": Kdef(demo=SMALL["kdef"], angles=["straight", "full_left"]),
    "savee": Savee(demo=SMALL["savee"]),
    "ravdess": Ravdess(demo=SMALL["ravdess"], media=["audio", "video"]),
}


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    root = tmp_path_factory.mktemp("demo")
    for layout, settings in SMALL.items():
        generate(settings, root / layout)
    return root


def clips(corpora, layout):
    return read_corpus(layout, READERS[layout].at(str(corpora / layout)), corpora / "unpacked")


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_kdef_native_names_and_labels(corpora):
    table = clips(corpora, "kdef")
    assert len(table) == 3 * 7 * 2
    assert dict(table.groupby("actor")["gender"].first()) == {
        "kdef-F01": "female",
        "kdef-F02": "female",
        "kdef-M01": "male",
    }
    assert set(table["emotion"]) == set(EMOTIONS) - {"calm"}
    picture = corpora / "kdef" / "KDEF" / "AF01" / "AF01ANS.JPG"
    with Image.open(picture) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (48, 64))  # 562×762 in small


def test_savee_native_names_and_counts(corpora):
    table = clips(corpora, "savee")
    counts = table.groupby("emotion").size()
    assert counts["neutral"] == 2 * 4 and set(counts.drop("neutral")) == {2 * 2}
    assert set(table["actor"]) == {"savee-DC", "savee-JE"} and set(table["gender"]) == {"male"}
    assert (corpora / "savee" / "AudioData" / "DC" / "su02.wav").is_file()


def test_ravdess_native_names_and_counts(corpora):
    table = clips(corpora, "ravdess")
    assert len(table) == 2 * 30
    counts = table.groupby(["emotion", "intensity"]).size().unstack(fill_value=0)
    assert counts.loc["neutral"].to_dict() == {"normal": 4, "strong": 0}
    assert (counts.drop("neutral") == 4).all(axis=None)
    assert dict(table.groupby("actor")["gender"].first()) == {"ravdess-01": "male", "ravdess-02": "female"}
    assert table["video"].notna().all() and table["audio"].notna().all()


def test_a_video_has_the_pictures_and_the_voice_of_the_recording(corpora):
    folder = corpora / "ravdess" / "Actor_02"
    wav, rate = soundfile.read(folder / "03-01-03-02-01-01-02.wav")
    with av.open(str(folder / "01-01-03-02-01-01-02.mp4")) as video:
        assert video.streams.video[0].codec_context.name == "h264"
        assert video.streams.audio[0].codec_context.name == "aac"
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert frames[0].shape == (36, 64, 3)
    assert len(frames) == round(len(wav) / rate * 5)
    with av.open(str(folder / "01-01-03-02-01-01-02.mp4")) as video:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in video.decode(audio=0)])
    assert abs(len(sound) - len(wav)) < 2100  # AAC works in blocks of 1024
    # the two are the same but for the codec: they correlate where they are aligned best
    shorter = min(len(sound), len(wav))
    lags = np.fft.irfft(
        np.fft.rfft(sound[:shorter], 2 * shorter) * np.conj(np.fft.rfft(wav[:shorter], 2 * shorter)), 2 * shorter
    )
    assert lags.max() / np.linalg.norm(sound) / np.linalg.norm(wav) > 0.95


@pytest.mark.parametrize("layout", SMALL)
def test_the_same_settings_give_the_same_bytes(corpora, layout, tmp_path):
    generate(SMALL[layout], tmp_path / "again")
    assert contents(tmp_path / "again") == contents(corpora / layout)


def test_another_seed_gives_other_people_and_more_people_change_nobody(corpora, tmp_path):
    generate(replace(SMALL["savee"], seed=6), tmp_path / "other")
    generate(replace(SMALL["savee"], people=3), tmp_path / "more")
    before, other, more = (contents(folder) for folder in (corpora / "savee", tmp_path / "other", tmp_path / "more"))
    assert not set(before.values()) & set(other.values())
    assert before.items() < more.items()


def test_session_b_is_the_same_people_once_more(corpora, tmp_path):
    generate(replace(SMALL["kdef"], sessions=["A", "B"]), tmp_path / "both")
    both, before = contents(tmp_path / "both"), contents(corpora / "kdef")
    assert before.items() < both.items() and len(both) == 2 * len(before)
    assert both["KDEF/BF01/BF01ANS.JPG"] != both["KDEF/AF01/AF01ANS.JPG"]


@pytest.fixture
def drawn(monkeypatch):
    """A list that fills with the actions and the view of each picture that is drawn."""
    calls = []

    def record(shape, actions, view, rng):
        calls.append((actions, view))
        return np.zeros((view.height, view.width, 3), np.uint8)

    monkeypatch.setattr(layouts, "draw_face", record)
    return calls


def test_a_film_shows_its_expression_in_each_of_its_thirds(drawn, tmp_path, monkeypatch):
    # what a network sees are frames from the middle of equal segments
    films = []
    monkeypatch.setattr(layouts, "write_mp4", lambda path, pictures, *rest: films.append(len(pictures)))
    generate(DemoSettings(layout="ravdess", people=1, size=32), tmp_path / "films")
    stops = np.cumsum(films)
    assert stops[-1] == len(drawn)
    for start, stop in zip([0, *stops[:-1]], stops, strict=True):
        brow = np.array([actions["brow_raise"] for actions, _ in drawn[start:stop]])
        shown = np.abs(brow[[int((third + 0.5) * len(brow) / 3) for third in range(3)]])
        assert shown.min() > 0.75 * np.abs(brow).max()
        assert abs(brow[0]) < 0.9 * np.abs(brow).max()  # yet it comes and goes


def test_stills_stray_further_from_their_place_than_films(drawn, tmp_path):
    generate(replace(SMALL["kdef"], people=12, angles=["straight"]), tmp_path / "stills")
    stills = [view for _, view in drawn]
    drawn.clear()
    generate(replace(SMALL["ravdess"], people=2, frame_rate=1), tmp_path / "films")
    films = [view for _, view in drawn]

    def spread(views, name):
        values = np.array([getattr(view, name) for view in views])
        return values.std() / values.mean() if name == "scale" else values.std()

    for name in ("scale", "x", "y"):
        assert spread(stills, name) > 1.4 * spread(films, name)


def test_an_interrupted_attempt_leaves_nothing_that_looks_finished(tmp_path, monkeypatch):
    def interrupt(path, picture):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(layouts, "write_jpeg", interrupt)
        generate(SMALL["kdef"], tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()
    generate(SMALL["kdef"], tmp_path / "corpus")  # what is left of the first attempt is no obstacle
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_what_is_already_there_is_not_overwritten(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(EmofusionError, match="already exists"):
        generate(SMALL["savee"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_sample_rate_is_a_setting(tmp_path):
    generate(replace(SMALL["savee"], people=1, utterances=1, sample_rate=44_100), tmp_path / "native")
    samples, rate = soundfile.read(tmp_path / "native" / "AudioData" / "DC" / "n01.wav")
    assert rate == 44_100 and 0.4 < len(samples) / rate < 1.0


@pytest.mark.parametrize("layout", SMALL)
def test_a_generated_corpus_says_what_generates_it(layout, corpora, tmp_path):
    generator = READERS[layout].generator("mine")
    assert generator == Generator("mine", SMALL[layout]) and generator.label == "mine"
    recorded = READERS[layout].at("folder")
    assert recorded == replace(READERS[layout], root="folder", demo=None) and recorded.generator("mine") is None
    if layout == "kdef":
        generator.run(tmp_path / "stage")
        assert contents(tmp_path / "stage" / "corpus") == contents(corpora / "kdef")
