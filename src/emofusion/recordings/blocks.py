"""The sound of a file in blocks, at a rate of one's choice, in memory that does not grow with the recording."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from emofusion.recordings.sound import NoSound, NoTrack

Samples = NDArray[np.float32]


class Resampling:
    """Brings sound that comes in blocks to another rate, with the filter that features have (`soxr_hq`).

    source, target: rates in Hz.
    """

    def __init__(self, source: float, target: float) -> None:
        self._stream = None if source == target else soxr.ResampleStream(source, target, 1, dtype="float32")

    def push(self, samples: Samples) -> Samples:
        """The next samples at the new rate. The filter keeps some back, until it knows what follows."""
        return self._resampled(samples, last=False)

    def finish(self) -> Samples:
        """The samples that were kept back."""
        return self._resampled(np.zeros(0, np.float32), last=True)

    def _resampled(self, samples: Samples, last: bool) -> Samples:
        if self._stream is None:
            return samples
        return np.asarray(self._stream.resample_chunk(samples, last=last), np.float32)


def blocks(path: str | Path, rate: int, seconds: float = 8.0) -> Iterator[Samples]:
    """The sound of a file in blocks of about `seconds`, float32 `(samples,)`, full scale 1.0, at `rate` Hz.

    See `sound.decode` for the types of files; channels are averaged. Together, the blocks are what
    `features.common.sound.waveform.read` gives.

    Raises:
        NoSound: the file cannot be decoded; where it is damaged, after the blocks before the damage.
        NoTrack: it has no sound track.
        FileNotFoundError: it is not there.
    """
    path = Path(path)
    if not path.stat().st_size:
        raise NoSound("is empty")
    resampling: Resampling | None = None
    for piece, source in _pieces(path, seconds):
        resampling = resampling or Resampling(source, rate)
        if len(block := resampling.push(piece)):
            yield block
    if resampling and len(block := resampling.finish()):
        yield block


def _pieces(path: Path, seconds: float) -> Iterator[tuple[Samples, int]]:
    """The mean of the channels in pieces, and their rate in Hz."""
    try:
        file = soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        yield from _of_sound_track(path, seconds, error)
        return
    with file:
        while len(channels := file.read(round(seconds * file.samplerate), dtype="float32", always_2d=True)):
            yield channels.mean(axis=1), file.samplerate


def _of_sound_track(path: Path, seconds: float, why_not_a_sound_file: Exception) -> Iterator[tuple[Samples, int]]:
    import av  # only the sound of videos and of some coded files needs it

    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise NoTrack
            yield from _together(_frames(container), seconds)
    except (av.FFmpegError, OSError) as error:
        raise NoSound(f"cannot be read as audio ({error.strerror or why_not_a_sound_file})") from error


def _frames(container: Any) -> Iterator[tuple[Samples, int]]:
    import av

    to_planar_float = av.AudioResampler(format="fltp")
    for frame in container.decode(container.streams.audio[0]):
        for piece in to_planar_float.resample(frame):
            yield piece.to_ndarray().mean(axis=0), frame.sample_rate


def _together(frames: Iterator[tuple[Samples, int]], seconds: float) -> Iterator[tuple[Samples, int]]:
    """Short pieces put together to pieces of about so many seconds."""
    gathered: list[Samples] = []
    rate = 0
    for piece, rate in frames:
        gathered.append(piece)
        if sum(map(len, gathered)) >= seconds * rate:
            yield np.concatenate(gathered), rate
            gathered = []
    if gathered:
        yield np.concatenate(gathered), rate
