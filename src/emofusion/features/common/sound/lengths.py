"""How long recordings are, by their headers."""

from fractions import Fraction
from math import ceil
from pathlib import Path

import pandas as pd
import soundfile

from emofusion.errors import Lacking
from emofusion.features.common.sound.waveform import load

_RATE = 16000  # Hz; of sound that is decoded for its length


def longest(clips: pd.DataFrame) -> tuple[Path, float]:
    """The longest recording among clips, and its length in seconds.

    Args:
        clips: `tables.CLIPS`. Clips without a recording do not count.

    Raises:
        Lacking: no clip has a recording.
        EmofusionError: a recording cannot be read.
    """
    paths = [Path(path) for path in clips["audio"].dropna().unique()]
    if not paths:
        raise Lacking(f"none of the {len(clips)} clips has sound.")
    lengths = [seconds_of(path) for path in paths]
    most = max(lengths)
    return paths[lengths.index(most)], most


def seconds_of(path: Path) -> float:
    """The length of a recording in seconds, as its header states it, or of its decoded sound where none does.

    Raises `EmofusionError` where it cannot be read.
    """
    return stated_seconds(path) or len(load(path, _RATE, None)) / _RATE


def stated_seconds(path: Path) -> float:
    """The length of a recording in seconds, as its header states it; 0 where it states none, or cannot be read."""
    try:
        return float(soundfile.info(path).duration)
    except (soundfile.LibsndfileError, OSError):
        return _of_track(path)


def _of_track(path: Path) -> float:
    """The stated length of the sound track of a video or a coded file, in whole frames; 0 where none is stated.

    Coded sound comes in frames, such as 1,024 samples of AAC, and a decoder gives all of the last one.
    """
    import av  # only such files need it

    try:
        with av.open(str(path)) as container:
            track = container.streams.audio[0]
            stated = (track.duration or 0) * (track.time_base or 0)
            frame = Fraction(track.codec_context.frame_size or 0, track.codec_context.sample_rate or 1)
            return float(ceil(stated / frame) * frame if frame else stated)
    except (av.FFmpegError, OSError, IndexError):
        return 0.0  # `load` says what is wrong
