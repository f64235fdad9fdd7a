"""Read a recording as one mono waveform, from any type of file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from emofusion.errors import EmofusionError
from emofusion.features.common.arrays import Array
from emofusion.features.common.sound.compiled import librosa

# The resampling filter needs a little sound after the cut, so this many more seconds than the duration are read.
_MARGIN_SECONDS = 0.1


def require_recordings(clips: pd.DataFrame, features: str) -> None:
    """Raise `EmofusionError` that counts and names the clips without a recording, if there are any.

    clips: `tables.CLIPS`. features: the features that need the recordings, for the message.
    """
    silent = clips.loc[clips["audio"].isna(), "clip"]
    if len(silent):
        raise EmofusionError(
            f"{len(silent)} clips have no sound, for example {', '.join(silent[:5])}: "
            f"{features} need a recording of every clip."
        )


def load(path: str | Path, sample_rate: int, duration: float | None) -> Array:
    """The first `duration` seconds of a recording, or all of it where `duration` is None.

    Every file that libsndfile reads will do (WAV, FLAC, OGG, MP3 …); of any other that FFmpeg reads (MP4 …), the first
    sound track is taken. Channels are averaged. Another sample rate is resampled (librosa, `soxr_hq`).

    Args:
        path: the file.
        sample_rate: of the result, in Hz.
        duration: in seconds. A shorter recording is padded with zeros at the end.

    Returns:
        float32 `(samples,)`, full scale 1.0; with a duration, `samples = round(sample_rate * duration)`.

    Raises:
        EmofusionError: names the file if it cannot be read, is empty, or holds values that are not finite.
    """
    seconds = np.inf if duration is None else duration + _MARGIN_SECONDS
    try:
        samples, rate = _read_sound_file(path, seconds)
    except soundfile.LibsndfileError as error:
        samples, rate = _read_sound_track(path, seconds, why_not_a_sound_file=error)
    if not len(samples):
        raise EmofusionError(f"{path} holds no sound: the recording is empty. Replace the file or leave the clip out.")
    if not np.isfinite(samples).all():
        raise EmofusionError(f"{path} holds samples that are not finite numbers. Replace it or leave the clip out.")
    if rate != sample_rate:
        samples = librosa.resample(samples, orig_sr=rate, target_sr=sample_rate, res_type="soxr_hq")
    if duration is not None:
        samples = librosa.util.fix_length(samples, size=round(sample_rate * duration))
    return samples.astype(np.float32, copy=False)


def at_speeds(samples: Array, sample_rate: int, speeds: Sequence[float]) -> list[Array]:
    """The waveform `(samples,)` itself, then the waveform as if it were played at each of the speeds.

    At a speed of 1.1 it is shorter by a factor of 1.1, and higher by the same factor. Pitch and formants move together,
    as they do from speaker to speaker (Ko et al., "Audio augmentation for speech recognition", Interspeech 2015).
    """
    played = (
        librosa.resample(samples, orig_sr=sample_rate * speed, target_sr=sample_rate, res_type="soxr_hq")
        for speed in speeds
    )
    return [samples, *played]


def _read_sound_file(path: str | Path, seconds: float) -> tuple[Array, int]:
    with soundfile.SoundFile(path) as file:
        wanted = int(min(np.ceil(seconds * file.samplerate), file.frames))
        channels = file.read(frames=wanted, dtype="float32", always_2d=True)
        return channels[:, 0] if channels.shape[1] == 1 else channels.mean(axis=1), file.samplerate


def _read_sound_track(path: str | Path, seconds: float, why_not_a_sound_file: Exception) -> tuple[Array, int]:
    import av  # only the sound of videos needs it

    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise EmofusionError(f"{path} has no sound track. Use a recording with sound or leave the clip out.")
            rate = container.streams.audio[0].rate
            to_planar_float = av.AudioResampler(format="fltp")
            pieces: list[Array] = []
            samples_read = 0
            for frame in container.decode(audio=0):
                pieces += [piece.to_ndarray().mean(axis=0) for piece in to_planar_float.resample(frame)]
                samples_read += frame.samples
                if samples_read >= seconds * rate:
                    break
    except (av.FFmpegError, OSError) as error:
        raise EmofusionError(
            f"cannot read the sound of {path}: {why_not_a_sound_file} ({error}). "
            "Replace the file or leave the clip out."
        ) from error
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32), rate
