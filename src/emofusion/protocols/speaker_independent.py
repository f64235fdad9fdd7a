"""Folds of actors: each actor is tested once, by models that were not trained on this actor."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emofusion.errors import EmofusionError
from emofusion.people import normal
from emofusion.protocols.common.within import WithinCorpora
from emofusion.settings.fields import must, setting

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class SpeakerIndependent(WithinCorpora):
    """Folds of actors. No actor is in both training and test. `folds` names the actors, or they are drawn at random."""

    kind: str = "speaker_independent"
    folds: Any = setting(
        "The test actors of each fold, as in [[1, 2], [3, 4]]; 2, 02 and ravdess-02 are the same actor. null: they are "
        "drawn at random.",
        None,
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless folds are lists of actors, and each actor is in only one fold."""
        super().check_together(name)
        if self.folds is None:
            return
        must(
            isinstance(self.folds, list) and bool(self.folds) and all(map(_is_list_of_actors, self.folds)),
            f"{name}.folds={self.folds}: a list of lists of test actors, or null",
        )
        fold_of: dict[str, int] = {}
        for number, fold in enumerate(self.folds):
            names = [normal(actor) for actor in fold]
            must(len(set(names)) == len(names), f"{name}.folds: fold {number} names an actor twice: {', '.join(names)}")
            for actor in fold:
                must(
                    fold_of.setdefault(normal(actor), number) == number,
                    f"{name}.folds: actor {actor} is tested in more than one fold",
                )

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """One fold for each set of test actors. In each fold, a share of the other actors is used for validation."""
        from sklearn.model_selection import StratifiedGroupKFold

        from emofusion.protocols.common.split import check_number_of_folds, with_validation

        if self.folds is not None:
            testing = [_actors(clips, fold) for fold in self.folds]
        else:
            check_number_of_folds(self.number_of_folds, clips["actor"].nunique(), "actors")
            folds = StratifiedGroupKFold(self.number_of_folds, shuffle=True, random_state=self.seed)
            testing = [
                set(clips["actor"].iloc[test]) for _, test in folds.split(clips, clips["gender"], groups=clips["actor"])
            ]
        tests = [clips["actor"].isin(actors) for actors in testing]
        twice = sum(tests)[sum(tests) > 1]
        if len(twice):
            actor = clips["actor"][twice.index[0]]
            raise EmofusionError(f"protocol.folds: actor {actor} is tested in more than one fold")
        return [with_validation(clips, ~test, test, self, fold) for fold, test in enumerate(tests)]


def _is_list_of_actors(fold: Any) -> bool:
    return (
        isinstance(fold, list)
        and bool(fold)
        and all(isinstance(actor, int | str) and not isinstance(actor, bool) for actor in fold)
    )


def _actors(clips: "pd.DataFrame", names: list[int | str]) -> set[str]:
    """The actors that a fold names. A short name is allowed: 2 or 02 for ravdess-02, and F01 for kdef-F01."""
    known, corpora = sorted(set(clips["actor"])), sorted(set(clips["corpus"]))
    forms: dict[str, list[str]] = {}
    for actor in known:
        for form in {normal(actor), *(normal(actor.removeprefix(f"{corpus}-")) for corpus in corpora)}:
            forms.setdefault(form, []).append(actor)
    actors = set()
    for name in map(str, names):
        meant = [name] if name in known else forms.get(normal(name), [])
        must(bool(meant), f"protocol.folds: there is no actor {name}; there are {', '.join(known)}")
        must(len(meant) < 2, f"protocol.folds: actor {name} may be {' or '.join(meant)}; give the full name")
        actors.update(meant)
    return actors
