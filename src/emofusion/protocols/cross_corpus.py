"""A protocol that trains on some corpora and tests on others."""

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
    """Each modality is trained on its own corpora. All modalities are tested on other corpora."""

    kind: str = "cross_corpus"
    train: dict[str, list[str]] = setting(
        "Corpora with the training clips of each modality, as in {face: [kdef], speech: [savee]}.", MISSING, shortest=1
    )
    test: list[str] = setting("Corpora with the test clips.", MISSING, shortest=1, distinct=True)

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless each modality has at least one corpus, and each corpus only once."""
        super().check_together(name)
        for modality, corpora in self.train.items():
            must(
                len(corpora) > 0 and len(set(corpora)) == len(corpora),
                f"{name}.train.{modality}=[{','.join(corpora)}]: at least 1 entry, each once",
            )

    def training_corpora(self, modality: str) -> list[str]:
        """The names of the corpora with the training clips of a modality.

        Raises `EmofusionError` where there are none, or where one of them is also a test corpus.
        """
        if modality not in self.train:
            raise EmofusionError(f"protocol.train: no corpora for the modality {modality}")
        self._check_apart(self.train[modality])
        return self.train[modality]

    def test_corpora(self) -> list[str]:
        """The names of the corpora with the test clips."""
        return self.test

    def for_modality(self, modality: str) -> Self:
        """The protocol with the training corpora of one modality, and without its description."""
        return replace(self, description="", train={modality: self.training_corpora(modality)})

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """One fold with all training and test corpora. A share of the training actors is used for validation."""
        from emofusion.protocols.common.split import with_validation

        training = list(dict.fromkeys(corpus for corpora in self.train.values() for corpus in corpora))
        self._check_apart(training)
        train, test = clips["corpus"].isin(training), clips["corpus"].isin(self.test)
        return [with_validation(clips, train, test, self, fold=0)]

    def _check_apart(self, training: list[str]) -> None:
        """Raise `EmofusionError` where a corpus is used for both training and testing."""
        both = set(training) & set(self.test)
        must(
            not both,
            f"protocol.test: {', '.join(sorted(both))} is used for both training and testing; use "
            "protocol=speaker_independent",
        )
