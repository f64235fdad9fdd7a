"""The base class of protocols in which each modality has training corpora of its own."""

from dataclasses import dataclass, replace
from typing import Self

from omegaconf import MISSING

from emofusion.errors import EmofusionError
from emofusion.settings.fields import setting
from emofusion.settings.kinds import Protocol


@dataclass
class AcrossCorpora(Protocol):
    """Each modality is trained on its own corpora. All modalities are tested on the same clips."""

    train: dict[str, list[str]] = setting("Corpora with the training clips of each modality.", MISSING, shortest=1)
    test: list[str] = setting("Corpora with the test clips.", MISSING, shortest=1, distinct=True)

    def training_corpora(self, modality: str) -> list[str]:
        """The names of the corpora with the training clips of a modality. Raises `EmofusionError` without any."""
        if modality not in self.train:
            raise EmofusionError(f"protocol.train: no corpora for the modality {modality}")
        return self.train[modality]

    def test_corpora(self) -> list[str]:
        """The names of the corpora with the test clips."""
        return self.test

    def for_modality(self, modality: str) -> Self:
        """The protocol with the training corpora of one modality, and without its description."""
        return replace(self, description="", train={modality: self.training_corpora(modality)})
