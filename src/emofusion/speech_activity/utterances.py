"""Utterances out of probabilities of speech: with two thresholds, a longest pause and a shortest speech.

The rules are those of `get_speech_timestamps` in silero-vad, whose result is the same. Here, they work frame by frame.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from emofusion.speech_activity.settings import FRAME, RATE, SpeechActivity


@dataclass(frozen=True)
class Utterance:
    """Speech from sample `start` to before sample `end` at 16 kHz, with its margins. `number` counts from 0."""

    number: int
    start: int
    end: int


class Utterances:
    """Follows the probabilities of speech of a recording.

    `frames`: how many have been seen. `begun`: whether an utterance has begun and is not over. `pauses`: whether it
    has begun, and what was last heard is no speech.
    """

    def __init__(self, settings: SpeechActivity) -> None:
        self._settings = settings
        self._margin = round(RATE * settings.margin)
        self._found = 0
        self._start: int | None = None
        self._pause: int | None = None  # where the pause began that may be the end
        self.frames = 0

    @property
    def begun(self) -> bool:
        return self._start is not None

    @property
    def pauses(self) -> bool:
        return self._pause is not None

    @property
    def heard(self) -> int:
        """The sample before which all frames have been seen."""
        return FRAME * self.frames

    @property
    def so_far(self) -> Utterance | None:
        """The utterance that is not over, as far as it surely lasts; its end has no margin. None without one."""
        if self._start is None:
            return None
        end = self.heard if self._pause is None else self._pause
        return Utterance(self._found, max(0, self._start - self._margin), end)

    @property
    def earliest(self) -> int:
        """The first sample that the next utterance, or the present one, can begin with."""
        return max(0, (self.heard if self._start is None else self._start) - self._margin)

    def follow(self, probabilities: Iterable[float]) -> list[Utterance]:
        """See the probabilities `(frames,)` of the next frames. Returns the utterances that are over now."""
        over = []
        for probability in probabilities:
            if ended := self._frame(float(probability)):
                over.append(ended)
            self.frames += 1
        return over

    def finish(self, length: int) -> list[Utterance]:
        """The recording ends with sample `length`. Returns the utterance that ends with it, if there is one."""
        last = self._ended(length, length)
        return [last] if last else []

    def _frame(self, probability: float) -> Utterance | None:
        if probability >= self._settings.threshold:
            self._pause = None
            if self._start is None:
                self._start = self.heard
        elif probability < self._settings.end_threshold and self._start is not None:
            if self._pause is None:
                self._pause = self.heard
            if self.heard - self._pause >= RATE * self._settings.longest_pause:
                return self._ended(self._pause, self.heard)
        return None

    def _ended(self, end: int, heard: int) -> Utterance | None:
        """The utterance that ended before sample `end`; None where it was too short to be speech."""
        start, self._start, self._pause = self._start, None, None
        if start is None or end - start <= RATE * self._settings.shortest_speech:
            return None
        self._found += 1
        return Utterance(self._found - 1, max(0, start - self._margin), min(heard, end + self._margin))
