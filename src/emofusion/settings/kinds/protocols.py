"""The base class of protocols."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from emofusion.settings.fields import MOST_SEED, must, setting, shown
from emofusion.settings.kinds.base import Kind

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Enrolment:
    """Clips of each speaker that are set apart, as an application would ask a new user for them.

    Their emotion is known, so it must be one that can be asked for. They are not scored, and they do not train, except
    those of speakers who only train.
    """

    clips: int = setting("Number of clips of each speaker that are set apart; 0: none.", 0, least=0, most=1000)
    emotion: str = setting("The emotion of these clips.", "neutral", filled=True)
    seed: int = setting("Seed for drawing them among a speaker's clips of this emotion.", 0, least=0, most=MOST_SEED)


@dataclass
class Protocol(Kind):
    """The division of clips into training, validation and test clips, for each fold.

    Class attributes:
        leaks_speakers: whether clips of the same speaker can be training and test clips. All tables and figures then
            say so. Where it depends on a setting, overwrite `mixes_speakers`.
        trains: whether models are trained. Otherwise all clips are tested, and posteriors must come from elsewhere.
        tests: whether clips are tested. Otherwise models are trained for use alone.
        to_mix: the setting that allows speakers on both sides, for the message where a speaker is.
    """

    family: ClassVar[str] = "protocols"
    needs: ClassVar[tuple[str, ...]] = ("training_corpora", "test_corpora", "masks")
    leaks_speakers: ClassVar[bool] = False
    trains: ClassVar[bool] = True
    tests: ClassVar[bool] = True
    to_mix: ClassVar[str] = "protocol=random_clips"

    description: str = setting("The protocol in words, for the reports.", "")
    seed: int = setting(
        "Seed for drawing actors or clips. It is separate from the experiment's seed, so that all seeds share a split.",
        0,
        least=0,
        most=MOST_SEED,
    )
    validation: float = setting(
        "Share of the training actors, or clips, that is used for validation; 0: none.", 0.2, least=0, below=1
    )
    training_actors: int | None = setting(
        "Number of training actors in each fold, for learning curves: they are drawn by protocol.seed, alternately of "
        "each gender, and a smaller number is a part of a larger one. Validation and test stay. null: all.",
        None,
        least=1,
        later=True,
    )
    same_people: list[list[str]] = setting(
        "Corpora that share people, as in [[ravdess, ravdess_songs]]: equal names of actors are then the same person. "
        "People of other corpora are different people, whatever their names.",
        [],
        later=True,
    )

    enrolment: Enrolment = setting("Clips of each speaker that are set apart for enrolment.", Enrolment(), later=True)

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless each list of corpora that share people has at least two, and each only once."""
        named = [corpus for corpora in self.same_people for corpus in corpora]
        must(
            len(set(named)) == len(named) and all(len(corpora) > 1 for corpora in self.same_people),
            f"{name}.same_people={shown(self.same_people)}: lists of at least 2 corpora, each corpus once",
        )

    def mixes_speakers(self) -> bool:
        """Whether clips of the same speaker can be training and test clips, with these settings."""
        return self.leaks_speakers

    def training_corpora(self, modality: str) -> list[str]:
        """The names of the corpora with a modality's training clips. Raises `EmofusionError` where there are none."""
        raise NotImplementedError

    def test_corpora(self) -> list[str]:
        """The names of the corpora with the test clips."""
        raise NotImplementedError

    def for_modality(self, modality: str) -> Self:
        """A copy with only the settings that concern one modality, so that other modalities do not change its split."""
        return self

    def fold_in_words(self, fold: int, folds: int) -> str:
        """A fold's name in messages. folds: how many there are."""
        return f"fold {fold}"

    def tested_actors(self, clips: "pd.DataFrame", folds: "list[tuple[pd.Series, pd.Series, pd.Series]]") -> set[str]:
        """The actors who are tested in some fold. Their enrolment clips train nowhere.

        clips: as in `masks`. folds: what `masks` has returned for them.
        """
        return {actor for _, _, test in folds for actor in clips.loc[test, "actor"]}

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """Boolean masks over the clips for each fold: train, validation, test.

        Args:
            clips: `tables.CLIPS` of all corpora that the protocol names, restricted to the classes.

        Raises:
            EmofusionError: the protocol does not fit the clips.
        """
        raise NotImplementedError
