"""Report the progress of a training in plain lines."""

import math
import time
from collections.abc import Callable, Mapping

INTERVAL = 10.0  # seconds between two lines within a fold


class Progress:
    """Reports the start and end of each model, and about every ten seconds in between the epoch that it has reached.

    An example of a line is `fold 2 of 5, seed 1 of 3, epoch 12 of 24, validation loss 1.234`. The seed is left out if
    there is only one. Without validation clips, the line has the training loss.

    Args:
        tell: is called with each line.
        folds, seeds, epochs: their numbers.
        clock: returns the time in seconds; it must not go back.
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
        """Report that the training of a model starts, or that it was finished before an interruption.

        fold, seed: counted from 1. trained_before: whether the model was finished before.
        """
        of_seeds = f", seed {seed} of {self._seeds}" if self._seeds > 1 else ""
        self._model = f"fold {fold} of {self._folds}{of_seeds}"
        self._say("trained before" if trained_before else "training begins")

    def epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Report the end of an epoch, if the last line is ten seconds old.

        number: of the epoch, counted from 0. metrics: its losses, `train_loss` and `validation_loss`.
        """
        if self._clock() - self._told >= INTERVAL:
            self._say(f"epoch {number + 1} of {self._epochs}, {_loss(metrics)}")

    def end(self, kept: int, metrics: Mapping[str, float]) -> None:
        """Report that a model is trained. kept: the epoch whose weights are kept, from 0. metrics: its losses."""
        self._say(f"trained; the weights of epoch {kept + 1} of {self._epochs} are kept, {_loss(metrics)}")

    def _say(self, what: str) -> None:
        self._told = self._clock()
        self._tell(f"{self._model}, {what}")


def _loss(metrics: Mapping[str, float]) -> str:
    """The validation loss as text; without validation clips, the training loss."""
    if math.isnan(metrics["validation_loss"]):
        return f"training loss {metrics['train_loss']:.3f}"
    return f"validation loss {metrics['validation_loss']:.3f}"
