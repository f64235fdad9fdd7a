"""Windows over an utterance."""

from collections.abc import Iterator
from dataclasses import dataclass

from emofusion.speech_activity.network import Samples
from emofusion.speech_activity.settings import RATE, SpeechActivity
from emofusion.speech_activity.utterances import Utterance


@dataclass(frozen=True)
class Span:
    """The samples of a window at 16 kHz: from `start` to before `end`. See `Window` for the rest."""

    utterance: Utterance
    start: int
    end: int
    is_last: bool


@dataclass(frozen=True, eq=False)
class Window:
    """A window over speech.

    Args:
        utterance: the number of its utterance in the recording, from 0.
        begun: when its utterance began. Times are in seconds from the beginning of the recording.
        start, end: of the window.
        is_last: whether it is the last one of its utterance, which ends with it.
        samples: float32 `(samples,)` at 16 kHz, from `start` to `end`.
    """

    utterance: int
    begun: float
    start: float
    end: float
    is_last: bool
    samples: Samples

    @classmethod
    def cut(cls, span: Span, samples: Samples) -> "Window":
        """The window of a span and its samples, which are copied."""
        utterance, start, end = span.utterance, span.start / RATE, span.end / RATE
        return cls(utterance.number, utterance.start / RATE, start, end, span.is_last, samples.copy())


class Windows:
    """The windows of the utterances of a recording, each as early as it is certain.

    An utterance's windows end `shortest_window` seconds after its beginning, and then every `step` seconds; the last
    one ends with the utterance. Each begins with the utterance, or `longest_window` seconds before its own end.
    """

    def __init__(self, settings: SpeechActivity) -> None:
        self._settings = settings
        self._longest = round(RATE * settings.longest_window)
        self._given = 0  # windows of the present utterance

    def certain(self, so_far: Utterance) -> Iterator[Span]:
        """The next windows of an utterance that is not over. `so_far.end` is where it surely lasts to."""
        while (end := self._next_end(so_far)) < so_far.end:
            self._given += 1
            yield self._span(so_far, end, is_last=False)

    def rest(self, over: Utterance) -> Iterator[Span]:
        """All other windows of an utterance that is over."""
        yield from self.certain(over)
        self._given = 0
        yield self._span(over, over.end, is_last=True)

    def first_needed(self, so_far: Utterance) -> int:
        """The first sample that a window still to come can begin with, of an utterance that is not over."""
        return max(so_far.start, min(self._next_end(so_far), so_far.end) - self._longest)

    def _next_end(self, utterance: Utterance) -> int:
        seconds = self._settings.shortest_window + self._given * self._settings.step
        return utterance.start + round(RATE * seconds)

    def _span(self, utterance: Utterance, end: int, is_last: bool) -> Span:
        return Span(utterance, max(utterance.start, end - self._longest), end, is_last)
