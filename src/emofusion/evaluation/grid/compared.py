"""The settings of a grid that were tested on the same clips as the baseline, and differences between them."""

from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from emofusion.errors import EmofusionError
from emofusion.evaluation.grid.counting import TestSet
from emofusion.evaluation.grid.settings import Setting


class Compared:
    """The settings that can be compared with the baseline.

    settings: those whose cells were all tested on the clips of the baseline, in the order of the grid; the baseline is
    one of them. left_out: the others. tested: the test set.

    Args:
        settings: all settings of the grid.
        test_sets: the counts of all cells.
        baseline: the name of the baseline cell. Its whole setting, with all seeds, is the baseline.

    Raises:
        EmofusionError: no cell has the name of the baseline, or the cells of the baseline's setting were tested on
            different clips.
    """

    def __init__(self, settings: list[Setting], test_sets: list[TestSet], baseline: str) -> None:
        chosen = next((one for one in settings if baseline in one.cells.values()), None)
        if chosen is None:
            raise EmofusionError(f"the baseline {baseline} is no cell of the grid; name one of its cells")
        self.baseline = chosen
        self.tested = next(one for one in test_sets if baseline in one.cells)
        self._position = {cell: number for number, cell in enumerate(self.tested.cells)}
        if other := [cell for cell in chosen.cells.values() if cell not in self._position]:
            raise EmofusionError(
                f"the baseline's cells {baseline} and {other[0]} were tested on different clips, so nothing can be "
                "compared with them; use a protocol whose test clips do not depend on the seed"
            )
        self.settings = [one for one in settings if all(cell in self._position for cell in one.cells.values())]
        compared = {id(one) for one in self.settings}
        self.left_out = [one for one in settings if id(one) not in compared]

    def correct(self, setting: Setting, seeds: list[tuple[str, ...]] | None = None) -> NDArray[Any]:
        """The recognised clips of a setting, (S, A, K), for some of its seeds, or for all."""
        cells = setting.cells.values() if seeds is None else [setting.cells[seed] for seed in seeds]
        chosen: NDArray[Any] = self.tested.correct[[self._position[cell] for cell in cells]]
        return chosen

    @cached_property
    def _means(self) -> dict[int, NDArray[Any]]:
        return {id(setting): self.correct(setting).mean(axis=0) for setting in self.settings}

    def contrast(self, *signed: tuple[int, Setting]) -> NDArray[Any]:
        """A sum of settings' recognised clips with signs, averaged over seeds: (A, K).

        The seeds that all these settings have are used. Where they have none in common, each setting has its own.

        signed: 1 or -1, and a setting, for each term.
        """
        first, *others = (setting for _, setting in signed)
        seeds = first.shared(others)
        if not seeds or all(len(setting.cells) == len(seeds) for _, setting in signed):
            terms = [sign * self._means[id(setting)] for sign, setting in signed]
        else:
            terms = [sign * self.correct(setting, seeds).mean(axis=0) for sign, setting in signed]
        total: NDArray[Any] = sum(terms[1:], start=terms[0])
        return total
