"""The people of a demo corpus: each has a face, a voice and a manner of acting."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from emofusion.corpora.demo.acting import Manner

Colour = tuple[int, int, int]


def colour_of(values: Iterable[float]) -> Colour:
    """A colour from three numbers, red, green and blue from 0 to 255; fractions are cut off."""
    red, green, blue = (int(value) for value in values)
    return red, green, blue


@dataclass(frozen=True)
class FaceShape:
    """A face at rest. Lengths are in half head heights, from the middle of the face, y downwards."""

    width: float
    jaw: float  # exponent of the lower outline: 2 is round, 3 square
    skin: Colour
    hair: Colour
    hairline: float
    hair_length: float  # y of the end of the hair at the sides
    brow_y: float
    brow_thickness: float
    brow_slope: float  # positive: lowered towards the nose, which looks stern
    eye_x: float
    eye_width: float
    eye_height: float
    iris: Colour
    nose_y: float
    nose_width: float
    mouth_y: float
    mouth_width: float
    mouth_curve: float  # positive: a resting smile
    lip_thickness: float
    lip: Colour
    beard: float  # from 0, none, to 1, full
    shirt: Colour


@dataclass(frozen=True)
class Voice:
    """A voice at rest."""

    pitch: float  # Hz
    formants: float  # factor on the formants' frequencies; a shorter vocal tract has higher ones
    rate: float  # of speaking, relative to the usual one
    breath: float
    brightness: float  # dB above 1 kHz
    level: float  # dB


@dataclass(frozen=True)
class Person:
    """Someone who acts. `seeds` start the random numbers of this person's performances."""

    gender: str
    seeds: tuple[int, ...]
    shape: FaceShape
    voice: Voice
    face_manner: Manner
    voice_manner: Manner

    def rng(self, *occasion: int | str) -> np.random.Generator:
        """Random numbers that depend on the person and the occasion alone, so that adding people changes nobody."""
        return np.random.default_rng([*self.seeds, *(_seed(word) for word in occasion)])


def make_person(layout: str, seed: int, number: int, gender: str, difficulty: float) -> Person:
    """Person `number` of a layout: the same arguments give the same person, and each layout has its own people."""
    seeds = (seed, _seed(layout), _seed(gender), number)
    rng = np.random.default_rng(seeds)
    shape, voice = _shape(gender, rng), _voice(gender, rng)
    lively = float(np.exp(rng.normal(0.04 if gender == "female" else -0.04, 0.1)))
    face, speech = (Manner(channel, rng, lively, difficulty) for channel in ("face", "voice"))
    return Person(gender, seeds, shape, voice, face, speech)


def _seed(word: int | str) -> int:
    """A number for a word; a number stands for itself."""
    return word if isinstance(word, int) else zlib.crc32(word.encode())


_SKIN = ((255, 224, 196), (241, 194, 155), (224, 172, 125), (198, 134, 90), (150, 98, 65))
_HAIR = ((35, 28, 26), (70, 45, 30), (120, 76, 40), (190, 148, 85), (150, 70, 35), (130, 125, 120))
_IRIS = ((70, 50, 35), (60, 90, 60), (60, 95, 140))


def _shape(gender: str, rng: np.random.Generator) -> FaceShape:
    woman = gender == "female"

    def near(of_women: float, of_men: float, spread: float) -> float:
        return float((of_women if woman else of_men) + spread * rng.uniform(-1, 1))

    def one_of(colours: tuple[Colour, ...], shares: list[float] | None = None) -> Colour:
        chosen = np.array(colours[rng.choice(len(colours), p=shares)]) + rng.integers(-8, 9)
        return colour_of(chosen.clip(0, 255))

    skin = one_of(_SKIN, [0.3, 0.3, 0.2, 0.12, 0.08])
    redness = np.array([205, 60, 70]) if woman else np.array([170, 75, 70])
    lip = colour_of(0.45 * np.array(skin) * [0.95, 0.72, 0.72] + 0.55 * redness)
    return FaceShape(
        width=near(0.74, 0.78, 0.05),
        jaw=near(2.1, 2.7, 0.3),
        skin=skin,
        hair=one_of(_HAIR),
        hairline=near(-0.66, -0.67, 0.06),
        hair_length=float(rng.uniform(0.35, 1.25)) if woman else float(rng.uniform(-0.25, 0.1)),
        brow_y=near(-0.36, -0.33, 0.03),
        brow_thickness=near(0.042, 0.062, 0.01),
        brow_slope=near(0.0, 0.03, 0.05),
        eye_x=near(0.31, 0.31, 0.025),
        eye_width=near(0.175, 0.16, 0.015),
        eye_height=near(0.105, 0.092, 0.012),
        iris=one_of(_IRIS),
        nose_y=near(0.24, 0.27, 0.03),
        nose_width=near(0.11, 0.135, 0.02),
        mouth_y=near(0.54, 0.55, 0.025),
        mouth_width=near(0.27, 0.29, 0.03),
        mouth_curve=near(0.03, 0.0, 0.12),
        lip_thickness=near(0.065, 0.05, 0.012),
        lip=lip,
        beard=0.0 if woman or rng.random() < 0.6 else float(rng.uniform(0.3, 0.8)),
        shirt=colour_of(rng.integers(25, 80, 3)),
    )


def _voice(gender: str, rng: np.random.Generator) -> Voice:
    woman = gender == "female"
    # Real women's and men's pitches lie further apart, at about 200 and 115 Hz. SAVEE has men alone, and a model that
    # learns from four men takes every real woman's voice for a raised one.
    pitch = (150.0 if woman else 120.0) * np.exp(rng.normal(0, 0.13))
    return Voice(
        pitch=float(pitch),
        formants=float((1.05 if woman else 1.0) * np.exp(rng.normal(0, 0.035))),
        rate=float(np.exp(rng.normal(0, 0.08))),
        breath=float(np.clip(rng.normal(0.22 if woman else 0.17, 0.1), 0, 0.6)),
        brightness=float(rng.normal(0, 1.2)),
        level=float(rng.normal(0, 1.2)),
    )
