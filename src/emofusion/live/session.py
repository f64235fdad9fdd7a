"""One person in front of a camera and a microphone: what was seen and heard last, and what follows from it."""

import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emofusion.errors import EmofusionError
from emofusion.features.common.arrays import Array
from emofusion.features.common.frames import Seen
from emofusion.live.inputs import CAMERA, SOUND, look
from emofusion.live.model import LiveModality, LiveModel, Posterior
from emofusion.live.settings import LiveSettings
from emofusion.live.sound import Microphone, SpeechWindow
from emofusion.speech_activity.settings import RATE
from emofusion.speech_activity.smoothing import Smoothing

# what is said of the sound and of the camera
OFF, NO_SOUND, NO_SPEECH, LISTENING, SPEECH, PAUSE = "off", "no sound", "no speech", "listening", "speech", "pause"
NO_FRAMES, NO_FACE, FACE, PICTURE = "no frames", "no face", "face", "picture"
_SILENT = 1.5  # seconds without a block of sound or a frame, after which it is said that none come
_MOST_FRAMES = 1000  # that are remembered, whatever their times are


@dataclass
class _Shown:
    """The last posterior of a modality, smoothed. at: when it was computed, by `time.monotonic`."""

    posterior: Posterior
    at: float


@dataclass
class State:
    """What is shown.

    sound: `off`; `no sound`, where none comes; `no speech`; `listening`, where somebody speaks, too briefly as yet;
    `speech`; or `pause`, where nobody speaks and what was last heard still counts. camera: `off`; `no frames`, where
    none come; `no face`; `face`; or `picture`, where no feature looks for a face. posteriors: modality → (classes,),
    calibrated, of those that count now. fused: (classes,); None where none counts. frame: the time of the last frame,
    as it was sent. heard: the end of the last window of speech, in seconds of the sound; None before it.
    dropped_frames, dropped_windows: how many were not scored, because newer ones had come. trouble: why something could
    not be scored; empty without.
    """

    sound: str
    camera: str
    posteriors: dict[str, list[float]]
    fused: list[float] | None
    frame: float | None
    heard: float | None
    dropped_frames: int
    dropped_windows: int
    trouble: str


@dataclass
class Session:
    """Sound and frames come in, and the state goes out.

    `hear` and `look` may run in two threads at once; neither may run twice at once. `state` and `lose_sound` may be
    called at any time.

    model: that scores. settings: of windows and smoothing. folder: for a file with the present window of sound.
    weights: of the modalities, for the weighted mean of posteriors; None: the rule of the model.
    """

    model: LiveModel
    settings: LiveSettings
    folder: Path
    weights: tuple[float, ...] | None = None
    dropped_frames: int = 0
    dropped_windows: int = 0
    _microphone: Microphone | None = None
    _lost: int = 0  # samples since the last call of `hear`
    _shown: dict[str, _Shown] = field(default_factory=dict)
    _frames: deque[tuple[float, dict[Any, Any]]] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    _scores_window: bool = False
    _heard: float | None = None
    _frame: float | None = None
    _finds: bool = False  # whether the last frame showed a face, or a picture where no face is looked for
    # by `time.monotonic`
    _sound_at: float = -np.inf
    _looked_at: float = -np.inf
    _found_at: float = -np.inf
    _trouble: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        speech, face = self.settings.speech.smoothing, self.settings.face_smoothing
        self._smoothing = {
            one.name: Smoothing(face if one.media == {CAMERA} else speech) for one in self.model.modalities
        }
        frames = [one.frames for one in self.model.inputs if one.frames is not None]
        self._looks_for_faces = {one.key for one in frames if one.looks_for_faces}

    def start_sound(self, rate: int) -> None:
        """A microphone begins. rate: in Hz."""
        self._microphone = Microphone(rate, self.settings.speech)
        self._sound_at = time.monotonic()

    def lose_sound(self, samples: int) -> None:
        """So many samples come no more. An utterance ends there, and times go on behind it."""
        self._lost += samples

    def hear(self, samples: NDArray[np.float32]) -> bool:
        """Take the next sound, float32 `(samples,)`. Returns whether a window was scored.

        Of several windows that are complete at once, the last one is scored.
        """
        assert self._microphone is not None
        self._sound_at = time.monotonic()
        if lost := self._lost:
            self._lost -= lost
            begins = self._microphone.seconds + lost / self._microphone.rate
            self._microphone = Microphone(self._microphone.rate, self.settings.speech, begins)
        windows = self._microphone.push(samples)
        if not windows:
            return False
        self.dropped_windows += len(windows) - 1
        self._scores_window = True
        try:
            self.score_window(windows[-1], self._microphone.rate)
        finally:
            self._scores_window = False
        return True

    def look(self, image: Image.Image, sent: float) -> None:
        """Look at a frame.

        image: upright, in RGB. sent: its time as it was sent, in milliseconds. A frame that is no later than the one
        before is left out, and counted.
        """
        at = sent / 1000
        if not np.isfinite(at) or (self._frames and at <= self._frames[-1][0]):
            self.dropped_frames += 1
            return
        try:
            found = look(image, self.model.inputs)
            self._frames.append((at, found))
            while self._frames[0][0] < at - self.settings.face_window:
                self._frames.popleft()
            looked_for = self._looks_for_faces or found.keys()
            finds = any(found[key] is not None for key in looked_for)
            alone = [one for one in self.model.modalities if one.media == {CAMERA}]
            values = self._values_of_camera(alone)
            now = time.monotonic()
            for modality in alone:
                self._show(modality, values, at, now)
            self._finds, self._looked_at = finds, now
            if finds:
                self._found_at = now
            self._trouble.pop(CAMERA, None)
        except EmofusionError as error:
            self._trouble[CAMERA] = str(error)
        self._frame = sent

    def state(self) -> State:
        """What is shown now."""
        frame, heard = self._frame, self._heard  # first, so that what they promise is there
        now = time.monotonic()
        counting = {
            one.name: self._shown[one.name].posterior
            for one in self.model.modalities
            if one.name in self._shown and self._counts(one, now)
        }
        fused = self.model.fuse(counting, self.weights) if counting else None
        return State(
            self._sound(now),
            self._camera(now),
            {name: self.model.fuse({name: posterior}, None).tolist() for name, posterior in counting.items()},
            None if fused is None else fused.tolist(),
            frame,
            heard,
            self.dropped_frames,
            self.dropped_windows,
            "; ".join(f"{name}: {reason}" for name, reason in dict(self._trouble).items()),
        )

    def score_window(self, window: SpeechWindow, rate: int) -> None:
        """Score a window of speech. rate: of its samples, in Hz."""
        path = self.folder / "window.wav"
        is_recent = time.monotonic() - self._looked_at <= self.settings.hold_face
        try:
            window.write(path, rate)
            values = self._values_of_camera(self._of_sound) if is_recent else {}
            for one in self.model.inputs:
                if one.medium == SOUND:
                    values[one.key] = one.heard(path)
            now = time.monotonic()
            for modality in self._of_sound:
                self._show(modality, values, window.end, now)
            self._trouble.pop(SOUND, None)
        except EmofusionError as error:
            self._trouble[SOUND] = str(error).replace(str(path), "this window of speech")
        finally:
            path.unlink(missing_ok=True)
        self._heard = window.end

    def _sound(self, now: float) -> str:
        if self._microphone is None:
            return OFF
        if now - self._sound_at > _SILENT:
            return NO_SOUND
        shown = [self._shown[one.name].at for one in self._of_sound if one.name in self._shown]
        counts = bool(shown) and now - max(shown) <= self.settings.hold_speech
        if self._microphone.hears_speech or self._scores_window:
            return SPEECH if counts else LISTENING
        return PAUSE if counts else NO_SPEECH

    def _camera(self, now: float) -> str:
        if self._frame is None:
            return OFF
        if now - self._looked_at > _SILENT:
            return NO_FRAMES
        if not self._finds and now - self._found_at > self.settings.hold_face:
            return NO_FACE
        return FACE if self._looks_for_faces else PICTURE

    def _counts(self, modality: LiveModality, now: float) -> bool:
        """Whether its last posterior counts. Where frames come seldom, that of the last frame counts until the next."""
        at = self._shown[modality.name].at
        if modality.media != {CAMERA}:
            return now - at <= self.settings.hold_speech
        return now - at <= (_SILENT if at == self._looked_at else self.settings.hold_face)

    @property
    def _of_sound(self) -> list[LiveModality]:
        """The modalities that read sound, also those that read frames, too."""
        return [one for one in self.model.modalities if SOUND in one.media]

    def _values_of_camera(self, modalities: list[LiveModality]) -> dict[str, Array]:
        """The values that modalities read from frames; none where the last frame shows no face."""
        frames = list(self._frames)
        values: dict[str, Array] = {}
        for one in (one for modality in modalities for one in modality.inputs):
            if one.frames is None or one.key in values:
                continue
            seen = [Seen(at, found[one.frames.key]) for at, found in frames]
            if seen and seen[-1].found is not None:
                rows = one.seen(seen)
                if rows is not None:
                    values[one.key] = rows
        return values

    def _show(self, modality: LiveModality, values: dict[str, Array], at: float, now: float) -> None:
        """Score a modality. at: in the time of its frames or sound. now: by `time.monotonic`."""
        posterior = modality.posterior(values)
        if posterior is not None:
            smoothed = self._smoothing[modality.name].add(at, posterior)
            self._shown[modality.name] = _Shown(smoothed, now)


def warm_up(model: LiveModel, settings: LiveSettings) -> str:
    """Score a window of noise and some frames, so that libraries are compiled and loaded before somebody waits.

    Returns why it could not be done, which is then so for all windows or frames; empty where it could.
    """
    random = np.random.default_rng(0)
    with TemporaryDirectory(prefix="emofusion-live-") as folder:
        session = Session(model, settings, Path(folder))
        for number in range(2):
            noise = random.integers(0, 256, (480, 640, 3), np.uint8)
            session.look(Image.fromarray(noise), 100.0 * number)
        sound = SpeechWindow(random.normal(0, 0.1, 2 * RATE).astype(np.float32), 2.0, is_last=True)
        session.score_window(sound, RATE)
        return session.state().trouble
