"""A protocol that trains on some corpora and tests on others."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omegaconf import MISSING

from emofusion.protocols.common.across import AcrossCorpora
from emofusion.settings.fields import must, setting

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class CrossCorpus(AcrossCorpora):
    """Each modality is trained on its own corpora. All modalities are tested on other corpora."""

    kind: str = "cross_corpus"
    train: dict[str, list[str]] = setting(
        "Corpora with the training clips of each modality, as in {face: [kdef], speech: [savee]}.", MISSING, shortest=1
    )

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
        corpora = super().training_corpora(modality)
        self._check_apart(corpora)
        return corpora

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
