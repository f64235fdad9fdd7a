"""Folds of test actors: named in a setting, or drawn at random."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from emofusion.people import normal
from emofusion.settings.fields import must

if TYPE_CHECKING:
    import pandas as pd

FOLDS = (
    "The test actors of each fold, as in [[1, 2], [3, 4]]; 2, 02 and ravdess-02 are the same actor. null: they are "
    "drawn at random."
)


_SHOWN = 5  # actors that a note names
DRAWN = 5  # folds, if they are drawn at random and nobody says how many


def check_folds(folds: Any, name: str, number: int) -> None:
    """Raise `EmofusionError` unless folds are lists of actors, and each actor is in only one fold.

    folds: the setting; None is allowed. name: of the protocol, for the message. number: the setting `number_of_folds`,
    which has no effect beside `folds`.
    """
    if folds is None:
        return
    must(
        isinstance(folds, list) and bool(folds) and all(map(_is_list_of_actors, folds)),
        f"{name}.folds={folds}: a list of lists of test actors, or null",
    )
    must(
        number in (DRAWN, len(folds)),
        f"{name}.number_of_folds={number} has no effect, as {name}.folds names {len(folds)} folds; remove it, or set "
        f"{name}.folds=null to draw folds at random",
    )
    fold_of: dict[str, int] = {}
    for number, fold in enumerate(folds):
        names = [normal(actor) for actor in fold]
        must(len(set(names)) == len(names), f"{name}.folds: fold {number} names an actor twice: {', '.join(names)}")
        for actor in fold:
            must(
                fold_of.setdefault(normal(actor), number) == number,
                f"{name}.folds: actor {actor} is tested in more than one fold",
            )


def untested_notes(split: "pd.DataFrame", folds: Any) -> list[str]:
    """A sentence for each corpus of which named folds test some actors and not others; none where all are tested.

    split: `tables.SPLIT`. folds: the setting; None: they are drawn, and test everybody.
    """
    notes, tested = [], set(split.loc[split["split"] == "test", "actor"])
    for corpus, rows in split.groupby("corpus") if folds is not None else ():
        actors = sorted(rows["actor"].unique())
        others = [actor for actor in actors if actor not in tested]
        if 0 < len(others) < len(actors):
            shown = ", ".join(others[:_SHOWN]) + (f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else "")
            notes.append(
                f"{len(others)} of {len(actors)} actors of {corpus} are in no fold of protocol.folds ({shown}): they "
                "only train and validate."
            )
    return notes


def actors_of_folds(
    clips: "pd.DataFrame", folds: Any, number: int, seed: int, shared: Sequence[Sequence[str]]
) -> list[set[str]]:
    """The test actors of each fold.

    Args:
        clips: the clips that may be tested.
        folds: lists of names, as `check_folds` allows them; None: the actors are drawn at random, by gender.
        number: the number of folds, if they are drawn.
        seed: of the draw.
        shared: lists of corpora that share people, see the setting `protocol.same_people`.

    Raises:
        EmofusionError: there is no such actor, a name has several actors, an actor is tested twice, or there are too
            few actors.
    """
    if folds is None:
        from sklearn.model_selection import StratifiedGroupKFold

        from emofusion.protocols.common.split import check_number_of_folds

        check_number_of_folds(number, clips["actor"].nunique(), "actors")
        drawn = StratifiedGroupKFold(number, shuffle=True, random_state=seed)
        return [
            set(clips["actor"].iloc[test]) for _, test in drawn.split(clips, clips["gender"], groups=clips["actor"])
        ]
    testing = [_actors(clips, fold, shared) for fold in folds]
    tested: set[str] = set()
    for actors in testing:
        twice = sorted(tested & actors)
        must(not twice, f"protocol.folds: actor {twice[0] if twice else ''} is tested in more than one fold")
        tested |= actors
    return testing


def _is_list_of_actors(fold: Any) -> bool:
    return (
        isinstance(fold, list)
        and bool(fold)
        and all(isinstance(actor, int | str) and not isinstance(actor, bool) for actor in fold)
    )


def _actors(clips: "pd.DataFrame", names: list[int | str], shared: Sequence[Sequence[str]]) -> set[str]:
    """The actors that a fold names. A short name is allowed: 2 or 02 for ravdess-02, and F01 for kdef-F01."""
    from emofusion.protocols.common.identity import shared_name

    known, prefixes = sorted(set(clips["actor"])), [*clips["corpus"].unique(), *map(shared_name, shared)]
    forms: dict[str, list[str]] = {}
    for actor in known:
        for form in {normal(actor), *(normal(actor.removeprefix(f"{corpus}-")) for corpus in prefixes)}:
            forms.setdefault(form, []).append(actor)
    actors = set()
    for name in map(str, names):
        meant = [name] if name in known else forms.get(normal(name), [])
        must(bool(meant), f"protocol.folds: there is no actor {name}; there are {', '.join(known)}")
        must(len(meant) < 2, f"protocol.folds: actor {name} may be {' or '.join(meant)}; give the full name")
        actors.update(meant)
    return actors
