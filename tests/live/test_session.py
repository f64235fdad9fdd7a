"""What is shown of sound and frames: the states, what counts and for how long, and how it is fused."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from emofusion.errors import EmofusionError
from emofusion.live import session as sessions
from emofusion.live.inputs import CAMERA, SOUND, Input
from emofusion.live.model import LiveModality
from emofusion.live.session import Session
from emofusion.live.settings import LiveSettings

CLASSES = ["happy", "sad"]
WHITE, BLACK = Image.new("RGB", (64, 48), "white"), Image.new("RGB", (64, 48))


class Brightness:
    """Sees a white frame, and nothing in a black one."""

    key, needs_past, looks_for_faces, rate = "brightness", False, True, None

    def __init__(self):
        self.looked = 0

    def see(self, image):
        self.looked += 1
        return np.array([0.9]) if image.getpixel((0, 0))[0] else None

    def rows(self, seen):
        return seen[-1].found[np.newaxis]


class Network:
    """The first value of a row is the posterior of the first class."""

    classes = CLASSES

    def posteriors(self, values, actor):
        return np.array([values[0, 0], 1 - values[0, 0]])


@dataclass
class Model:
    """A model of three modalities: sound, frames, and both. Fusion is the mean, or the weighted mean."""

    frames: Brightness = field(default_factory=Brightness)
    heard: float | Exception = 0.2
    classes: list[str] = field(default_factory=lambda: CLASSES)

    def __post_init__(self):
        def of_file(path):
            if isinstance(self.heard, Exception):
                raise self.heard
            return np.array([[self.heard]])

        sound = Input("sound", SOUND, of_file, None, None)
        camera = Input("camera", CAMERA, None, self.frames, lambda rows: rows)
        places = np.arange(2)
        self.inputs = [sound, camera]
        self.modalities = [
            LiveModality("speech", [(Network(), [sound])], "linear", places, 2),
            LiveModality("face", [(Network(), [camera])], "linear", places, 2),
            LiveModality("early", [(Network(), [sound, camera])], "linear", places, 2),
        ]

    def fuse(self, posteriors, weights):
        names = [one.name for one in self.modalities]
        shares = np.array([1.0 if weights is None else weights[names.index(name)] for name in posteriors])
        return np.average(list(posteriors.values()), axis=0, weights=shares)


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(sessions.time, "monotonic", lambda: now.seconds)
    return now


@pytest.fixture
def made(clock, tmp_path):
    return Session(Model(), LiveSettings(face_smoothing=0), tmp_path)


def hear(session, sound):
    """Push a conversation block by block until its first window was scored; returns the sound that is left."""
    for start in range(0, len(sound), 512):
        if session.hear(sound[start : start + 512]):
            return sound[start + 512 :]
    raise AssertionError("no window")


def test_before_anything_comes_nothing_is_shown(made):
    state = made.state()
    assert (state.sound, state.camera, state.posteriors, state.fused) == ("off", "off", {}, None)


def test_a_face_is_shown_while_it_is_seen_and_a_moment_longer(made, clock):
    made.look(WHITE, 7.0)
    state = made.state()
    assert (state.camera, state.frame, state.posteriors) == ("face", 7.0, {"face": pytest.approx([0.9, 0.1])})
    assert state.fused == pytest.approx([0.9, 0.1])
    clock.seconds += 0.4
    made.look(BLACK, 8.0)
    assert made.state().camera == "face"  # a frame in which it is not found does not count yet
    assert set(made.state().posteriors) == {"face"}
    clock.seconds += 0.2
    state = made.state()
    assert (state.camera, state.posteriors, state.fused) == ("no face", {}, None)
    assert made.model.frames.looked == 2  # once a frame, although two modalities read it


def test_speech_is_heard_scored_and_forgotten_and_fusion_rests_on_what_is_left(made, clock, conversation):
    sound, _ = conversation
    made.start_sound(16_000)
    assert not made.hear(sound[:8000]) and made.state().sound == "no speech"
    made.look(WHITE, 1.0)
    rest = hear(made, sound[8000:])
    state = made.state()
    assert state.sound == "speech" and state.heard == pytest.approx(2.5, abs=0.3)
    assert state.posteriors == {
        "speech": pytest.approx([0.2, 0.8]),
        "face": pytest.approx([0.9, 0.1]),
        "early": pytest.approx([0.2, 0.8]),
    }
    assert state.fused == pytest.approx([1.3 / 3, 1.7 / 3])
    made.weights = (0.5, 0.5, 0.0)
    assert made.state().fused == pytest.approx([0.55, 0.45])
    assert not list(made.folder.iterdir())  # the window is not kept
    clock.seconds += 1
    made.look(WHITE, 1001.0)
    clock.seconds += 1.1
    made.look(WHITE, 2101.0)
    assert not made.hear(rest[:512])
    state = made.state()  # 2.1 s after the last window
    assert set(state.posteriors) == {"face"} and state.sound == "listening"
    assert state.fused == pytest.approx([0.9, 0.1])
    made.hear(np.concatenate([rest[: 16_000 * 2], np.zeros(32_000, np.float32)]))
    assert made.state().sound == "pause"  # the last window was scored when the utterance was over
    clock.seconds += 1.4
    made.hear(np.zeros(512, np.float32))
    clock.seconds += 1
    assert made.state().sound == "no speech"


def test_where_nothing_comes_any_more_this_is_said(made, clock, conversation):
    made.start_sound(16_000)
    hear(made, conversation[0])
    made.look(WHITE, 1.0)
    clock.seconds += 1.4
    assert (made.state().sound, made.state().camera) == ("speech", "face")
    clock.seconds += 0.2
    state = made.state()
    assert (state.sound, state.camera) == ("no sound", "no frames") and set(state.posteriors) == {"speech"}


def test_where_frames_come_seldom_a_face_counts_until_the_next_one(made, clock):
    made.look(WHITE, 1.0)
    clock.seconds += 1.2
    assert made.state().camera == "face" and made.state().posteriors
    made.look(BLACK, 1200.0)
    assert made.state().camera == "no face" and not made.state().posteriors


def test_where_a_face_comes_back_nothing_of_before_is_shown_until_it_is_scored(made, clock):
    made.look(WHITE, 1.0)
    clock.seconds += 1
    made.look(BLACK, 1000.0)
    assert not made.state().posteriors
    made.model.frames.rows = lambda seen: None  # as of landmarks, which need more frames than one
    clock.seconds += 0.2
    made.look(WHITE, 1200.0)
    assert made.state().camera == "face" and not made.state().posteriors and made.state().fused is None


def test_without_features_that_look_for_a_face_a_picture_is_said_to_be_seen(clock, tmp_path):
    model = Model()
    model.frames.looks_for_faces = False
    session = Session(model, LiveSettings(), tmp_path)
    session.look(WHITE, 1.0)
    assert session.state().camera == "picture"


@pytest.mark.parametrize("sent", [5.0, 4.0, np.nan, np.inf])
def test_a_frame_that_is_no_later_is_left_out_and_counted(made, sent):
    made.look(WHITE, 5.0)
    made.look(WHITE, sent)
    assert made.state().dropped_frames == 1 and made.state().frame == 5.0 and made.model.frames.looked == 1


def test_after_lost_sound_times_go_on_behind_it_and_no_window_spans_the_gap(made, conversation):
    sound, _ = conversation
    made.start_sound(16_000)
    made.hear(sound[: 2 * 16_000])  # in the first turn
    made.lose_sound(8000)
    hear(made, sound[2 * 16_000 + 8000 :])
    whole = Session(made.model, made.settings, made.folder)
    whole.start_sound(16_000)
    hear(whole, sound)
    # the rest of the turn is an utterance of its own, whose first window ends later
    assert made.state().heard > whole.state().heard
    made.lose_sound(16_000 * 100)
    hear(made, sound)
    assert made.state().heard > 100


def test_an_error_of_a_network_is_told_for_frames_and_for_sound(made, conversation):
    def fails(values, actor):
        raise EmofusionError("the network gives no numbers.")

    for modality in made.model.modalities:
        modality.members[0][0].posteriors = fails
    made.look(WHITE, 1.0)
    made.start_sound(16_000)
    hear(made, conversation[0])
    assert made.state().trouble == "camera: the network gives no numbers.; sound: the network gives no numbers."
    assert made.state().frame == 1.0 and not list(made.folder.iterdir())


def test_what_reads_both_is_not_scored_without_a_face(made, conversation):
    made.start_sound(16_000)
    made.look(BLACK, 1.0)
    hear(made, conversation[0])
    assert set(made.state().posteriors) == {"speech"}


def test_of_windows_that_come_together_the_last_is_scored_and_the_others_are_counted(made, conversation):
    made.start_sound(16_000)
    assert made.hear(conversation[0])
    state = made.state()
    assert state.dropped_windows > 3 and state.heard > 10


def test_a_window_that_cannot_be_scored_is_told_and_the_next_one_is_scored(made, conversation):
    made.start_sound(16_000)
    made.model.heard = EmofusionError(f"{made.folder / 'window.wav'} is too short.")
    rest = hear(made, conversation[0])
    state = made.state()
    assert state.trouble == "sound: this window of speech is too short." and state.posteriors == {}
    made.model.heard = 0.3
    hear(made, rest)
    assert made.state().trouble == "" and made.state().posteriors["speech"] == pytest.approx([0.3, 0.7])


def test_posteriors_are_smoothed_over_time(made):
    smooth = Session(made.model, LiveSettings(face_smoothing=1.0), made.folder)
    smooth.look(WHITE, 1000.0)
    made.model.frames.see = lambda image: np.array([0.1])
    smooth.look(WHITE, 2000.0)
    weight = np.exp(-1)
    assert smooth.state().posteriors["face"][0] == pytest.approx((0.9 * weight + 0.1) / (1 + weight))


def test_frames_of_the_past_are_forgotten(made):
    for number in range(100):
        made.look(WHITE, 100.0 * number)
    assert len(made._frames) == 31  # 3 s and the last one
