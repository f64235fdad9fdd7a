"""The LightningModule: it trains a network behind a scaler with cross-entropy and Adam or AdamW."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from emofusion.networks.common.blocks import BlockNetwork
from emofusion.settings.training import Training
from emofusion.training.augment import augment, changes_batches, mix
from emofusion.training.data import Batch
from emofusion.training.scaled import ScaledNetwork
from emofusion.training.tally import Tally


class Classifier(pl.LightningModule):
    """Trains a model with cross-entropy, and takes the mean loss and the accuracy of each epoch.

    Class weights, label smoothing and augmentation affect only the training loss. The validation loss is the plain
    cross-entropy.

    A step gets a chunk of several batches. Lightning's work around a step takes several times as long as a batch of a
    small network, so the optimiser's steps are taken here, one for each batch (Lightning's manual optimisation).

    Args:
        model: the model to train. In a `BlockNetwork`, only the blocks that the settings unfreeze are trained.
        classes: the number of classes.
        training: the settings of the training.
        seed: decides dropout and augmentation. The generator is seeded by (seed, epoch) at the start of each epoch, so
            that a training gives the same result with and without an interruption.
        weights: `(classes,)`, the weight of each class in the training loss; None for equal weights.
        steps: the number of batches in all epochs together, for the schedule of the learning rate.
    """

    def __init__(
        self,
        model: ScaledNetwork,
        classes: int,
        training: Training,
        seed: int,
        weights: Tensor | None = None,
        steps: int = 1,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.model, self.settings, self.seed, self.classes, self.steps = model, training, seed, classes, steps
        self.loss = nn.CrossEntropyLoss()
        self.training_loss = nn.CrossEntropyLoss(weights, label_smoothing=training.label_smoothing)
        self.train_tally, self.validation_tally = Tally(classes), Tally(classes)

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.model(features)
        return logits

    def configure_optimizers(self) -> OptimizerLRScheduler:
        # all parameters from the start: Adam skips frozen ones, because they have no gradient
        rate, network = self.settings.learning_rate, self.model.network
        of_blocks = list(network.block_parameters()) if isinstance(network, BlockNetwork) else []
        known = {id(parameter) for parameter in of_blocks}
        groups: list[dict[str, Any]] = [
            {"params": [parameter for parameter in self.parameters() if id(parameter) not in known]}
        ]
        if of_blocks:
            groups.append({"params": of_blocks, "lr": rate * self.settings.backbone_rate})
        adam = torch.optim.Adam if self.settings.optimiser == "adam" else torch.optim.AdamW
        optimiser = adam(groups, lr=rate, weight_decay=self.settings.weight_decay)
        if self.settings.schedule == "constant":
            return optimiser
        return [optimiser], [one_cycle(optimiser, self.steps)]

    def on_train_epoch_start(self) -> None:
        seed = int(np.random.SeedSequence([self.seed, self.current_epoch]).generate_state(1)[0])
        # `torch.manual_seed` would also keep the seed, with a traceback, for GPUs that may never be used
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed_all(seed)
        if isinstance(self.model.network, BlockNetwork):
            self.model.network.unfreeze(self.settings.trainable_blocks(self.current_epoch))

    def training_step(self, chunk: Batch, _: int) -> None:
        # In half precision Lightning scales losses and gradients. In full precision its hooks would do nothing.
        half = self.settings.precision == "half"
        optimiser = cast(torch.optim.Optimizer, self.optimizers(use_pl_optimizer=half))
        backward: Callable[[Tensor], None] = self.manual_backward if half else Tensor.backward
        schedule = cast(LRScheduler | None, self.lr_schedulers())
        outputs = []
        for features, labels in self._batches(chunk):
            loss, logits = self.batch_loss(features, labels)
            optimiser.zero_grad()
            backward(loss)
            optimiser.step()
            if schedule is not None:
                schedule.step()
            outputs.append((loss.detach(), logits.detach()))
        self.train_tally.add(outputs, chunk[1])

    def batch_loss(self, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The training loss of a batch, and the logits `(batch, classes)`."""
        scaled, targets = self.model.scaler(features), labels
        if changes_batches(self.settings.augment):
            scaled = augment(scaled, self.settings.augment)
            if self.settings.augment.mixup:
                certain = nn.functional.one_hot(labels, self.classes).to(scaled.dtype)
                scaled, targets = mix(scaled, certain, self.settings.augment.mixup)
        logits = self.model.network(scaled)
        return self.training_loss(logits, targets), logits

    def validation_step(self, chunk: Batch, _: int) -> None:
        outputs = []
        for features, labels in self._batches(chunk):
            logits = self(features)
            outputs.append((self.loss(logits, labels), logits))
        self.validation_tally.add(outputs, chunk[1])

    def on_validation_epoch_end(self) -> None:
        if self.settings.patience:
            self.log("validation_loss", self.validation_tally.loss)  # for early stopping

    def metrics_of_epoch(self) -> dict[str, float]:
        """`callbacks.METRICS` of the epoch that has just ended; they are counted from 0 again afterwards."""
        return {
            f"{split}_{metric}": value
            for split, tally in (("train", self.train_tally), ("validation", self.validation_tally))
            for metric, value in tally.take().items()
        }

    def weights(self) -> dict[str, Tensor]:
        """A copy of the model's weights by name, on the CPU."""
        return {name: tensor.detach().to("cpu", copy=True) for name, tensor in self.model.state_dict().items()}

    def _batches(self, chunk: Batch) -> Iterator[Batch]:
        return zip(*(torch.split(part, self.settings.batch_size) for part in chunk), strict=True)


def one_cycle(optimiser: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.OneCycleLR:
    """A one-cycle schedule of the learning rate (Smith 2018): it rises during the first 30 % of steps, then falls to 0.

    The highest rate of each parameter group is its configured rate. The momentum does not change.
    """
    highest = [group["lr"] for group in optimiser.param_groups]
    return torch.optim.lr_scheduler.OneCycleLR(optimiser, highest, total_steps=steps, cycle_momentum=False)


def balanced_class_weights(emotions: pd.Series, classes: list[str]) -> Tensor:
    """Class weights `(classes,)`: the mean number of clips per class, divided by the number of clips of this class.

    emotions: the emotion of each training clip. classes: the classes in order.
    """
    counts = emotions.value_counts()[classes]
    return torch.tensor((counts.mean() / counts).to_numpy(), dtype=torch.float32)
