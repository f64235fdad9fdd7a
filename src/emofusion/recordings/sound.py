"""Decode the sound of a file of any type, and find out whether all of it is there."""

import hashlib
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from emofusion.recordings.promises import HEADER, UNKNOWN, Promise, ends_early

# Peak to peak, of full scale 1.0. A recording below it is silent: 16-bit sound then has 3 levels or fewer.
SILENT = 1e-4

SHORTEST = 0.025  # seconds: one frame of speech, as it is analysed for features
_RATES = (1000, 768_000)  # Hz, of sound that any converter records and any features need
_LOUDEST = 2.0**31  # of full scale 1.0; programs that take full scale for a number of up to 32 bits stay below it

# How libsndfile's log writes that a part of the file should be longer than it is. It writes so about rates too.
_SHORTER = re.compile(r"^(?!\s*Bytes/sec|\s*Block Align).*: (\d+) \(should be (\d+)\)", re.MULTILINE)
_BLOCK = 2**18  # samples that are read at once
_MPEG_FRAMES = 2 * 1152  # samples that decoders of MP3 cut off, or not, at both ends


class Sound(NamedTuple):
    """Decoded sound.

    samples: float32 `(samples,)`, full scale 1.0, the mean of the channels. rate: in Hz. is_cut: whether the file's
    header promises more sound than is there; unknown, and False, where only the beginning was read. range: from the
    least to the greatest sample of any channel.
    """

    samples: NDArray[np.float32]
    rate: int
    is_cut: bool = False
    range: float = 0.0


class NoSound(Exception):
    """A file cannot be read as sound. The message is the end of a sentence that begins with the file's name."""


class NoTrack(NoSound):
    """A file that can be read, such as a video, has no sound track."""

    def __init__(self) -> None:
        super().__init__("has no sound track")


def decode(path: str | Path, seconds: float = np.inf) -> Sound:
    """The first `seconds` of a file's sound, or all of it.

    Every file that libsndfile reads will do (WAV, FLAC, OGG, MP3 …); of any other that FFmpeg reads (MP4, FLV, AAC,
    AMR …), the first sound track is taken. The content of a file decides, and not its suffix.

    Raises:
        NoSound: the file cannot be decoded, or states a sample rate that no sound has.
        NoTrack: it has no sound track.
        FileNotFoundError: it is not there.
    """
    path = Path(path)
    if not path.stat().st_size:
        raise NoSound("is empty")
    try:
        return _of_sound_file(path, seconds)
    except soundfile.LibsndfileError as error:
        return _of_sound_track(path, seconds, error)


def digest(path: str | Path) -> str | None:
    """A hash of the sound of a file: its sample rate, and the mean of its channels.

    It is the same for lossless copies, as in WAV and FLAC, with other metadata or with a channel twice. It is None for
    a file that libsndfile does not read, such as a video.
    """
    with suppress(soundfile.LibsndfileError), soundfile.SoundFile(path) as file:
        found = hashlib.blake2b(str(file.samplerate).encode(), digest_size=12)
        for block in file.blocks(_BLOCK, dtype="float32", always_2d=True):
            found.update(np.ascontiguousarray(block.mean(axis=1) + 0.0).tobytes())  # -0.0 is 0.0
        return found.hexdigest()
    return None


def fault(path: str | Path) -> str | None:
    """The fault of a file that should hold sound, as the end of a sentence that begins with its name; None without.

    The file is decoded to its end. It is at fault if it cannot be decoded, holds no sample, holds values that are not
    finite or beyond any scale, is silent, is shorter than its header promises, or too short for a frame of speech.
    """
    try:
        sound = decode(path)
    except NoSound as error:
        return str(error)
    if not len(sound.samples):
        return "holds no sound"
    if not np.isfinite(sound.samples).all():
        return "holds samples that are not finite numbers"
    if sound.is_cut:
        seconds = len(sound.samples) / sound.rate
        return f"is cut short: {seconds:.2f} s are there, and its header promises more"
    return _fault_of_sound(sound)


def _fault_of_sound(sound: Sound) -> str | None:
    """The fault of sound that is whole; None where there is none."""
    loudest = float(np.abs(sound.samples).max())
    if loudest > _LOUDEST:
        return f"holds samples of up to {loudest:.0e}: full scale is 1"
    if len(sound.samples) < SHORTEST * sound.rate:
        return f"lasts {1000 * len(sound.samples) / sound.rate:.0f} ms: features need {1000 * SHORTEST:.0f} ms or more"
    if np.ptp(sound.samples) >= SILENT:
        return None
    return "is silent" if sound.range < SILENT else "is silent: its channels cancel each other out"


def _of_sound_file(path: Path, seconds: float) -> Sound:
    with soundfile.SoundFile(path) as file:
        wanted = int(min(np.ceil(seconds * file.samplerate), file.frames))
        channels = file.read(frames=wanted, dtype="float32", always_2d=True)
        is_cut = wanted == file.frames and _is_cut(file, len(channels))
        samples = channels[:, 0] if channels.shape[1] == 1 else channels.mean(axis=1)
        return Sound(samples, _checked(file.samplerate), is_cut, _range(channels, axis=0))


def _checked(rate: int) -> int:
    """A sample rate in Hz. Raises `NoSound` where it is none."""
    least, most = _RATES
    if not least <= rate <= most:
        raise NoSound(f"states a sample rate of {rate:,} Hz: it is from {least:,} to {most:,} Hz")
    return rate


def _range(channels: NDArray[np.float32], axis: int) -> float:
    """From the least to the greatest sample of any channel. axis: the one of time."""
    return float(np.ptp(channels, axis=axis).max(initial=0.0)) if channels.size else 0.0


def _is_cut(file: soundfile.SoundFile, frames: int) -> bool:
    """Whether a file that was read to its end promises more than the `frames` that were there.

    libsndfile corrects the length of an uncompressed file to what is there, and says so in its log only.
    """
    if file.format == "MP3" and not _states_length(Path(file.name)):
        return False
    if frames < file.frames - _MPEG_FRAMES * (file.format == "MP3"):
        return True
    if file.format == "OGG":
        return ends_early(Path(file.name))
    if file.format == "NIST":  # libsndfile says nothing
        stated = re.search(rb"sample_count -i (\d+)", Path(file.name).read_bytes()[:1024])
        return stated is not None and frames < int(stated[1])
    promised = [(int(size), int(present)) for size, present in _SHORTER.findall(file.extra_info)]
    return any(present + HEADER < size < UNKNOWN for size, present in promised)


def _states_length(path: Path) -> bool:
    """Whether an MP3 file states its length, in a tag of its first frame; otherwise libsndfile estimates it."""
    with path.open("rb") as file:
        start = file.read(10)
        if start.startswith(b"ID3"):  # its size has seven bits in each byte
            file.seek(10 + sum(byte << shift for byte, shift in zip(start[6:], (21, 14, 7, 0), strict=True)))
        else:
            file.seek(0)
        frame = file.read(256)
    return any(tag in frame for tag in (b"Xing", b"Info", b"VBRI"))


def _of_sound_track(path: Path, seconds: float, why_not_a_sound_file: Exception) -> Sound:
    import av  # only the sound of videos and of some coded files needs it

    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise NoTrack
            return _decoded(path, container, seconds)
    except (av.FFmpegError, OSError) as error:
        raise NoSound(f"cannot be read as audio ({error.strerror or why_not_a_sound_file})") from error


def _decoded(path: Path, container: Any, seconds: float) -> Sound:
    import av

    track = container.streams.audio[0]
    whole = not np.isfinite(seconds)
    promise = Promise(path, container)
    to_planar_float = av.AudioResampler(format="fltp")
    pieces: list[NDArray[np.float32]] = []
    rate, samples_read, widest = track.rate, 0, 0.0
    for packet in container.demux() if whole else container.demux(track):
        promise.see(packet)
        for frame in packet.decode() if packet.stream is track and not packet.is_corrupt else []:
            rate = frame.sample_rate  # of some coded files, the header states another
            for piece in map(av.AudioFrame.to_ndarray, to_planar_float.resample(frame)):
                pieces.append(piece.mean(axis=0))
                widest = max(widest, _range(piece.astype(np.float32), axis=1))
            samples_read += frame.samples
        if samples_read >= seconds * rate:
            break
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    return Sound(samples, _checked(rate), whole and promise.is_broken(), widest)
