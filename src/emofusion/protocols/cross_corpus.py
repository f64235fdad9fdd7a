"""Training on some corpora and testing on others."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from omegaconf import MISSING

from emofusion.errors import EmofusionError
from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Protocol

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class CrossCorpus(Protocol):
    """Each modality trains on corpora of its own, and other corpora test all of them."""

    kind: str = "cross_corpus"
    train: dict[str, list[str]] = setting(
        "Corpora that train each modality, as in {face: [kdef], speech: [savee]}.", MISSING, shortest=1
    )
    test: list[str] = setting("Corpora that test.", MISSING, shortest=1, distinct=True)

    def check_together(self, name: str) -> None:
        """Each modality has at least one corpus, and each corpus once."""
        for modality, corpora in self.train.items():
            must(
                len(corpora) > 0 and len(set(corpora)) == len(corpora),
                f"{name}.train.{modality}=[{','.join(corpora)}]: at least 1 entry, each once",
            )

    def training_corpora(self, modality: str) -> list[str]:
        """The names of the corpora that train a modality.

        Raises `EmofusionError` where there are none, or where one of them tests too.
        """
        if modality not in self.train:
            raise EmofusionError(f"protocol.train: no corpora for the modality {modality}")
        self._check_apart(self.train[modality])
        return self.train[modality]

    def test_corpora(self) -> list[str]:
        """The names of the corpora that test."""
        return self.test

    def for_modality(self, modality: str) -> Self:
        """The protocol with the training corpora of one modality, and without its description."""
        return replace(self, description="", train={modality: self.training_corpora(modality)})

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """One fold: the clips of all training corpora, a share of their actors set apart, and of all test corpora."""
        from emofusion.protocols.common.split import with_validation

        training = list(dict.fromkeys(corpus for corpora in self.train.values() for corpus in corpora))
        self._check_apart(training)
        train, test = clips["corpus"].isin(training), clips["corpus"].isin(self.test)
        return [with_validation(clips, train, test, self, fold=0)]

    def _check_apart(self, training: list[str]) -> None:
        """Raise `EmofusionError` where a corpus both trains and tests."""
        both = set(training) & set(self.test)
        must(
            not both,
            f"protocol.test: {', '.join(sorted(both))} both trains and tests; use protocol=speaker_independent",
        )
