"""What all kinds have in common, and the work that a kind may ask the plan to make a stage of."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from omegaconf import MISSING


@dataclass
class Kind:
    """Something that a user can choose. `kind` is its name, which every subclass sets as the default.

    Class attributes:
        family: the folder that the kinds of this sort lie in.
        needs, declares: the methods that every kind of the family has to write, and the class attributes that it has to
            set. A kind without them is refused when it is found.
    """

    family: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    declares: ClassVar[tuple[str, ...]] = ()

    kind: str = MISSING

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` where settings contradict each other. `name`: the node's full name."""

    def check_installed(self, name: str) -> None:
        """Raise `EmofusionError` where an optional library is missing that this kind needs.

        `name`: the node's full name. By default a kind needs none.
        """


@dataclass(frozen=True)
class Preparation:
    """Work of a kind that is a stage of its own, such as fetching files or reading weights: its settings, and `run`.

    Its fields decide the stage's key. `label` is the readable part of that key.
    """

    @property
    def label(self) -> str:
        raise NotImplementedError

    def check_present(self) -> None:
        """A quick look, for planning: raise `EmofusionError` where a file that is named is not there."""

    def sources(self) -> list[Path]:
        """The files that decide the result; only existing ones."""
        return []

    def run(self, out: Path) -> None:
        """Do the work and write the stage's files into the folder `out`, whole or not at all."""
        raise NotImplementedError
