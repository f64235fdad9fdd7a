"""Read a recording as one mono waveform, from any type of file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from emofusion.counted import LOW_RATE, count
from emofusion.errors import EmofusionError, Lacking
from emofusion.features.common.arrays import Array
from emofusion.features.common.matching import leave_out_clips
from emofusion.recordings.sound import NoSound, decode

# The resampling filter needs a little sound after the cut, so this many more seconds than the duration are read.
_MARGIN_SECONDS = 0.1


def require_recordings(clips: pd.DataFrame, features: str) -> None:
    """Raise `Lacking` that counts and names the clips without a recording, if there are any.

    clips: `tables.CLIPS`. features: the features that need the recordings, for the message.
    """
    silent = clips.loc[clips["audio"].isna(), "clip"]
    if len(silent):
        raise Lacking(
            f"{len(silent)} clips have no sound, for example {', '.join(silent[:5])}: "
            f"{features} need a recording of every clip. To leave them out: {leave_out_clips(clips, silent)}",
            silent,
        )


def load(path: str | Path, sample_rate: int, duration: float | None) -> Array:
    """The first `duration` seconds of a recording, or all of it where `duration` is None.

    See `recordings.sound.decode` for the types of files; corpora check their files with it. Channels are averaged.
    Another sample rate is resampled (librosa, `soxr_hq`).

    Args:
        path: the file.
        sample_rate: of the result, in Hz.
        duration: in seconds. A shorter recording is padded with zeros at the end.

    Returns:
        float32 `(samples,)`, full scale 1.0; with a duration, `samples = round(sample_rate * duration)`.

    Raises:
        EmofusionError: names the file if it cannot be read, is empty, or holds values that are not finite.
    """
    samples = read(path, sample_rate, duration)
    if duration is None:
        return samples
    size = round(sample_rate * duration)
    return np.pad(samples[:size], (0, max(0, size - len(samples))))


def read(path: str | Path, sample_rate: int, duration: float | None) -> Array:
    """As `load`, but without padding, and with a little more than the duration where the recording is longer.

    A recording with a lower sample rate has nothing above half of it. That is counted.
    """
    seconds = np.inf if duration is None else duration + _MARGIN_SECONDS
    try:
        samples, rate, *_ = decode(path, seconds)
    except NoSound as error:
        raise EmofusionError(f"{path} {error}. Replace the file, or leave the clip out.") from error
    except FileNotFoundError as error:
        raise EmofusionError(f"{path} is not there. Read the corpus again.") from error
    if not len(samples):
        raise EmofusionError(f"{path} holds no sound: the recording is empty. Replace it, or leave the clip out.")
    if not np.isfinite(samples).all():
        raise EmofusionError(f"{path} holds samples that are not finite numbers. Replace it, or leave the clip out.")
    if rate < sample_rate:
        count(f"{LOW_RATE} {rate:g} Hz, below the {sample_rate:g} Hz of the features")
    if rate != sample_rate:
        samples = _resampled(samples, rate, sample_rate)
    return samples.astype(np.float32, copy=False)


def at_speeds(samples: Array, sample_rate: int, speeds: Sequence[float]) -> list[Array]:
    """The waveform `(samples,)` itself, then the waveform as if it were played at each of the speeds.

    At a speed of 1.1 it is shorter by a factor of 1.1, and higher by the same factor. Pitch and formants move together,
    as they do from speaker to speaker (Ko et al., "Audio augmentation for speech recognition", Interspeech 2015).
    """
    return [samples, *(_resampled(samples, sample_rate * speed, sample_rate) for speed in speeds)]


def _resampled(samples: Array, rate: float, target: int) -> Array:
    from emofusion.features.common.sound.compiled import librosa  # takes two seconds, and is not always needed

    resampled: Array = librosa.resample(samples, orig_sr=rate, target_sr=target, res_type="soxr_hq")
    return resampled
