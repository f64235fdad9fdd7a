"""Times of the seven acoustic features of a clip: librosa's seven calls on its waveform, and emofusion's own code.

    python benchmarks/speech_features.py [folder of recordings]

Both sides read the file. They take turns, on one thread, with the default settings of the features `acoustic`. Without
a folder, the recordings are those of RAVDESS where the tests look for it (`EMOFUSION_REAL_DATA`), or generated voices
where it is not there.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from emofusion.features.acoustic import Acoustic
from emofusion.features.common.acoustic_settings import AcousticSettings
from emofusion.features.common.arrays import Array
from emofusion.features.common.sound import channels, waveform
from emofusion.features.common.sound.compiled import librosa

REPOSITORY = Path(__file__).resolve().parents[1]
CLIPS, ROUNDS = 40, 5


def plain(settings: AcousticSettings) -> dict[str, Callable[[Array], Array]]:
    """Each feature by librosa's own call on the waveform."""
    rate, (low, high) = settings.sample_rate, settings.pitch_range
    framed = {"frame_length": settings.n_fft, "hop_length": settings.hop}
    spectral = {"n_fft": settings.n_fft, "hop_length": settings.hop}
    feature = librosa.feature
    return {
        "mfcc": lambda y: feature.mfcc(y=y, sr=rate, n_mfcc=settings.mfcc, n_mels=settings.mel, **spectral),
        "pitch": lambda y: librosa.yin(y, fmin=low, fmax=high, sr=rate, **framed),
        "mel": lambda y: librosa.power_to_db(
            feature.melspectrogram(y=y, sr=rate, n_mels=settings.mel, **spectral), ref=1.0, top_db=None
        ),
        "centroid": lambda y: feature.spectral_centroid(y=y, sr=rate, **spectral),
        "flatness": lambda y: feature.spectral_flatness(y=y, **spectral),
        "zero_crossing_rate": lambda y: feature.zero_crossing_rate(y, **framed),
        "contrast": lambda y: feature.spectral_contrast(y=y, sr=rate, **spectral),
    }


def plain_clip(path: Path, settings: AcousticSettings) -> Array:
    samples, _ = librosa.load(path, sr=settings.sample_rate, duration=settings.duration)
    samples = librosa.util.fix_length(samples, size=settings.samples)
    features = plain(settings)
    return np.concatenate([np.atleast_2d(features[name](samples)) for name in settings.features])


def our_clip(path: Path, settings: AcousticSettings) -> Array:
    return channels.compute(waveform.load(path, settings.sample_rate, settings.duration), settings)


def recordings(folder: Path | None, generated: Path) -> list[Path]:
    """Clips spread over the recordings of a folder; where there are none, voices generated into `generated`."""
    real = Path(os.environ.get("EMOFUSION_REAL_DATA", REPOSITORY.parent / "shared" / "real"))
    paths = sorted((folder or real / "ravdess" / "speech_16khz").rglob("*.[fw]*[cv]"))
    if paths:
        return paths[:: max(1, len(paths) // CLIPS)][:CLIPS]
    generator, rate = np.random.default_rng(0), 16000
    seconds = np.arange(round(3.5 * rate)) / rate
    for number in range(CLIPS):
        swing = 20 + 3 * number
        phase = 2 * np.pi * np.cumsum(150 + 2 * number + swing * np.sin(2 * np.pi * seconds)) / rate
        voice = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 20))
        voice = 0.1 * voice * np.clip(np.sin(2 * seconds), 0, 1) + generator.normal(0, 0.001, len(seconds))
        soundfile.write(generated / f"{number:02}.flac", voice, rate)
    return sorted(generated.glob("*.flac"))


def seconds_of(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    settings = Acoustic()
    with tempfile.TemporaryDirectory() as generated:
        paths = recordings(Path(sys.argv[1]) if len(sys.argv) > 1 else None, Path(generated))
        print(f"{len(paths)} clips, {ROUNDS} rounds, one thread, such as {paths[0]}")
        report_differences(paths, settings)
        sides = {"librosa's seven calls": plain_clip, "emofusion": our_clip}
        times = np.empty((len(sides), len(paths), ROUNDS))
        for turn in range(ROUNDS):
            for number, path in enumerate(paths):
                for side, compute in enumerate(sides.values()):
                    times[side, number, turn] = seconds_of(lambda: compute(path, settings))  # noqa: B023
        medians = np.median(times, axis=(1, 2))
        report_steps(paths, settings)
    for name, median in zip(sides, medians, strict=True):
        print(f"{name}: {1e3 * median:.2f} ms a clip, reading included")
    print(f"ratio {medians[0] / medians[1]:.2f}")


def report_differences(paths: list[Path], settings: AcousticSettings) -> None:
    """Print the largest difference of each feature over all clips. It calls everything once, before times are taken."""
    names = [name.rstrip("_0123456789") for name in settings.channel_names()]
    largest: dict[str, float] = dict.fromkeys(names, 0.0)
    for path in paths:
        expected, computed = plain_clip(path, settings), our_clip(path, settings)
        differences = np.abs(computed - expected) / np.maximum(1, np.abs(expected))
        for name, difference in zip(names, differences.max(axis=1), strict=True):
            largest[name] = max(largest[name], float(difference))
    print("largest difference, of values above 1 relative:")
    print("  " + ", ".join(f"{name} {difference:.1e}" for name, difference in largest.items()))
    print(f"  of all: {max(largest.values()):.1e}")


def report_steps(paths: list[Path], settings: AcousticSettings) -> None:
    """Print the time of reading and of each feature alone, for which our side has to compute its spectrum each time."""
    rate, duration = settings.sample_rate, settings.duration
    steps: dict[str, tuple[Callable[[Path, Array], Any], ...]] = {
        "reading": (
            lambda path, _: librosa.load(path, sr=rate, duration=duration),
            lambda path, _: waveform.load(path, rate, duration),
        )
    }
    for name, call in plain(settings).items():
        alone = replace(settings, features=[name])
        steps[name] = (lambda _, y, call=call: call(y), lambda _, y, alone=alone: channels.compute(y, alone))
    sounds = [(path, waveform.load(path, rate, duration)) for path in paths]
    print("ms of each step alone (librosa, emofusion with a spectrum made for this step):")
    for name, sides in steps.items():
        times = [[seconds_of(lambda: side(*sound)) for side in sides] for sound in sounds]  # noqa: B023
        print("  {:20} {:6.2f} {:6.2f}".format(name, *(1e3 * np.median(times, axis=0))))


if __name__ == "__main__":
    main()
