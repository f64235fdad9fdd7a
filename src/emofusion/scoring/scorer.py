"""Score recordings with a fused model: features, member networks, fusion."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.errors import EmofusionError
from emofusion.fusion.common.deployed import DeployedRule
from emofusion.predictions.missing import USE_OTHERS, completed
from emofusion.predictions.table import CLIP, Aligned, align, posteriors
from emofusion.predictions.ties import predicted
from emofusion.scoring.bundle import Bundle, read_bundle
from emofusion.scoring.members import MemberScorer
from emofusion.scoring.recordings import Recording
from emofusion.tables import PREDICTIONS, classes_of, read_table

_CLIP = "new recording {}"  # the name of a clip that is scored
POSTERIOR = "posterior_"  # the columns of scores for each class: `posterior_<class>`


@dataclass(frozen=True)
class Scores:
    """The scores of recordings, a row for each of them in their order.

    fused: name; emotion, the class with the largest posterior, empty where a recording could not be scored; used, the
    modalities that it was scored by, joined by blanks; reason, why it was not scored, or why a modality was not used;
    left_out, which parts of it a modality did not use; and `posterior_<class>`, missing where it was not scored.
    modalities: modality → name and `posterior_<class>` of the recordings that it scored, in their order.
    """

    fused: pd.DataFrame
    modalities: dict[str, pd.DataFrame]

    @property
    def failed(self) -> int:
        """How many recordings could not be scored."""
        return int((self.fused["used"] == "").sum())


class Scorer:
    """A fused model that is ready to score.

    bundle: what the model is.
    """

    def __init__(self, folder: Path) -> None:
        """folder: of a bundle. Raises `EmofusionError` where it cannot be read."""
        self.folder = Path(folder)
        self.bundle: Bundle = read_bundle(self.folder)

    @cached_property
    def rule(self) -> DeployedRule:
        """The fusion rule with what it learns from."""
        names = [modality.name for modality in self.bundle.modalities]
        learnt = {name: read_table(self.folder / "learnt" / f"{name}.parquet", PREDICTIONS) for name in names}
        examples = align(completed(learnt, USE_OTHERS), are_checked=True)
        return DeployedRule(self.bundle.rule, self.bundle.fusion, examples, self.bundle.calibrated)

    def score(
        self,
        recordings: Sequence[Recording],
        enrolment: Sequence[Recording] = (),
        workers: int = 0,
        fold: int | None = None,
        progress: Callable[[str], None] = lambda line: None,
    ) -> Scores:
        """Score recordings. A recording that cannot be scored has a row that says why.

        Args:
            recordings: of one speaker, where the model asks for enrolment clips; else of anybody.
            enrolment: clips of this speaker that the features are normalised on. They are not scored.
            workers: how many processes compute features; 0: one for each core.
            fold: only the networks of this fold score, as in the experiment; None: the mean of all.
            progress: is called with a line before each step.

        Raises:
            EmofusionError: the model asks for more enrolment clips than there are, or one of them cannot be used.
        """
        self.check_enrolment(enrolment)
        usable = [(number, recording) for number, recording in enumerate(recordings) if recording.media]
        reasons: dict[str, dict[int, str]] = {}
        left_out: dict[str, dict[int, str]] = {}
        scored: dict[str, pd.DataFrame] = {}
        if usable:
            # clips get names of their own, because a clip of the training may have any name
            clips = [replace(recording, name=_CLIP.format(number)) for number, recording in usable]
            asked = named_for_enrolment(enrolment)
            enrolled = [recording.name for recording in asked]
            with tempfile.TemporaryDirectory(prefix="emofusion-score-") as work:
                members = MemberScorer(self.folder, Path(work), self.bundle, [*clips, *asked], enrolled)
                for model in self.bundle.modalities:
                    progress(f"{model.name}: features and networks, {len(clips)} recordings")
                    found = members.modality(model, workers or os.cpu_count() or 1, fold)
                    if found.predictions is not None:
                        scored[model.name] = found.predictions.assign(row=_rows(found.predictions["clip"]))
                    for texts, of_modality in ((reasons, found.reasons), (left_out, found.left_out)):
                        told = {clip: text for clip, text in of_modality.items() if clip not in enrolled}
                        texts[model.name] = dict(
                            zip(_rows(pd.Series(list(told), dtype=str)), told.values(), strict=True)
                        )
        return self._scores(recordings, scored, reasons, left_out)

    def check_enrolment(self, enrolment: Sequence[Recording], how: str = "with --enrol FILE…") -> None:
        """Raise `EmofusionError` where the model asks for more enrolment clips than there are, or one has a fault.

        how: they are given, for the message.
        """
        asking = self.bundle.asks_for_enrolment
        number = max(member.enrolment for model in self.bundle.modalities for member in model.members)
        if asking and len(enrolment) < max(number, 1):
            raise EmofusionError(
                f"the model's features of {' and '.join(asking)} are normalised for each speaker. Give "
                + (f"{number} neutral clips" if number else "several clips, of different emotions,")
                + f" of the speaker whose recordings are scored, {how}"
                + (f"; there {'is' if len(enrolment) == 1 else 'are'} {len(enrolment)}" if enrolment else "")
            )
        if bad := next((recording for recording in enrolment if recording.fault), None):
            raise EmofusionError(f"{bad.name}, which is given for enrolment, {bad.fault}.")

    def _scores(
        self,
        recordings: Sequence[Recording],
        scored: dict[str, pd.DataFrame],
        reasons: dict[str, dict[int, str]],
        left_out: dict[str, dict[int, str]],
    ) -> Scores:
        """The tables of what was scored.

        scored: modality → its predictions, with `row`, the number of the recording. reasons: modality → number of a
        recording → why it did not score it. left_out: the same, for what it did not use of those that it scored.
        """
        classes = self.rule.examples.classes
        columns = [POSTERIOR + name for name in classes]
        names = pd.Series([recording.name for recording in recordings], dtype=str)
        fused = np.full((len(recordings), len(classes)), np.nan)
        emotions = np.full(len(recordings), "", dtype=object)
        if scored:
            aligned, rows = self._aligned(scored)
            fused[rows] = self.rule.fuse(aligned)
            emotions[rows] = np.array(classes, dtype=object)[predicted(fused[rows])]
        rows_of = {name: set(table["row"]) for name, table in scored.items()}
        used = [" ".join(name for name, has in rows_of.items() if row in has) for row in names.index]
        why = [recording.fault or _of_row(row, reasons) for row, recording in enumerate(recordings)]
        without = [_of_row(row, left_out) for row in names.index]
        about = pd.DataFrame({"name": names, "emotion": emotions, "used": used, "reason": why, "left_out": without})
        modalities = {
            name: pd.DataFrame(posteriors(table), columns=[POSTERIOR + one for one in classes_of(table)]).assign(
                name=names[table["row"]].to_numpy()
            )
            for name, table in scored.items()
        }
        return Scores(pd.concat([about, pd.DataFrame(fused, columns=columns)], axis=1), modalities)

    def _aligned(self, scored: dict[str, pd.DataFrame]) -> tuple[Aligned, NDArray[np.intp]]:
        """The posteriors of new recordings, with the modalities and classes of the examples; and their numbers."""
        examples = self.rule.examples
        rows = np.unique(np.concatenate([table["row"].to_numpy() for table in scored.values()]))
        values = np.full((len(examples.modalities), len(rows), len(examples.classes)), 1 / len(examples.classes))
        present = np.zeros(values.shape[:2], dtype=bool)
        for position, name in enumerate(examples.modalities):
            if name in scored:
                places = np.searchsorted(rows, scored[name]["row"])
                present[position, places] = True
                shares = pd.DataFrame(posteriors(scored[name]), columns=classes_of(scored[name]))
                values[position, places] = shares.reindex(columns=examples.classes, fill_value=0.0)
        clips = pd.concat(scored.values()).drop_duplicates("row").sort_values("row")[CLIP].reset_index(drop=True)
        return replace(examples, clips=clips, posteriors=values, present=present, left_out={}), rows


def named_for_enrolment(enrolment: Sequence[Recording]) -> list[Recording]:
    """Enrolment clips under names that messages can show, and that no recording has."""
    return [replace(one, name=f"the enrolment clip {one.name} ({number})") for number, one in enumerate(enrolment, 1)]


def _of_row(row: int, texts: dict[str, dict[int, str]]) -> str:
    """What each modality says of a recording. texts: modality → number of a recording → text."""
    return "; ".join(f"{name}: {of[row]}" for name, of in texts.items() if row in of)


def _rows(clips: pd.Series) -> NDArray[np.intp]:
    """The numbers of recordings, by the names of their clips."""
    numbers: NDArray[np.intp] = clips.str.removeprefix(_CLIP.format("")).to_numpy(dtype=np.intp)
    return numbers
