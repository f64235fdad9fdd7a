"""Windows over the speech in the sound of a microphone, at the rate of the microphone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from emofusion.recordings.blocks import Resampling
from emofusion.speech_activity.settings import RATE, SpeechActivity
from emofusion.speech_activity.stream import SpeechStream

_MORE = 1.0  # seconds that are kept besides the longest window and the longest pause


@dataclass(frozen=True, eq=False)
class SpeechWindow:
    """A window over speech.

    samples: float32 `(samples,)` at the microphone's rate. end: in seconds of the sound. is_last: whether its utterance
    ends with it.
    """

    samples: NDArray[np.float32]
    end: float
    is_last: bool

    def write(self, path: Path, rate: int) -> None:
        """Write it as a WAV file of floats, which features are computed from."""
        soundfile.write(path, self.samples, rate, format="WAV", subtype="FLOAT")


class Microphone:
    """Takes sound in blocks, and gives windows over speech.

    Speech is found in sound at 16 kHz. The windows are cut from the sound as it came, because features may need
    frequencies above 8 kHz, as recordings of the training have them.

    rate: of the sound, in Hz. settings: of the windows. begins: the time of its first sample, in seconds.
    """

    def __init__(self, rate: int, settings: SpeechActivity, begins: float = 0.0) -> None:
        self.rate, self._begins = rate, begins
        self._resampling = Resampling(rate, RATE)
        self._stream = SpeechStream(settings)
        self._kept = round(rate * (settings.longest_window + settings.longest_pause + _MORE))
        self._samples = np.zeros(0, np.float32)
        self._first = 0  # the number of the first sample that is kept

    @property
    def seconds(self) -> float:
        """The time at which the sound ends so far."""
        return self._begins + (self._first + len(self._samples)) / self.rate

    @property
    def hears_speech(self) -> bool:
        """Whether somebody speaks; see `SpeechStream.hears_speech`."""
        return self._stream.hears_speech

    def push(self, samples: NDArray[np.float32]) -> list[SpeechWindow]:
        """Take the next sound. Returns the windows that are complete now.

        samples: float32 `(samples,)`, full scale 1.0, finite.
        """
        self._samples = np.concatenate([self._samples, samples])
        found = [
            SpeechWindow(self._between(one.start, one.end), self._begins + one.end, one.is_last)
            for one in self._stream.push(self._resampling.push(samples))
        ]
        if (beyond := len(self._samples) - self._kept) > 0:
            self._samples, self._first = self._samples[beyond:], self._first + beyond
        return found

    def _between(self, start: float, end: float) -> NDArray[np.float32]:
        first, stop = (round(self.rate * seconds) - self._first for seconds in (start, end))
        return self._samples[max(0, first) : stop].copy()
