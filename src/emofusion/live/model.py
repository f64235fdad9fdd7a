"""A fused model in memory, which scores windows of sound and frames of a camera."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.errors import EmofusionError
from emofusion.features.common.arrays import Array
from emofusion.fusion.common.deployed import DeployedRule
from emofusion.fusion.linear import Linear
from emofusion.live.inputs import Input, input_of
from emofusion.live.settings import LiveSettings
from emofusion.predictions.pools import pool
from emofusion.scoring.bundle import Member, ModalityModel
from emofusion.scoring.members import MemberScorer
from emofusion.scoring.recordings import NEW, Recording
from emofusion.scoring.scorer import Scorer, named_for_enrolment
from emofusion.training.loaded import LoadedModel

Posterior = NDArray[np.float64]


@dataclass(frozen=True)
class LiveModality:
    """A modality.

    name: of it. members: each with what it reads. pool: how their posteriors are averaged. places: the positions of its
    classes, the same for all members, among those of the model. classes: how many the model has.
    """

    name: str
    members: list[tuple[LoadedModel, list[Input]]]
    pool: str
    places: NDArray[np.intp]
    classes: int

    @property
    def inputs(self) -> list[Input]:
        """What the members read, each once."""
        return list({one.key: one for _, inputs in self.members for one in inputs}.values())

    @property
    def media(self) -> set[str]:
        """`SOUND`, `CAMERA`, or both."""
        return {one.medium for one in self.inputs}

    def posterior(self, values: Mapping[str, Array]) -> Posterior | None:
        """The posterior (classes,); None where a value is missing. A class that the modality does not know has 0.

        values: the key of an input → its values.
        """
        if any(one.key not in values for one in self.inputs):
            return None
        found = []
        for model, inputs in self.members:
            parts = [values[one.key] for one in inputs]
            # rows of one part stay as they are; several parts stand side by side, as in `JoinedFeatures`
            rows = parts[0] if len(parts) == 1 else _side_by_side(parts)
            found.append(model.posteriors(rows, NEW))
        if len(found) > 1:
            found = [pool(self.pool, np.stack(found)[:, np.newaxis], np.full(len(found), 1 / len(found)))[0]]
        posterior = np.zeros(self.classes)
        posterior[self.places] = found[0]
        return posterior


class LiveModel:
    """Loads a registered model once, for all who use it.

    Attributes:
        classes: in their order. modalities: those that can be used here. unusable: modality → why it cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        settings: LiveSettings,
        enrolment: Sequence[Recording] = (),
        progress: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Load the model.

        Args:
            folder: of its bundle.
            settings: of the frames.
            enrolment: clips of the speaker, where the model asks for them.
            progress: is called with a line before each modality is loaded.

        Raises:
            EmofusionError: the model cannot be read, or asks for enrolment clips; or no modality can be used.
        """
        self.scorer = Scorer(folder)
        self.bundle = self.scorer.bundle
        self.scorer.check_enrolment(enrolment)
        self.classes = self.scorer.rule.examples.classes
        self.modalities: list[LiveModality] = []
        self.unusable: dict[str, str] = {}
        named = named_for_enrolment(enrolment)
        with TemporaryDirectory(prefix="emofusion-live-") as work:
            members = MemberScorer(folder, Path(work), self.bundle, named, [one.name for one in named])
            for modality in self.bundle.modalities:
                progress(f"loading {modality.name}")
                loaded = self._load(folder, modality, members, settings)
                if isinstance(loaded, str):
                    self.unusable[modality.name] = loaded
                else:
                    self.modalities.append(loaded)
        if not self.modalities:
            why = "; ".join(f"{name}: {reason}" for name, reason in self.unusable.items())
            raise EmofusionError(f"nothing of this model can be used with a camera and a microphone ({why}).")
        self._weighted = lru_cache(64)(self._with_weights)

    @property
    def inputs(self) -> list[Input]:
        """What all modalities read, each once."""
        return list({one.key: one for modality in self.modalities for one in modality.inputs}.values())

    @property
    def most_seconds(self) -> float | None:
        """How long a window of sound is at most of which all modalities use all; None: of any length."""
        return min((one.most_seconds for one in self.inputs if one.most_seconds is not None), default=None)

    @property
    def weights(self) -> dict[str, float]:
        """The weights of the experiment, by modality."""
        return dict(self.bundle.fusion.weights)

    def fuse(self, posteriors: Mapping[str, Posterior], weights: tuple[float, ...] | None) -> Posterior:
        """The fused posterior (classes,) of the modalities that are there; at least one is.

        Args:
            posteriors: modality → (classes,).
            weights: of all modalities of the model in their order, with sum 1, for the weighted mean of posteriors;
                None: the rule of the model.
        """
        rule = self.scorer.rule if weights is None else self._weighted(weights)
        examples = rule.examples
        values = np.full((len(examples.modalities), 1, len(self.classes)), 1 / len(self.classes))
        present = np.zeros(values.shape[:2], dtype=bool)
        for position, name in enumerate(examples.modalities):
            if name in posteriors:
                values[position, 0], present[position, 0] = posteriors[name], True
        clips = examples.clips.iloc[:1].reset_index(drop=True)
        asked = replace(examples, clips=clips, posteriors=values, present=present, left_out={})
        fused: Posterior = rule.fuse(asked)[0]
        return fused

    def _with_weights(self, weights: tuple[float, ...]) -> DeployedRule:
        rule = self.scorer.rule
        named = dict(zip(rule.examples.modalities, weights, strict=True))
        return DeployedRule(Linear(), replace(rule.settings, weights=named), rule.examples, rule.calibrated)

    def _load(
        self, folder: Path, modality: ModalityModel, members: MemberScorer, settings: LiveSettings
    ) -> LiveModality | str:
        """A modality in memory; or why it cannot be used here."""
        inputs: list[list[Input]] = []
        for member in modality.members:
            of_member = _inputs_of(member, folder, settings)
            if isinstance(of_member, str):
                return of_member
            inputs.append(of_member)
        loaded = [members.load(member, 1) for member in modality.members]
        places = pd.Index(self.classes).get_indexer(loaded[0].classes)
        members_with = list(zip(loaded, inputs, strict=True))
        return LiveModality(modality.name, members_with, modality.pool, places, len(self.classes))


def _inputs_of(member: Member, folder: Path, settings: LiveSettings) -> list[Input] | str:
    found = []
    for part in member.parts:
        one = input_of(part, folder / member.folder, settings.frame_rate)
        if isinstance(one, str):
            return one
        found.append(one)
    return found


def _side_by_side(parts: Sequence[Array]) -> Array:
    """Rows `(1, values)` in single precision."""
    return np.concatenate([part.reshape(len(part), -1).astype(np.float32, copy=False) for part in parts], axis=1)
