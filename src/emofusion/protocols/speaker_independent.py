"""Folds of actors: each actor is tested once, by models that were not trained on this actor."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emofusion.protocols.common.folds import FOLDS, check_folds
from emofusion.protocols.common.within import WithinCorpora
from emofusion.settings.fields import setting

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class SpeakerIndependent(WithinCorpora):
    """Folds of actors. No actor is in both training and test. `folds` names the actors, or they are drawn at random."""

    kind: str = "speaker_independent"
    folds: Any = setting(FOLDS, None)

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless folds are lists of actors, and each actor is in only one fold."""
        super().check_together(name)
        check_folds(self.folds, name, self.number_of_folds)

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """One fold for each set of test actors. In each fold, a share of the other actors is used for validation."""
        from emofusion.protocols.common.folds import actors_of_folds
        from emofusion.protocols.common.split import with_validation

        testing = actors_of_folds(clips, self.folds, self.number_of_folds, self.seed, self.same_people)
        tests = [clips["actor"].isin(actors) for actors in testing]
        return [with_validation(clips, ~test, test, self, fold) for fold, test in enumerate(tests)]
