"""How emotions are acted: the movements of a face, the properties of a voice, and the variation of performances.

The movements of the face follow the action units (AU) of Ekman and Friesen's FACS. The voice follows the tendencies
that Juslin and Laukka (2003) collect. 0 is at rest and 1 a full movement; the unit of each of a voice's numbers is in
`voices.UNITS`.
"""

import numpy as np
from numpy.typing import NDArray

# In this order: AU 1+2, 1 alone, 4, 5 (below 0: the lids droop), 6, 12 (below 0: AU 15), 20, 9+10, 26.
ACTIONS = (
    "brow_raise",
    "inner_brow",
    "brow_lower",
    "eye_open",
    "cheek",
    "lip_corner",
    "lip_stretch",
    "nose_wrinkle",
    "jaw_drop",
)
PROSODY = ("pitch", "pitch_range", "slope", "energy", "rate", "brightness", "breath", "roughness", "tremor")

_FACE = {
    "neutral": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "calm": (0.15, 0.1, 0.0, -0.4, 0.1, 0.3, 0.0, 0.0, 0.0),
    "happy": (0.15, 0.0, 0.0, -0.2, 0.9, 1.0, 0.2, 0.0, 0.35),
    "sad": (0.0, 0.9, 0.25, -0.5, 0.0, -0.8, 0.0, 0.0, 0.0),
    "angry": (0.0, 0.0, 1.0, 0.25, 0.1, -0.4, 0.25, 0.3, 0.1),
    "fearful": (0.6, 0.9, 0.3, 0.9, 0.0, -0.4, 1.0, 0.0, 0.25),
    "disgust": (0.0, 0.0, 0.75, -0.5, 0.5, -0.5, 0.0, 1.0, 0.15),
    "surprised": (1.0, 0.1, 0.0, 0.9, 0.0, 0.0, -0.2, 0.0, 1.0),
}
_VOICE = {
    "neutral": (0.0, 0.0, -0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "calm": (-0.4, -0.6, -0.3, -0.9, -0.6, -0.7, 0.6, 0.0, 0.0),
    "happy": (1.0, 1.0, 0.3, 0.7, 0.3, 0.6, 0.0, 0.0, 0.0),
    "sad": (-0.1, -0.6, -0.9, -1.3, -1.1, -1.3, 1.0, 0.3, 0.6),
    "angry": (0.8, 0.5, -0.6, 1.4, 0.5, 1.4, -0.3, 0.8, 0.0),
    "fearful": (1.4, 0.1, 0.1, 0.2, 1.0, 0.2, 0.6, 0.2, 1.0),
    "disgust": (-0.7, 0.2, -0.7, 0.1, -0.6, 0.3, 0.1, 1.0, 0.0),
    "surprised": (1.5, 1.2, 1.4, 0.7, -0.1, 0.4, 0.2, 0.0, 0.0),
}
EMOTIONS = tuple(_FACE)
PROTOTYPES = {
    "face": np.array([_FACE[emotion] for emotion in EMOTIONS]),
    "voice": np.array([_VOICE[emotion] for emotion in EMOTIONS]),
}

# The emotions that a performance of each emotion is drawn towards. They differ between face and voice, so that fusing
# the two helps.
_LOOKALIKES = {
    "face": {
        "neutral": ("calm", "sad"),
        "calm": ("neutral", "sad", "happy"),
        "happy": ("calm", "surprised"),
        "sad": ("neutral", "calm", "disgust"),
        "angry": ("disgust", "disgust", "sad"),
        "fearful": ("surprised", "surprised", "sad"),
        "disgust": ("angry", "angry", "sad"),
        "surprised": ("fearful", "fearful", "happy"),
    },
    "voice": {
        "neutral": ("calm", "disgust", "sad"),
        "calm": ("neutral", "sad"),
        "happy": ("surprised", "angry", "fearful"),
        "sad": ("calm", "neutral", "disgust"),
        "angry": ("happy", "happy", "disgust"),
        "fearful": ("happy", "surprised", "sad"),
        "disgust": ("neutral", "sad", "angry"),
        "surprised": ("happy", "happy", "fearful"),
    },
}
# All of these hold at difficulty 1. The greatest share of a look-alike in how a person always acts an emotion
# (lasting), and in a single performance (passing).
LASTING_SHARE, PASSING_SHARE = 0.5, 0.3
# Standard deviations: of people's manners around the prototypes, and of a person's performances around the manner.
BETWEEN_PEOPLE = {"face": 0.2, "voice": 0.25}
WITHIN_PERSON = {"face": 0.07, "voice": 0.16}


class Manner:
    """How one person acts in one channel (face or voice): a gain, and a constant deviation for each emotion."""

    def __init__(self, channel: str, rng: np.random.Generator, liveliness: float, difficulty: float) -> None:
        """Draw the manner.

        Args:
            channel: "face" or "voice".
            rng: random numbers of the person.
            liveliness: scales every expression.
            difficulty: scales every deviation.
        """
        self.channel, self.difficulty = channel, difficulty
        prototypes = PROTOTYPES[channel]
        combined = np.array([self._mixed(prototypes, emotion, LASTING_SHARE, rng) for emotion in EMOTIONS])
        gain = np.exp(np.log(liveliness) + 0.15 * difficulty * rng.standard_normal((len(EMOTIONS), 1)))
        deviation = BETWEEN_PEOPLE[channel] * difficulty * rng.standard_normal(prototypes.shape)
        self.typical = gain * combined + deviation  # (emotions, movements)

    def perform(self, emotion: str, strength: float, rng: np.random.Generator) -> dict[str, float]:
        """One performance: the movements of `ACTIONS` or `PROSODY` by name.

        `strength` scales them; it is 1 for an ordinary performance.
        """
        mean = self._mixed(self.typical, emotion, PASSING_SHARE, rng)
        noise = WITHIN_PERSON[self.channel] * self.difficulty * rng.standard_normal(mean.shape)
        names = ACTIONS if self.channel == "face" else PROSODY
        return dict(zip(names, (strength * mean + noise).tolist(), strict=True))

    def _mixed(
        self, means: NDArray[np.float64], emotion: str, most: float, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """The emotion's row of `means`, mixed with the row of a similar emotion by a random share of at most `most`."""
        other = EMOTIONS.index(rng.choice(_LOOKALIKES[self.channel][emotion]))
        share = min(most * self.difficulty * rng.beta(1.0, 1.6), 1.0)
        mixed: NDArray[np.float64] = (1 - share) * means[EMOTIONS.index(emotion)] + share * means[other]
        return mixed
