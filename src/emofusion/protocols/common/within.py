"""The base classes of protocols with training and test clips from the same corpora."""

from dataclasses import dataclass, replace
from typing import Self

from omegaconf import MISSING

from emofusion.protocols.common.folds import DRAWN
from emofusion.settings.fields import setting
from emofusion.settings.kinds import Protocol


@dataclass
class OfCorpora(Protocol):
    """A protocol with training and test clips from the same corpora, for all modalities."""

    corpora: list[str] = setting("Corpora with the training and test clips.", MISSING, shortest=1, distinct=True)

    def training_corpora(self, modality: str) -> list[str]:
        """The names of the corpora; the same ones train every modality."""
        return self.corpora

    def test_corpora(self) -> list[str]:
        """The names of the corpora."""
        return self.corpora

    def for_modality(self, modality: str) -> Self:
        """The protocol without its description, which does not change the split."""
        return replace(self, description="")


@dataclass
class WithinCorpora(OfCorpora):
    """A protocol that divides the clips of its corpora into folds. Each fold is the test set once."""

    number_of_folds: int = setting("Number of folds, if they are drawn at random.", DRAWN, least=2, most=1000)
