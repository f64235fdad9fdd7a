"""Each modality has its own training corpora; test actors are held out of corpora that train and test."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omegaconf import MISSING

from emofusion.protocols.common.across import AcrossCorpora
from emofusion.protocols.common.folds import DRAWN, FOLDS, check_folds
from emofusion.settings.fields import must, setting

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class HeldOut(AcrossCorpora):
    """Each modality is trained on its own corpora. A corpus may train and test: its test actors never train.

    All modalities are tested on the same clips, so one may be trained across corpora and another within a corpus.
    """

    kind: str = "held_out"
    train: dict[str, list[str]] = setting(
        "Corpora with the training clips of each modality, as in {face: [kdef], speech: [ravdess]}.",
        MISSING,
        shortest=1,
        distinct=True,
    )
    folds: Any = setting(FOLDS, None)
    number_of_folds: int = setting("Number of folds, if they are drawn at random.", DRAWN, least=2, most=1000)

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless each modality has a corpus, and each test actor is in only one fold."""
        super().check_together(name)
        for modality, corpora in self.train.items():
            must(len(corpora) > 0, f"{name}.train.{modality}=[]: at least 1 entry, each once")
        check_folds(self.folds, name, self.number_of_folds)

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """One fold for each set of test actors. A share of the training actors is used for validation."""
        from emofusion.protocols.common.folds import actors_of_folds
        from emofusion.protocols.common.split import with_validation

        training = {corpus for corpora in self.train.values() for corpus in corpora}
        may_train, may_test = clips["corpus"].isin(training), clips["corpus"].isin(self.test)
        masks = []
        # the test actors are drawn from the test corpora alone, so that they are the same for every modality
        drawn = actors_of_folds(clips[may_test], self.folds, self.number_of_folds, self.seed, self.same_people)
        for fold, actors in enumerate(drawn):
            held_out = clips["actor"].isin(actors)
            masks.append(with_validation(clips, may_train & ~held_out, may_test & held_out, self, fold))
        return masks
