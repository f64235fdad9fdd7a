"""Score recordings with the trained models of a bundle, by the code that scores the clips of an experiment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from emofusion.errors import BadClips, EmofusionError, Lacking
from emofusion.features.common.extract import extract
from emofusion.features.common.feature_set import FeatureSet
from emofusion.features.common.joined import JoinedFeatures, open_features
from emofusion.features.common.skipped import read_skipped
from emofusion.predictions.ensemble import average
from emofusion.predictions.table import posteriors, scored
from emofusion.scoring.bundle import Bundle, Member, ModalityModel, Part, key_of
from emofusion.scoring.recordings import Recording, clip_table
from emofusion.settings.encoding import canonical
from emofusion.settings.kinds import Features
from emofusion.settings.kinds.corpora import SKIP
from emofusion.tables import LOGIT, SPLIT, classes_of, read_table, unknown_to
from emofusion.training.description import read_model
from emofusion.training.loaded import LoadedModel
from emofusion.training.predict import predict_folds
from emofusion.training.standardise import DESCRIBES

FROM_ELSEWHERE = "{kind} features are not computed from recordings: they come from a table or another program"
NOTHING = "has nothing to compute {kind} features from"


@dataclass(frozen=True)
class Scored:
    """What a modality says about recordings.

    predictions: a row for each recording that it could score, with `logit_<class>`, the logarithms of posteriors; None
    where it could score none. reasons: recording → why it could not. left_out: recording that it scored → which parts
    of it were not used, in words.
    """

    predictions: pd.DataFrame | None
    reasons: dict[str, str]
    left_out: dict[str, str]


@dataclass(frozen=True)
class Computed:
    """Features of recordings.

    folder: of the feature set; None where no recording has them. reasons: recording → why it has none. left_out:
    recording → what was left out of it, and how many of it.
    """

    folder: Path | None
    reasons: dict[str, str]
    left_out: dict[str, dict[str, int]]


class MemberScorer:
    """Computes features and scores clips. What several members read is computed once.

    folder: of the bundle. work: a folder for intermediate files. recordings: all of them, those for enrolment included;
    each has a medium. enrolled: the names of those for enrolment, in their order.
    """

    def __init__(
        self, folder: Path, work: Path, bundle: Bundle, recordings: Sequence[Recording], enrolled: Sequence[str]
    ) -> None:
        self.folder, self.work, self.order, self.enrolled = folder, work, bundle.classes, list(enrolled)
        self.clips = clip_table(recordings, self.order[0]) if recordings else pd.DataFrame({"clip": []})
        self.faults = {recording.name: recording.faults for recording in recordings}
        self._computed: dict[str, Computed] = {}

    def modality(self, model: ModalityModel, workers: int, fold: int | None = None) -> Scored:
        """Score all recordings that have the modality.

        workers: how many processes compute features. fold: only the networks of this fold score; None: all. Raises
        `EmofusionError` where a clip for enrolment cannot be used.
        """
        tables: dict[str, pd.DataFrame] = {}
        reasons: dict[str, str] = {}
        parts: dict[str, list[str]] = {}  # recording → what was left out of it
        for member in model.members:
            computed = self._features(member, workers)
            folders, lacking = _folders(computed)
            self._check_enrolled(member, lacking)
            reasons |= lacking
            for part in computed:
                for clip, counts in part.left_out.items():
                    parts.setdefault(clip, []).extend(what if n == 1 else f"{what}: {n}" for what, n in counts.items())
            clips = self.clips[~self.clips["clip"].isin(lacking)]
            if (~clips["clip"].isin(self.enrolled)).any():
                tables[member.name] = self._score(member, folders, clips, fold)
        if len(tables) < len(model.members):
            return Scored(None, reasons, {})
        shared = set.intersection(*[set(table["clip"]) for table in tables.values()])
        tables = {name: table[table["clip"].isin(shared)].reset_index(drop=True) for name, table in tables.items()}
        merged = average(tables, model.pool) if len(tables) > 1 else next(iter(tables.values()))
        left_out = {clip: ", ".join(dict.fromkeys(texts)) for clip, texts in parts.items() if clip in shared}
        return Scored(merged, reasons, left_out)

    def load(self, member: Member, workers: int) -> LoadedModel:
        """The member in memory, for rows of features that come one by one.

        Clips for enrolment are the only ones that it reads. Raises `EmofusionError` where one of them has no features.
        """
        model = self.folder / member.folder / "model"
        if not (member.normalised or member.enrolment):
            if not member.compares:
                return LoadedModel(model, member.predictions)
            split, training = training_of(self.folder, member)
            folders = [folder for part in training for folder in part]
            return LoadedModel(model, member.predictions, (split, open_features(folders, member.predictions.parts)))
        folders, lacking = _folders(self._features(member, workers))
        self._check_enrolled(member, lacking)
        return LoadedModel(model, member.predictions, self._inputs(member, folders, self.clips, None))

    def _check_enrolled(self, member: Member, lacking: dict[str, str]) -> None:
        """Raise `EmofusionError` where a member needs a clip for enrolment that lacks its features.

        lacking: clip → why it has none.
        """
        if not (member.normalised or member.enrolment):
            return
        for clip in self.enrolled:
            if clip in lacking:
                raise EmofusionError(f"{clip} cannot be used for enrolment: it {lacking[clip]}. Name another clip.")

    def _features(self, member: Member, workers: int) -> list[Computed]:
        """The features of each of a member's parts."""
        return [self._part(part, self.folder / member.folder, workers) for part in member.parts]

    def _part(self, part: Part, member: Path, workers: int) -> Computed:
        features = part.features.for_scoring()
        if features is None:
            return Computed(None, dict.fromkeys(self.clips["clip"], FROM_ELSEWHERE.format(kind=part.features.kind)), {})
        name = canonical(features)
        if name not in self._computed:
            self._computed[name] = self._compute(features, self.work / f"features-{len(self._computed)}", workers)
        computed = self._computed[name]
        if computed.folder is None or part.frozen is None:
            return computed
        weights = member / "weights.safetensors"
        cached = key_of(part, features, weights)
        if cached not in self._computed:
            out = self.work / f"frozen-{len(self._computed)}"
            part.frozen.store(FeatureSet.open([computed.folder]), weights if weights.exists() else None, out)
            self._computed[cached] = replace(computed, folder=out)
        return self._computed[cached]

    def _compute(self, features: Features, out: Path, workers: int) -> Computed:
        """Compute the features of all clips that have a medium for them."""
        media = [medium for medium in features.computed_from() if medium in ("audio", "image", "video")]
        has = self.clips[media].notna().any(axis=1)
        reasons = {clip: self._without(clip, media) for clip in self.clips.loc[~has, "clip"]}
        clips = self.clips[has].reset_index(drop=True)
        if clips.empty:
            return Computed(None, reasons, {})
        left_out: dict[str, dict[str, int]] = {}
        try:
            left_out = extract(clips, features, out, workers, SKIP)
            found, skipped = set(FeatureSet.open([out]).rows["clip"]), read_skipped([out])
        except Lacking:
            found, skipped = set[str](), dict[str, str]()
        except BadClips as error:  # none is left
            found, skipped = set(), error.reasons
        without = NOTHING.format(kind=features.kind)
        reasons |= {clip: skipped.get(clip, without) for clip in clips["clip"] if clip not in found}
        return Computed(out if found else None, reasons, left_out)

    def _without(self, clip: str, media: list[str]) -> str:
        """Why a clip has none of some media."""
        faults = self.faults[clip]
        return next((faults[medium] for medium in media if medium in faults), f"has no {' and no '.join(media)}")

    def _score(self, member: Member, folders: list[Path], clips: pd.DataFrame, fold: int | None) -> pd.DataFrame:
        """The mean posterior of all folds' networks for each clip, as logarithms."""
        model = self.folder / member.folder / "model"
        split, features = self._inputs(member, folders, clips, fold)
        table = predict_folds(split, features, model, member.predictions, order=self.order)
        return _mean_over_folds(table)

    def _inputs(
        self, member: Member, folders: list[Path], clips: pd.DataFrame, fold: int | None
    ) -> tuple[pd.DataFrame, FeatureSet | JoinedFeatures]:
        """Split and features of clips, and of the training where the network compares clips with it."""
        described, _ = read_model(self.folder / member.folder / "model")
        every = sorted({int(name.partition("-")[0]) for name in described.kept_epoch})
        folds = every if fold is None else [fold]
        split = pd.concat([self._split(clips, number, member) for number in folds], ignore_index=True)
        read = [[folder] for folder in folders]
        if member.compares:
            stored, training = training_of(self.folder, member)
            split = pd.concat([stored, split], ignore_index=True)
            if "enrolment" in split:
                split["enrolment"] = split["enrolment"].fillna(0).astype("int64")
            read = [[*theirs, *ours] for theirs, ours in zip(training, read, strict=True)]
        return split, open_features([folder for part in read for folder in part], member.predictions.parts)

    def _split(self, clips: pd.DataFrame, fold: int, member: Member) -> pd.DataFrame:
        """The rows of new clips in a fold: they are tested there, or set apart for enrolment."""
        enrolled = clips["clip"].isin(self.enrolled)
        facts = clips[["clip", "corpus", "actor", "gender", "emotion"]]
        split = facts.assign(fold=fold, split=np.where(enrolled, "enrolment", "test"))
        if member.normalised:
            return split.assign(**{DESCRIBES: enrolled})
        if member.enrolment:
            present = [clip for clip in self.enrolled if clip in set(clips["clip"])]
            numbers = {clip: number for number, clip in enumerate(present, 1)}
            return split.assign(enrolment=split["clip"].map(numbers).fillna(0).astype("int64"))
        return split[~enrolled]


def _folders(computed: list[Computed]) -> tuple[list[Path], dict[str, str]]:
    """The feature sets that there are, and why recordings lack features: the first part's reason counts."""
    reasons = dict[str, str]()
    for part in computed:
        reasons = part.reasons | reasons
    return [part.folder for part in computed if part.folder is not None], reasons


def training_of(folder: Path, member: Member) -> tuple[pd.DataFrame, list[list[Path]]]:
    """Split, and folders of features by part, of the clips that a member was trained on. folder: of the bundle."""
    training = folder / member.folder / "training"
    stored = read_table(training / "split.parquet", SPLIT)
    if member.normalised:  # of those who trained, all clips describe the speaker
        stored = stored.assign(**{DESCRIBES: True})
    return stored, [sorted((training / str(number)).iterdir()) for number in range(len(member.parts))]


def _mean_over_folds(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each clip: the mean posterior over the folds, as logarithms."""
    classes = classes_of(table)
    means = pd.DataFrame(posteriors(table), columns=classes).groupby(table["clip"], sort=False).mean()
    clips = table.drop_duplicates("clip").drop(columns=[f"{LOGIT}{name}" for name in classes])
    known = [name for name in classes if name not in unknown_to(table)]
    return scored(clips.assign(fold=0), known, means.loc[clips["clip"], known].to_numpy(), classes)
