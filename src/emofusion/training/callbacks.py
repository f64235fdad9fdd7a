"""The callbacks of a training: early stopping, the history, the weights of the best epoch, and checkpoints."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, Checkpoint, EarlyStopping
from torch import Tensor

from emofusion.errors import EmofusionError
from emofusion.training.module import Classifier

METRICS = [f"{split}_{metric}" for split in ("train", "validation") for metric in ("loss", "accuracy")]
# what an interruption costs at most, beside the epoch that it interrupts
CHECKPOINT_SECONDS = float(os.environ.get("EMOFUSION_CHECKPOINT_SECONDS") or 10)

OnEpoch = Callable[[dict[str, float], int], None]


class Patience(EarlyStopping):
    """Stops a training when the validation loss has not reached a new minimum for `patience` epochs.

    A training that was interrupted and continued stops in the same epoch.
    """

    def __init__(self, patience: int) -> None:
        super().__init__("validation_loss", patience=patience)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # a training that was interrupted after the checkpoint of its last epoch must not train another epoch
        trainer.should_stop = self.wait_count >= self.patience


class History(Callback):
    """Stores the losses, accuracies and seconds of each epoch, also in checkpoints.

    Args:
        model: the fold and seed in words, for error messages.
        on_epoch: is called at the end of each epoch with its losses and accuracies, named as in `METRICS`, and with its
            number, counted from 0.
        on_earlier_epoch: is called in the same way with the epochs that a checkpoint has.
    """

    def __init__(self, model: str, on_epoch: OnEpoch, on_earlier_epoch: OnEpoch) -> None:
        self.model, self.on_epoch, self.on_earlier_epoch = model, on_epoch, on_earlier_epoch
        self.epochs: list[dict[str, float]] = []
        self.started = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.started = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # the metrics of validation are NaN if there are no validation clips
        metrics = cast(Classifier, pl_module).metrics_of_epoch()
        if not np.isfinite(metrics["train_loss"]):
            raise EmofusionError(
                f"the training failed in {self.model}, epoch {trainer.current_epoch}: the loss is "
                f"{metrics['train_loss']}; lower training.learning_rate"
            )
        self.epochs.append(metrics | {"seconds": time.perf_counter() - self.started})
        self.on_epoch(metrics, trainer.current_epoch)

    def state_dict(self) -> dict[str, Any]:
        return {"epochs": self.epochs}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        known, self.epochs = len(self.epochs), list(state_dict["epochs"])
        # at the beginning of a further phase, this object has seen all of them
        for number, metrics in enumerate(self.epochs[known:], start=known):
            self.on_earlier_epoch({name: metrics[name] for name in METRICS}, number)


class Best(Callback):
    """Keeps the weights of the epoch with the lowest validation loss, the first of several; checkpoints have them too.

    Args:
        history: the history of the same training. It must come before this callback.

    Attributes:
        weights: name → tensor, on the CPU.
    """

    def __init__(self, history: History) -> None:
        self.history, self.loss = history, np.inf
        self.weights: dict[str, Tensor] = {}

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        loss = self.history.epochs[-1]["validation_loss"]
        if loss < self.loss or not self.weights:
            self.loss = float(np.nan_to_num(loss, nan=np.inf))
            self.weights = cast(Classifier, pl_module).weights()

    def state_dict(self) -> dict[str, Any]:
        return {"loss": self.loss, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.loss, self.weights = state_dict["loss"], state_dict["weights"]


class Checkpoints(Checkpoint):
    """Writes a checkpoint at the end of an epoch if the last one is `CHECKPOINT_SECONDS` old, and after each phase.

    Nothing is written after the last epoch of the training, whose weights are taken from memory.

    Args:
        path: the file.
        epochs: the number of epochs of all phases.
        clock: returns the time in seconds; it must not go back.
    """

    def __init__(self, path: Path, epochs: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._epochs, self._clock = path, epochs, clock
        self._written = clock()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Lightning calls checkpoints after other callbacks, so they hold the state of their own epoch
        reached = trainer.current_epoch + 1
        is_due = reached == trainer.max_epochs or self._clock() - self._written >= CHECKPOINT_SECONDS
        if is_due and reached < self._epochs:
            trainer.save_checkpoint(self._path)
            self._written = self._clock()
