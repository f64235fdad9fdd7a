"""The base class of protocols."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from emofusion.settings.fields import MOST_SEED, setting
from emofusion.settings.kinds.base import Kind

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Protocol(Kind):
    """Who trains, who validates and who tests, in which fold.

    Class attributes:
        leaks_speakers: whether the same people train and test; every table and figure then says so.
    """

    family: ClassVar[str] = "protocols"
    needs: ClassVar[tuple[str, ...]] = ("training_corpora", "test_corpora", "masks")
    leaks_speakers: ClassVar[bool] = False

    description: str = setting("The protocol in words, for the reports.", "")
    seed: int = setting(
        "Seed that draws actors or clips. The experiment's seed does not, so that all seeds share a split.",
        0,
        least=0,
        most=MOST_SEED,
    )
    validation: float = setting(
        "Share of the training actors, or clips, that validate; with 0 all of them train.", 0.2, least=0, below=1
    )

    def training_corpora(self, modality: str) -> list[str]:
        """The names of the corpora that train a modality; raises `EmofusionError` where there are none for it."""
        raise NotImplementedError

    def test_corpora(self) -> list[str]:
        """The names of the corpora that are tested."""
        raise NotImplementedError

    def for_modality(self, modality: str) -> Self:
        """The protocol with only what concerns one modality, so that other modalities do not change its split."""
        return self

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """Boolean masks over the clips for each fold: train, validation, test.

        `clips` is `tables.CLIPS` of all corpora that the protocol names, of the classes only. Raises `EmofusionError`
        where the protocol does not fit the clips.
        """
        raise NotImplementedError
