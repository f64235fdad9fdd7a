"""How far a training is, in plain lines."""

import math
import time
from collections.abc import Callable, Mapping

INTERVAL = 10.0  # seconds between two lines within a fold


class Progress:
    """Tells when a model begins and ends, and about every ten seconds in between which epoch it has reached.

    A line is such as `fold 2 of 5, seed 1 of 3, epoch 12 of 24, validation loss 1.234`. A training of one seed leaves
    the seed out, and one that nobody validates gives the training loss.

    Args:
        tell: is called with each line.
        folds, seeds, epochs: how many there are.
        clock: the time in seconds; it must not go back.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        folds: int,
        seeds: int,
        epochs: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell, self._folds, self._seeds, self._epochs, self._clock = tell, folds, seeds, epochs, clock
        self._model = ""
        self._told = clock()

    def begin(self, fold: int, seed: int, trained_before: bool = False) -> None:
        """A model begins, or was trained before an interruption; `fold` and `seed` count from 1."""
        of_seeds = f", seed {seed} of {self._seeds}" if self._seeds > 1 else ""
        self._model = f"fold {fold} of {self._folds}{of_seeds}"
        self._say("trained before" if trained_before else "training begins")

    def epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """An epoch, counted from 0, has ended with these losses (`train_loss`, `validation_loss`)."""
        if self._clock() - self._told >= INTERVAL:
            self._say(f"epoch {number + 1} of {self._epochs}, {_loss(metrics)}")

    def end(self, kept: int, metrics: Mapping[str, float]) -> None:
        """A model is trained; `kept` is the epoch, counted from 0, whose weights were kept, with its losses."""
        self._say(f"trained; the weights of epoch {kept + 1} of {self._epochs} are kept, {_loss(metrics)}")

    def _say(self, what: str) -> None:
        self._told = self._clock()
        self._tell(f"{self._model}, {what}")


def _loss(metrics: Mapping[str, float]) -> str:
    """The validation loss, which is missing where no clip validates; then the training loss."""
    if math.isnan(metrics["validation_loss"]):
        return f"training loss {metrics['train_loss']:.3f}"
    return f"validation loss {metrics['validation_loss']:.3f}"
