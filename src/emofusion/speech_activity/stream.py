"""Speech in sound that comes bit by bit, from a microphone or a file."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from emofusion.errors import EmofusionError
from emofusion.speech_activity.network import Samples, SpeechNetwork
from emofusion.speech_activity.settings import FRAME, RATE, SpeechActivity
from emofusion.speech_activity.utterances import Utterance, Utterances
from emofusion.speech_activity.windows import Span, Window, Windows

_MOST_FRAMES = 256  # that are worked on at once: 8 s


class SpeechStream:
    """Takes the sound of a recording in blocks of any length, and gives each window as soon as it is complete.

    How the sound is cut into blocks changes nothing. In memory is only the sound that windows to come can begin with,
    so memory does not grow with the recording.

        stream = SpeechStream(settings)
        for block in blocks:
            for window in stream.push(block):
                ...
            if not stream.hears_speech:
                print("no speech")
        for window in stream.finish():
            ...
    """

    def __init__(self, settings: SpeechActivity) -> None:
        self._network = SpeechNetwork()
        self._utterances = Utterances(settings)
        self._windows = Windows(settings)
        self._samples = np.zeros(0, np.float32)  # the sound that is kept
        self._first = 0  # the number of its first sample in the recording
        self._is_finished = False

    @property
    def seconds(self) -> float:
        """The length of the sound so far."""
        return self._length / RATE

    @property
    def hears_speech(self) -> bool:
        """Whether an utterance is going on: the last frame is speech, or a pause that may be one within it."""
        return self._utterances.begun

    @property
    def in_pause(self) -> bool:
        """Whether an utterance is going on and the last frame is a pause."""
        return self._utterances.pauses

    @property
    def _length(self) -> int:
        return self._first + len(self._samples)

    def push(self, samples: NDArray[np.floating]) -> list[Window]:
        """Take the next sound. Returns the windows that are complete now, in the order of their ends.

        samples: floats `(samples,)` at 16 kHz, full scale 1.0.

        Raises:
            EmofusionError: the samples are no floats, have another shape, or are not all finite.
        """
        if self._is_finished:
            raise ValueError("this recording is finished: make a new SpeechStream for another one")
        self._samples = np.concatenate([self._samples, checked(samples)])
        found: list[Window] = []
        while frames := min((self._length - self._utterances.heard) // FRAME, _MOST_FRAMES):
            for utterance in self._follow(self._kept(self._utterances.heard, frames * FRAME)):
                found += self._cut(self._windows.rest(utterance))
            if so_far := self._utterances.so_far:
                found += self._cut(self._windows.certain(so_far))
            self._forget(so_far)
        return found

    def finish(self) -> list[Window]:
        """The recording is over. Returns its last windows; those of an utterance that ends with it are among them."""
        self._is_finished = True
        rest = self._kept(self._utterances.heard, FRAME)
        over = self._follow(np.pad(rest, (0, FRAME - len(rest)))) if len(rest) else []
        over += self._utterances.finish(self._length)
        return [window for utterance in over for window in self._cut(self._windows.rest(utterance))]

    def _follow(self, samples: Samples) -> list[Utterance]:
        return self._utterances.follow(self._network.probabilities(samples))

    def _kept(self, start: int, size: int) -> Samples:
        """Up to `size` samples of the recording from sample `start` on."""
        return self._samples[start - self._first :][:size]

    def _cut(self, spans: Iterable[Span]) -> list[Window]:
        return [Window.cut(span, self._kept(span.start, span.end - span.start)) for span in spans]

    def _forget(self, so_far: Utterance | None) -> None:
        """Drop the sound that no window to come begins with."""
        needed = self._windows.first_needed(so_far) if so_far else self._utterances.earliest
        self._samples, self._first = self._samples[needed - self._first :], needed


def checked(samples: NDArray[np.floating]) -> Samples:
    """The samples as float32. Raises `EmofusionError` where they are not what `SpeechStream.push` takes."""
    samples = np.asarray(samples)
    if samples.ndim != 1 or not np.issubdtype(samples.dtype, np.floating):
        raise EmofusionError(
            f"sound of type {samples.dtype} and shape {samples.shape}: speech is found in floats (samples,) at "
            f"{RATE} Hz with full scale 1.0. Average the channels, and divide integers by their full scale."
        )
    if not np.isfinite(samples).all():
        raise EmofusionError("the sound has samples that are not finite numbers. Leave this recording out.")
    return samples.astype(np.float32, copy=False)
