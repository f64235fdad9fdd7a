"""The layouts of the three corpora: their files, file names, people, and light."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emofusion.corpora.demo.acting import EMOTIONS
from emofusion.corpora.demo.canvas import View
from emofusion.corpora.demo.faces import draw_face
from emofusion.corpora.demo.media import write_jpeg, write_mp4, write_wav
from emofusion.corpora.demo.people import Colour, Person, colour_of, make_person
from emofusion.corpora.demo.phonemes import RAVDESS_STATEMENTS, sentence
from emofusion.corpora.demo.settings import DemoSettings
from emofusion.corpora.demo.voices import loudness, speak

# Not imported from the readers: an edit of a reader must not make the corpora be generated again, and this way the
# generated corpora check the readers' codes.
KDEF_EMOTIONS = {
    "AF": "fearful",
    "AN": "angry",
    "DI": "disgust",
    "HA": "happy",
    "NE": "neutral",
    "SA": "sad",
    "SU": "surprised",
}
SAVEE_EMOTIONS = {
    "a": "angry",
    "d": "disgust",
    "f": "fearful",
    "h": "happy",
    "n": "neutral",
    "sa": "sad",
    "su": "surprised",
}
SAVEE_SPEAKERS = ("DC", "JE", "JK", "KL")
# The backgrounds are dark because pictures are letterboxed with black bars, which lie elsewhere in the two layouts.
# Beside a light background the bars would be most of what a small network sees.
KDEF_BACKGROUND, RAVDESS_BACKGROUND = (16, 15, 16), (14, 15, 17)
KDEF_YAW = {"FL": -72.0, "HL": -38.0, "S": 0.0, "HR": 38.0, "FR": 72.0}


def write_kdef(settings: DemoSettings, out: Path) -> None:
    """Write `KDEF/AF01/AF01ANS.JPG` and so on: still faces, upright as KDEF's 562×762; each gender counts from 01."""
    width = _even(settings.size * 562 / 762)
    for number in range(settings.people):
        letter, gender = (("F", "female"), ("M", "male"))[number % 2]
        person = make_person("kdef", settings.seed, number, gender, settings.difficulty)
        for session in settings.sessions:
            folder = out / "KDEF" / f"{session}{letter}{number // 2 + 1:02d}"
            folder.mkdir(parents=True)
            for code, emotion in KDEF_EMOTIONS.items():
                actions = person.face_manner.perform(emotion, 1.0, person.rng("face", session, emotion))
                for angle in settings.angle_codes:
                    rng = person.rng("view", session, emotion, angle)
                    view = _view(rng, width, _even(settings.size), 0.27, KDEF_YAW[angle], KDEF_BACKGROUND, 2.0)
                    write_jpeg(folder / f"{folder.name}{code}{angle}.JPG", draw_face(person.shape, actions, view, rng))


def write_savee(settings: DemoSettings, out: Path) -> None:
    """Write `AudioData/DC/a01.wav` and so on: men who speak, here the same sentences in every emotion."""
    for number, speaker in enumerate(SAVEE_SPEAKERS[: settings.people]):
        person = make_person("savee", settings.seed, number, "male", settings.difficulty)
        folder = out / "AudioData" / speaker
        folder.mkdir(parents=True)
        for code, emotion in SAVEE_EMOTIONS.items():
            for utterance in range(1, settings.utterances * (2 if emotion == "neutral" else 1) + 1):
                samples = _say(person, settings, sentence(utterance), emotion, 1.0, (utterance,), background=-60.0)
                write_wav(folder / f"{code}{utterance:02d}.wav", samples, settings.sample_rate)


def write_ravdess(settings: DemoSettings, out: Path) -> None:
    """Write `Actor_01/03-01-05-02-01-02-01.wav`, `01-01-….mp4` …: odd actors are men; neutral is never strong."""
    for number in range(1, settings.people + 1):
        person = make_person("ravdess", settings.seed, number, "male" if number % 2 else "female", settings.difficulty)
        folder = out / f"Actor_{number:02d}"
        folder.mkdir(parents=True)
        for code, emotion in enumerate(EMOTIONS, start=1):
            for intensity in (1, 2) if emotion != "neutral" else (1,):
                strength = 0.85 if intensity == 1 else 1.15
                for statement, phonemes in RAVDESS_STATEMENTS.items():
                    for repetition in range(1, settings.repetitions + 1):
                        take = (intensity, statement, repetition)
                        name = f"01-{code:02d}-{intensity:02d}-{statement:02d}-{repetition:02d}-{number:02d}"
                        samples = _say(person, settings, phonemes, emotion, strength, take, background=-58.0)
                        write_wav(folder / f"03-{name}.wav", samples, settings.sample_rate)
                        pictures = _film(person, settings, emotion, strength, take, samples)
                        path = folder / f"01-{name}.mp4"
                        write_mp4(path, pictures, settings.frame_rate, samples, settings.sample_rate)


WRITERS: dict[str, Callable[[DemoSettings, Path], None]] = {
    "kdef": write_kdef,
    "savee": write_savee,
    "ravdess": write_ravdess,
}


def _say(
    person: Person,
    settings: DemoSettings,
    phonemes: Sequence[str],
    emotion: str,
    strength: float,
    take: tuple[int, ...],
    background: float,
) -> NDArray[np.float32]:
    """The sound of an utterance, (samples,); `take` tells utterances of the same emotion apart."""
    rng = person.rng("voice", emotion, *take)
    prosody = person.voice_manner.perform(emotion, strength, rng)
    return speak(person.voice, prosody, phonemes, settings.sample_rate, settings.seconds, rng, background)


def _film(
    person: Person,
    settings: DemoSettings,
    emotion: str,
    strength: float,
    take: tuple[int, ...],
    samples: NDArray[np.float32],
) -> list[NDArray[np.uint8]]:
    """The pictures of a clip: the face soon reaches the expression, holds it, and returns to rest.

    The jaw also moves with the sound, `samples`.
    """
    rng = person.rng("face", emotion, *take)
    actions = person.face_manner.perform(emotion, strength, rng)
    seconds = len(samples) / settings.sample_rate
    times = (np.arange(max(1, round(seconds * settings.frame_rate))) + 0.5) / settings.frame_rate
    elapsed = (times / seconds).clip(0, 1)
    apex = np.sin(np.pi * elapsed) ** 0.25
    jaw = 0.06 * loudness(samples, settings.sample_rate, times)
    height = _even(settings.size * 9 / 16)
    phase, sway = rng.random(), rng.uniform(0.5, 1.0)
    still = _view(rng, _even(settings.size), height, 0.47, 0.0, RAVDESS_BACKGROUND)
    pictures = []
    for share, spoken, moved in zip(apex, jaw, np.sin(2 * np.pi * (sway * times + phase)), strict=True):
        now = {name: share * action for name, action in actions.items()}
        now["jaw_drop"] += spoken
        view = replace(still, yaw=still.yaw + 2 * moved, y=still.y + 0.006 * moved)
        pictures.append(draw_face(person.shape, now, view, rng))
    return pictures


def _view(
    rng: np.random.Generator,
    width: int,
    height: int,
    scale: float,
    yaw: float,
    background: Colour,
    wander: float = 1.0,
) -> View:
    """A camera whose position, angle and light differ a little from picture to picture.

    `wander` scales how far its position strays.
    """
    return View(
        width=width,
        height=height,
        scale=scale * float(np.exp(rng.normal(0, 0.02 * wander))),
        x=float(rng.normal(0, 0.01 * wander)),
        y=0.49 + float(rng.normal(0, 0.008 * wander)),
        yaw=yaw + float(rng.normal(0, 2.5)),
        roll=float(rng.normal(0, 1.3)),
        background=colour_of(np.array(background) + rng.integers(-8, 9)),
        light=float(abs(rng.normal(0, 0.1))),
        light_angle=float(rng.uniform(0, 2 * np.pi)),
        gain=float(np.exp(rng.normal(0, 0.05))),
        noise=2.5,
    )


def _even(length: float) -> int:
    """The even number that is nearest: videos need even sides."""
    return 2 * round(length / 2)
