"""A recording as one mono waveform, whatever file it comes in."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from emofusion.errors import EmofusionError
from emofusion.features.common.sound.compiled import librosa

# A resampling filter sees a little past the cut; this much more than the wanted length is read.
_MARGIN_SECONDS = 0.1


def require_recordings(clips: pd.DataFrame, features: str) -> None:
    """Raise `EmofusionError` that counts and names the clips without a recording, if any; `features` need them all."""
    silent = clips.loc[clips["audio"].isna(), "clip"]
    if len(silent):
        raise EmofusionError(
            f"{len(silent)} clips have no sound, for example {', '.join(silent[:5])}: "
            f"{features} need a recording of every clip."
        )


def load(path: str | Path, sample_rate: int, duration: float | None) -> np.ndarray:
    """The first `duration` seconds of a recording, or all of it where `duration` is None.

    Reads what libsndfile reads (WAV, FLAC, OGG, MP3 …), and otherwise the first sound track of what FFmpeg reads (MP4
    …), at any sample rate. Channels are averaged; another rate is resampled (librosa, `soxr_hq`).

    Returns float32 `(samples,)`, full scale 1.0. With a duration, `samples = round(sample_rate * duration)`, shorter
    recordings padded with zeros at the end. Raises `EmofusionError` that names the file if it is unreadable, empty or
    not finite.
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
        samples = librosa.util.fix_length(samples, size=samples_of(sample_rate, duration))
    return samples.astype(np.float32, copy=False)


def samples_of(sample_rate: int, duration: float) -> int:
    """How many samples `load` returns for a sample rate in Hz and a duration in seconds."""
    return round(sample_rate * duration)


def at_speeds(samples: np.ndarray, sample_rate: int, speeds: Sequence[float]) -> list[np.ndarray]:
    """The waveform `(samples,)` itself, and as if played at each of the speeds: of 1.1, shorter and higher by a tenth.

    Pitch and formants move together, as they do from speaker to speaker (Ko et al., "Audio augmentation for speech
    recognition", Interspeech 2015). Raises `EmofusionError` for a speed outside 0.5 … 2.
    """
    for speed in speeds:
        if not 0.5 <= speed <= 2:
            raise EmofusionError(f"features.speeds: {speed} is not from 0.5 to 2.")
    played = (
        librosa.resample(samples, orig_sr=sample_rate * speed, target_sr=sample_rate, res_type="soxr_hq")
        for speed in speeds
    )
    return [samples, *played]


def _read_sound_file(path: str | Path, seconds: float) -> tuple[np.ndarray, int]:
    with soundfile.SoundFile(path) as file:
        wanted = int(min(np.ceil(seconds * file.samplerate), file.frames))
        channels = file.read(frames=wanted, dtype="float32", always_2d=True)
        return channels[:, 0] if channels.shape[1] == 1 else channels.mean(axis=1), file.samplerate


def _read_sound_track(path: str | Path, seconds: float, why_not_a_sound_file: Exception) -> tuple[np.ndarray, int]:
    import av  # only the sound of videos needs it

    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise EmofusionError(f"{path} has no sound track. Use a recording with sound or leave the clip out.")
            rate = container.streams.audio[0].rate
            to_planar_float = av.AudioResampler(format="fltp")
            parts, read = [], 0
            for frame in container.decode(audio=0):
                parts += [part.to_ndarray().mean(axis=0) for part in to_planar_float.resample(frame)]
                read += frame.samples
                if read >= seconds * rate:
                    break
    except (av.FFmpegError, OSError) as error:
        raise EmofusionError(
            f"cannot read the sound of {path}: {why_not_a_sound_file} ({error}). "
            "Replace the file or leave the clip out."
        ) from error
    return np.concatenate(parts) if parts else np.zeros(0, np.float32), rate
