"""The callbacks of a training: early stopping, and the history of losses and accuracies."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, EarlyStopping

from emofusion.errors import EmofusionError

METRICS = [f"{split}_{metric}" for split in ("train", "validation") for metric in ("loss", "accuracy")]

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
    """

    def __init__(self, model: str, on_epoch: OnEpoch) -> None:
        self.model, self.on_epoch = model, on_epoch
        self.epochs: list[dict[str, float]] = []
        self.started = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.started = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # the metrics of validation are missing if there are no validation clips
        metrics = {name: float(trainer.callback_metrics.get(name, np.nan)) for name in METRICS}
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
        self.epochs = list(state_dict["epochs"])
