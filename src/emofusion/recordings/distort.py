"""Recordings with noise, or compressed: what an application gets to hear and to see."""

from fractions import Fraction
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import av
import joblib
import numpy as np
import pandas as pd
import soundfile
from numpy.typing import NDArray
from PIL import Image

from emofusion.errors import EmofusionError
from emofusion.recordings.pictures import NoPicture, as_rgb, decode_frames, decode_image, upright
from emofusion.recordings.sound import NoSound, decode
from emofusion.settings.distortion import Distortion
from emofusion.whole_files import replacing

_ENCODERS = {"mp3": "libmp3lame", "opus": "libopus"}
_SUFFIXES = {"mp3": ".mp3", "opus": ".opus"}
_FORMATS = {"mp3": "mp3", "opus": "ogg"}
_RATE = 48000  # Hz, where a codec does not know the recording's rate
_CHUNK = 16  # clips in a task
_FRAME_RATE = 25  # of the videos that are written; the times of frames are not read again
# kbit/s of MP3: of MPEG-1, for rates from 32 kHz, and of MPEG-2 and 2.5. The encoder would take the nearest in silence.
_LEAST_RATE = 32000
_OF_MPEG_1: tuple[int, ...] = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_OF_MPEG_2: tuple[int, ...] = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MOST_OF_MPEG_2_5 = 64  # for rates up to 12 kHz

Samples = NDArray[np.float32]


class NoBitRate(Exception):
    """A codec does not have a bit rate. The message says which it has."""


class Task(NamedTuple):
    """A file to write: the clip's row and name, and the medium and path of its recording."""

    row: int
    medium: str
    path: str
    clip: str


def distort(clips: pd.DataFrame, distortion: Distortion, out: Path, named: Path, workers: int = 1) -> pd.DataFrame:
    """Write the distorted recordings of clips, and name them in the clips' table.

    The files are the same whatever the number of workers.

    Args:
        clips: `tables.CLIPS`. Media that the distortion does not concern stay as they are.
        distortion: what to do.
        out: the folder to write into; it is made.
        named: the path of `out` that the table has.
        workers: the number of processes.

    Returns:
        The table with the paths of the new files in the columns audio, image and video.

    Raises:
        EmofusionError: a recording cannot be read or compressed. It names the file.
    """
    out.mkdir(parents=True, exist_ok=True)
    media = ["audio"] * distortion.of_sound + ["image", "video"] * distortion.of_pictures
    tasks: list[Task] = [
        Task(row, medium, path, clip)
        for medium in media
        for row, (path, clip) in enumerate(zip(clips[medium], clips["clip"], strict=True))
        if isinstance(path, str)
    ]
    chunks = [tasks[start : start + _CHUNK] for start in range(0, len(tasks), _CHUNK)]
    work = partial(_distort_chunk, distortion=distortion, out=out)
    written = joblib.Parallel(n_jobs=workers)(joblib.delayed(work)(chunk) for chunk in chunks)
    names = zip(tasks, (name for names in written for name in names), strict=True)
    paths = {(task.medium, task.row): str(named / name) for task, name in names}
    changed = {medium: [paths.get((medium, row)) for row in range(len(clips))] for medium in media}
    return clips.assign(**changed)


def with_noise(samples: Samples, snr: float, random: np.random.Generator) -> Samples:
    """A waveform with white Gaussian noise.

    Args:
        samples: (samples,).
        snr: 10 log10 of the mean power of the samples divided by that of the noise, in dB, over the whole recording.
            The noise is scaled to just this ratio.
        random: draws the noise.
    """
    noise = random.standard_normal(len(samples))
    power = np.mean(np.square(samples, dtype=np.float64))
    scale = np.sqrt(power / (10 ** (snr / 10) * np.mean(noise**2)))
    noisy: Samples = (samples + scale * noise).astype(np.float32)
    return noisy


def compressed(samples: Samples, rate: int, codec: str, bitrate: int) -> bytes:
    """A waveform (samples,) as a compressed file, with one channel.

    Where samples are beyond full scale, as with much noise, all are scaled so that the loudest is at full scale.

    Args:
        samples: (samples,), full scale 1.0.
        rate: in Hz. A rate that the codec does not know is resampled to 48 kHz.
        codec: mp3 or opus.
        bitrate: in kbit/s.

    Raises:
        av.FFmpegError, NoBitRate: the codec cannot compress this sound at this bit rate.
    """
    samples = samples / max(1.0, float(np.abs(samples).max(initial=0.0)))
    buffer, name = BytesIO(), _ENCODERS[codec]
    with av.open(buffer, "w", format=_FORMATS[codec]) as container:
        known = av.Codec(name, "w").audio_rates or [_RATE]
        of_stream = rate if rate in known else _RATE
        if codec == "mp3":
            _check_mp3(of_stream, bitrate)
        stream: Any = container.add_stream(name, rate=of_stream, layout="mono")
        stream.bit_rate = 1000 * bitrate
        coder = stream.codec_context
        coder.open()
        fitted = av.AudioResampler(coder.format, coder.layout, coder.sample_rate, frame_size=coder.frame_size)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis].astype(np.float32), format="flt", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        for piece in [*fitted.resample(frame), *fitted.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def _check_mp3(rate: int, bitrate: int) -> None:
    """Raise `NoBitRate` where MP3 does not have this bit rate at this sample rate."""
    rates = _OF_MPEG_1 if rate >= _LEAST_RATE else _OF_MPEG_2
    if rate <= 12000:
        rates = tuple(one for one in rates if one <= _MOST_OF_MPEG_2_5)
    if bitrate not in rates:
        raise NoBitRate(f"at {rate} Hz it has {', '.join(map(str, rates))}")


def as_jpeg(image: Image.Image, quality: int) -> bytes:
    """A picture as a JPEG file, with half the resolution of colours (4:2:0). quality: in Pillow's scale."""
    buffer = BytesIO()
    as_rgb(image).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    return buffer.getvalue()


def _distort_chunk(tasks: list[Task], distortion: Distortion, out: Path) -> list[str]:
    """Write some files. Returns their names, in the same order."""
    names = []
    for row, medium, path, clip in tasks:
        try:
            suffix = _WRITERS[medium](Path(path), out / f"{row:06}-{medium}", distortion, clip)
        except (NoSound, NoPicture) as error:
            raise EmofusionError(f"{path} {error}. Replace the file, or leave the clip {clip} out.") from error
        except (av.FFmpegError, NoBitRate) as error:
            raise EmofusionError(
                f"{path}: {distortion.codec} cannot compress it with distortion.bitrate={distortion.bitrate} "
                f"({getattr(error, 'strerror', None) or error}); set another one"
            ) from error
        names.append(f"{row:06}-{medium}{suffix}")
    return names


def _write_sound(path: Path, target: Path, distortion: Distortion, clip: str) -> str:
    sound = decode(path)
    samples = sound.samples
    if distortion.snr is not None:
        # of the clip alone, so that neither its place nor other clips matter
        samples = with_noise(samples, distortion.snr, np.random.default_rng([distortion.seed, crc32(clip.encode())]))
    suffix = _SUFFIXES.get(distortion.codec, ".wav")
    with replacing(target.with_name(target.name + suffix)) as partial_file:
        if distortion.codec:
            partial_file.write_bytes(compressed(samples, sound.rate, distortion.codec, distortion.bitrate))
        else:  # noise may be beyond full scale, which only floating-point numbers hold
            soundfile.write(partial_file, samples, sound.rate, format="WAV", subtype="FLOAT")
    return suffix


def _write_image(path: Path, target: Path, distortion: Distortion, clip: str) -> str:
    with replacing(target.with_name(target.name + ".jpg")) as partial_file:
        partial_file.write_bytes(as_jpeg(decode_image(path), distortion.jpeg or 0))
    return ".jpg"


def _write_video(path: Path, target: Path, distortion: Distortion, clip: str) -> str:
    """A video whose frames are JPEG pictures (MJPEG)."""
    with replacing(target.with_name(target.name + ".avi")) as partial_file:
        with av.open(str(partial_file), "w", format="avi") as container:
            stream: Any = None
            for number, frame in enumerate(decode_frames(path)):
                image = upright(frame)
                if stream is None:
                    stream = container.add_stream("mjpeg", rate=_FRAME_RATE)
                    stream.width, stream.height, stream.pix_fmt = *image.size, "yuvj420p"
                packet = av.Packet(as_jpeg(image, distortion.jpeg or 0))
                packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, number, number, True
                packet.time_base = Fraction(1, _FRAME_RATE)
                container.mux(packet)
        if stream is None:
            raise NoPicture("holds no picture: no video frame could be decoded")
    return ".avi"


_WRITERS = {"audio": _write_sound, "image": _write_image, "video": _write_video}
