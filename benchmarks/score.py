"""Score clips with a registered model, and compare the time with that of its members' features and networks alone.

    python benchmarks/score.py MODEL RECORDINGS [--clips 100]

MODEL is the folder of a model, the one with the file MLmodel; RECORDINGS is a folder. The last line is the time of the
whole scoring, from files to fused posteriors, divided by the sum of what each member's features and networks take for
the same clips with as many processes. Both sides are measured by turns.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import pandas as pd

from emofusion.features.common.extract import extract
from emofusion.features.common.joined import open_features
from emofusion.scoring.bundle import Member
from emofusion.scoring.recordings import Recording, clip_table, find, look_at, look_at_all
from emofusion.scoring.scorer import Scorer
from emofusion.training.description import read_model
from emofusion.training.predict import predict_folds


def alone(folder: Path, member: Member, clips: pd.DataFrame, workers: int, classes: list[str]) -> float:
    """Seconds that a member's features and networks take, without anything around them."""
    with tempfile.TemporaryDirectory() as work:
        facts = clips[["clip", "corpus", "actor", "gender", "emotion"]].assign(split="test")
        folds = {int(name.partition("-")[0]) for name in read_model(folder / member.folder / "model")[0].kept_epoch}
        split = pd.concat([facts.assign(fold=fold) for fold in sorted(folds)], ignore_index=True)
        begun, folders = time.perf_counter(), []
        for number, part in enumerate(member.parts):
            features = part.features.for_scoring()
            if features is None:
                raise SystemExit(f"{part.features.kind} features are not computed from recordings; take another model")
            out = Path(work) / f"{number}"
            extract(clips, features, out, workers)
            if part.frozen is not None:
                weights = folder / member.folder / "weights.safetensors"
                stored = Path(work) / f"{number}-frozen"
                part.frozen.store(open_features([out], []), weights if weights.exists() else None, stored)
                out = stored
            folders.append(out)
        features = open_features(folders, member.predictions.parts)
        predict_folds(split, features, folder / member.folder / "model", member.predictions, order=classes)
        return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    folder, workers = options.model / "artifacts" / "bundle", os.cpu_count() or 1
    scorer = Scorer(folder)
    bundle = scorer.bundle
    if bundle.asks_for_enrolment or any(member.compares for model in bundle.modalities for member in model.members):
        raise SystemExit("take a model that neither asks for enrolment nor compares clips with those of its training")
    media = {
        medium
        for model in bundle.modalities
        for one in model.members
        for part in one.parts
        if (features := part.features.for_scoring()) is not None
        for medium in features.computed_from()
    }
    recordings: list[Recording] = []
    for path in find([options.recordings]):
        found = look_at(path)
        if media & {"image", "video"} <= {"image", *found.media} and media & {"audio"} <= set(found.media):
            recordings.append(found)
        if len(recordings) == options.clips:
            break
    clips = clip_table(recordings, bundle.classes[0])
    print(f"{len(clips)} clips, {workers} processes", flush=True)
    whole, sums = [], []
    for number in range(options.rounds + 1):
        begun = time.perf_counter()
        scores = scorer.score(look_at_all([one.path for one in recordings], workers), workers=workers)
        ours = time.perf_counter() - begun
        theirs = {
            member.name: alone(folder, member, clips, workers, bundle.classes)
            for model in bundle.modalities
            for member in model.members
        }
        if scores.failed:
            raise SystemExit(f"{scores.failed} clips could not be scored")
        if not number:
            continue  # the first round imports libraries
        whole.append(ours)
        sums.append(sum(theirs.values()))
        print(
            f"scored in {ours:.2f} s; " + ", ".join(f"{name} alone {one:.2f} s" for name, one in theirs.items()),
            flush=True,
        )
    print(f"ratio {statistics.median(one / other for one, other in zip(whole, sums, strict=True)):.2f}")


if __name__ == "__main__":
    main()
