"""Windows over speech against whole clips, and the time constant of smoothing over time, on RAVDESS.

    python benchmarks/speech_windows.py [FOLDER] [--cores 2]

FOLDER has RAVDESS's 1,440 recordings of speech (`03-01-...`). Without it, they are looked for where the tests do
(`EMOFUSION_REAL_DATA`). The model is a linear discriminant analysis of the principal components of the acoustic
statistics. 15 actors train. Among them, the time constant is chosen: by the log loss of five, by a model of the other
ten, three times. The other nine actors are tested, by a model of all 15.

A stream is what one actor says, in a random order: either each utterance has an emotion of its own, or runs of four
have the same one. After each window, the mean of the posteriors so far is right or wrong.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import librosa
import numpy as np
import soundfile
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from emofusion.features.acoustic_statistics import AcousticStatistics
from emofusion.features.acoustic_statistics.compute import compute
from emofusion.features.common.sound import channels
from emofusion.speech_activity.recording import windows
from emofusion.speech_activity.settings import RATE, SpeechActivity
from emofusion.speech_activity.smoothing import smoothed

# The first three of the folds that Luna-Jiménez et al. published in 2022, and the actors of the other two.
FOLDS = ((2, 5, 14, 15, 16), (3, 6, 7, 13, 18), (10, 11, 12, 19, 20))
TRAINING = tuple(actor for fold in FOLDS for actor in fold)
TESTED = (8, 17, 21, 23, 24, 1, 4, 9, 22)
SECONDS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0)
WINDOWS = {
    "1.5 to 3 s": SpeechActivity(shortest_window=1.5, longest_window=3.0),
    "1.5 s": SpeechActivity(shortest_window=1.5, longest_window=1.5),
}


class Rows(NamedTuple):
    """Features `(rows, values)` of stretches of sound, with the clip of each, and when it ends in it."""

    features: Any
    clip: Any
    end: Any
    is_last: Any

    def where(self, mask: Any) -> "Rows":
        return Rows(*(values[mask] for values in self))


class Corpus(NamedTuple):
    """What is known of each clip, and the rows of whole clips and of windows."""

    actor: Any
    emotion: Any
    seconds: Any
    rows: dict[str, Rows]


def described(samples: Any) -> Any:
    return compute(channels.compute(samples, AcousticStatistics(duration=len(samples) / RATE)))


def of_clip(number: int, path: Path) -> dict[str, list[Any]]:
    samples, _ = soundfile.read(path, dtype="float32")
    trimmed, _ = librosa.effects.trim(samples, top_db=30)  # as the features' setting `trim` does
    parts = {
        name: [(described(sound), number, len(samples) / RATE, True)]
        for name, sound in (("whole clip", samples), ("trimmed clip", trimmed))
    }
    known: dict[tuple[float, float], Any] = {}
    for name, settings in WINDOWS.items():
        parts[name] = []
        for window in windows([samples], settings):
            span = (window.start, window.end)
            if span not in known:
                known[span] = described(window.samples)
            parts[name].append((known[span], number, window.end, window.is_last))
    return parts


def corpus(paths: list[Path], cores: int) -> Corpus:
    found = joblib.Parallel(n_jobs=cores)(joblib.delayed(of_clip)(*item) for item in enumerate(paths))
    return gathered(found, [path.stem for path in paths])


def gathered(found: list[dict[str, list[Any]]], clips: list[str]) -> Corpus:
    """The rows of all clips together. found: of each clip, the rows of each kind. clips: their names in RAVDESS."""
    stretches = {name: [row for clip in found for row in clip[name]] for name in found[0]}
    rows = {name: Rows(*(np.array(column) for column in zip(*all_, strict=True))) for name, all_ in stretches.items()}
    codes = [clip.split("-") for clip in clips]
    actor, emotion = np.array([int(code[6]) for code in codes]), np.array([int(code[2]) - 1 for code in codes])
    return Corpus(actor, emotion, rows["whole clip"].end, rows)


def linear_model() -> Pipeline:
    return make_pipeline(
        StandardScaler(),
        PCA(150, svd_solver="randomized", random_state=0),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    )


def posteriors(data: Corpus, train: Rows, make: Callable[[], Pipeline]) -> dict[str, Any]:
    """The posteriors `(rows, 8)` of all rows. No row is scored by a model that learnt from its actor."""
    results = {name: np.full((len(test.clip), 8), np.nan) for name, test in data.rows.items()}
    for group in (*FOLDS, TESTED):
        learnt = train.where(np.isin(data.actor[train.clip], sorted(set(TRAINING) - set(group))))
        model = make().fit(learnt.features, data.emotion[learnt.clip])
        for name, test in data.rows.items():
            mask = np.isin(data.actor[test.clip], group)
            results[name][mask] = model.predict_proba(test.features[mask])
    return results


def log_losses(posteriors: Any, truth: Any) -> Any:
    return -np.log(np.maximum(posteriors[np.arange(len(truth)), truth], 1e-9))


def shown(posteriors: Any, truth: Any) -> str:
    right = posteriors.argmax(axis=1) == truth
    return f"{100 * right.mean():5.2f} % (log loss {log_losses(posteriors, truth).mean():.3f}, {len(truth)} rows)"


def order(data: Corpus, actor: int, run: int, random: np.random.Generator) -> Any:
    """An actor's clips in the order of a stream: `run` of one emotion in a row, as far as there are so many."""
    clips = random.permutation(np.flatnonzero(data.actor == actor))
    runs = [clips[data.emotion[clips] == emotion] for emotion in range(8)]
    pieces = [part[start : start + run] for part in runs for start in range(0, len(part), run)]
    return np.concatenate([pieces[number] for number in random.permutation(len(pieces))])


def stream(data: Corpus, test: Rows, actor: int, run: int) -> tuple[Any, Any]:
    """The rows of a stream in their order, and their times in seconds."""
    clips = order(data, actor, run, np.random.default_rng(actor))
    begins = dict(zip(clips, np.cumsum([0, *data.seconds[clips]]), strict=False))
    chosen = np.concatenate([np.flatnonzero(test.clip == clip) for clip in clips])
    return chosen, np.array([begins[test.clip[row]] + test.end[row] for row in chosen])


def geometric(times: Any, posteriors: Any, seconds: float) -> Any:
    """As `smoothed`, with the mean of logarithms."""
    mean = np.exp(smoothed(times, np.log(np.maximum(posteriors, 1e-6)), seconds))
    return mean / mean.sum(axis=1, keepdims=True)


MEANS: dict[str, Callable[[Any, Any, float], Any]] = {"of posteriors": smoothed, "of logarithms": geometric}


def smooth(data: Corpus, test: Rows, posteriors: Any, actors: Any, run: int, mean: Any, seconds: float) -> Any:
    """The smoothed posteriors of all windows in the actors' streams, and the emotions."""
    found = []
    for actor in actors:
        chosen, times = stream(data, test, actor, run)
        found.append((mean(times, posteriors[chosen], seconds), data.emotion[test.clip[chosen]]))
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))


def compare_windows(data: Corpus, scored: dict[str, dict[str, Any]]) -> None:
    for trained, results in scored.items():
        print(f"trained on {trained}, by actors who train | who are tested")
        for name, test in data.rows.items():
            kinds = {name: np.ones(len(test.clip), bool)}
            if not test.is_last.all():
                kinds[f"{name}, the last of each utterance"] = test.is_last
            for kind, mask in kinds.items():
                both = []
                for actors in (TRAINING, TESTED):
                    chosen = mask & np.isin(data.actor[test.clip], actors)
                    both.append(shown(results[name][chosen], data.emotion[test.clip[chosen]]))
                print(f"    {kind:40} {' | '.join(both)}")


def compare_smoothing(data: Corpus, test: Rows, values: Any) -> None:
    losses: dict[str, float] = {}
    for run in (1, 4):
        print(f"streams with {run} utterance(s) of an emotion in a row, of actors who train | who are tested")
        for name, mean in MEANS.items():
            for seconds in SECONDS:
                training, tested = (
                    smooth(data, test, values, actors, run, mean, seconds) for actors in (TRAINING, TESTED)
                )
                key = f"mean {name}, {seconds:g} s"
                losses[key] = losses.get(key, 0) + log_losses(*training).mean() / 2
                print(f"    mean {name:13} {seconds:4g} s: {shown(*training)} | {shown(*tested)}")
    print(f"least log loss over both, of actors who train: {min(losses, key=losses.__getitem__)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    real = Path(os.environ.get("EMOFUSION_REAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "real"))
    folder = arguments.folder or real / "ravdess" / "speech_16khz"
    paths = sorted(folder.rglob("03-01-*.flac")) + sorted(folder.rglob("03-01-*.wav"))
    if len(paths) != 1440:
        raise SystemExit(f"{folder} has {len(paths)} recordings of RAVDESS's 1,440: name their folder")
    data = corpus(paths, arguments.cores)
    for name, rows in data.rows.items():
        print(f"{name}: {len(rows.clip)} rows, {len(paths) - len(np.unique(rows.clip))} clips without one")
    growing = data.rows["1.5 to 3 s"]
    trained = {
        "whole clips": data.rows["whole clip"],
        "trimmed clips": data.rows["trimmed clip"],
        "whole utterances": growing.where(growing.is_last),
        "windows of 1.5 to 3 s": growing,
    }
    scored = {name: posteriors(data, train, linear_model) for name, train in trained.items()}
    compare_windows(data, scored)
    compare_smoothing(data, growing, scored["whole utterances"]["1.5 to 3 s"])


if __name__ == "__main__":
    main()
