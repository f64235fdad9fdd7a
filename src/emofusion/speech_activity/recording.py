"""Speech in a recording that is there as a whole, or is read in blocks."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from emofusion.speech_activity.settings import RATE, SpeechActivity
from emofusion.speech_activity.stream import SpeechStream
from emofusion.speech_activity.windows import Window

Sound = NDArray[np.floating]

_PIECE = 8 * RATE  # samples that are worked on at once


def windows(blocks: Iterable[Sound], settings: SpeechActivity) -> Iterator[Window]:
    """The windows over speech of a recording, as they are asked for, in the order of their ends; none without speech.

    blocks: the sound of the recording, floats `(samples,)` each, at 16 kHz, full scale 1.0; `[samples]` where all of it
    is in memory. Memory does not grow with their number. See `SpeechStream.push` for the errors.
    """
    stream = SpeechStream(settings)
    for block in blocks:
        for start in range(0, len(block), _PIECE):
            yield from stream.push(block[start : start + _PIECE])
    yield from stream.finish()


def utterances(blocks: Iterable[Sound], settings: SpeechActivity) -> NDArray[np.float64]:
    """Where somebody speaks in a recording: float64 `(utterances, 2)`, from and to in seconds; `(0, 2)` without speech.

    blocks: as for `windows`.
    """
    ends = [(window.begun, window.end) for window in windows(blocks, settings) if window.is_last]
    return np.array(ends, np.float64).reshape(-1, 2)
