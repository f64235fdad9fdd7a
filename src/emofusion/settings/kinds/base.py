"""The base class of all kinds, and the base class of work that a kind needs as a stage of its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from omegaconf import MISSING


@dataclass
class Kind:
    """Something that a user can choose, such as a network. Each subclass sets its name as the default of `kind`.

    Class attributes:
        family: the name of the family, and of the package folder with its kinds.
        needs: the methods that every kind of the family must define.
        declares: the class attributes that every kind of the family must set. The registry refuses a kind that lacks
            one of `needs` or `declares`.
        nested: setting → family, for settings that are maps of kinds themselves.
    """

    family: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    declares: ClassVar[tuple[str, ...]] = ()
    nested: ClassVar[dict[str, str]] = {}

    kind: str = MISSING

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` where settings contradict each other. `name`: the node's full name in the settings."""

    def check_installed(self, name: str) -> None:
        """Raise `EmofusionError` where this kind needs an optional library that is not installed.

        By default a kind needs no optional library. `name`: the node's full name in the settings.
        """

    def libraries(self) -> tuple[str, ...]:
        """Libraries that settings name, besides those that the kind's module imports: their top-level packages.

        A result is made again when the version of one of them changes. By default there are none.
        """
        return ()


@dataclass(frozen=True)
class Preparation:
    """Work that a kind needs as a stage of its own, such as downloading files or reading weights.

    The fields are the settings of the work; they decide the stage's key.
    """

    @property
    def label(self) -> str:
        """The readable part of the stage's key."""
        raise NotImplementedError

    def check_present(self) -> None:
        """Check quickly, while planning, that named files exist; raise `EmofusionError` where one does not."""

    def sources(self) -> list[Path]:
        """The existing files, from outside `results/`, that decide the result."""
        return []

    def run(self, out: Path) -> None:
        """Do the work, and write the stage's files into the folder `out`.

        An interruption must not leave an incomplete file under its final name.
        """
        raise NotImplementedError
