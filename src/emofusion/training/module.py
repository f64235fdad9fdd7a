"""What is trained: a network behind a scaler, with cross-entropy and Adam or AdamW, as a LightningModule."""

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy

from emofusion.features.common.feature_set import FeatureSet
from emofusion.networks.common.build import build
from emofusion.training.augment import augment, mix, wanted
from emofusion.training.standardise import channel_statistics


class Standardise(nn.Module):
    """(x - mean) / deviation by channel, the first axis of a row; the identity until it is fitted."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        size = (shape[0], *[1] * (len(shape) - 1))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))

    def fit(self, features: FeatureSet, rows: np.ndarray, chunk: int = 256) -> None:
        """Take mean and deviation of each channel over the given rows, in chunks of rows."""
        mean, deviation = channel_statistics(features, rows, chunk)
        self.mean.copy_(torch.from_numpy(mean).view_as(self.mean))
        self.deviation.copy_(torch.from_numpy(deviation).view_as(self.deviation))

    def forward(self, features: Tensor) -> Tensor:
        return (features - self.mean) / self.deviation


def build_model(network: dict, shape: tuple[int, ...], classes: int, standardise: bool) -> nn.Sequential:
    """The network of the settings, behind a scaler where `standardise`; (batch, *shape) → logits (batch, classes)."""
    return nn.Sequential(Standardise(shape) if standardise else nn.Identity(), build(network, shape, classes))


class Classifier(pl.LightningModule):
    """Trains `model` with cross-entropy; the mean loss and the accuracy of each epoch are logged.

    `training` is that node of a modality's settings. `unfreeze` in it says how many of the deepest blocks of a backbone
    are live from which epoch on; without it every layer is. `seed` decides dropout and augmentation: they are drawn
    anew from (seed, epoch) at the start of each epoch, so that training goes on after an interruption as if there had
    been none. `weights` of the classes, label smoothing and augmentation are in the training loss and not in the
    validation loss, which is a plain cross-entropy.
    """

    def __init__(
        self, model: nn.Sequential, classes: int, training: dict, seed: int, weights: Tensor | None = None
    ) -> None:
        super().__init__()
        self.model, self.settings, self.seed, self.classes = model, training, seed, classes
        self.loss = nn.CrossEntropyLoss()
        self.training_loss = nn.CrossEntropyLoss(weights, label_smoothing=training["label_smoothing"])
        self.accuracy = nn.ModuleDict(
            {f"{split}_split": MulticlassAccuracy(classes, average="micro") for split in ("train", "validation")}
        )

    def forward(self, features: Tensor) -> Tensor:
        return self.model(features)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        # every parameter from the start: Adam passes over those that are frozen, which have no gradient
        rate, network = self.settings["learning_rate"], self.model[1]
        below = list(network.features.parameters()) if hasattr(network, "blocks") else []
        known = {id(parameter) for parameter in below}
        groups = [{"params": [parameter for parameter in self.parameters() if id(parameter) not in known]}]
        if below:
            groups.append({"params": below, "lr": rate * self.settings["backbone_rate"]})
        adam = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[self.settings["optimiser"]]
        optimiser = adam(groups, lr=rate, weight_decay=self.settings["weight_decay"])
        if self.settings["schedule"] == "constant":
            return optimiser
        # of the whole training, of which the trainer may run a phase only
        steps = int(self.trainer.estimated_stepping_batches) // self.trainer.max_epochs * self.settings["epochs"]
        schedule = one_cycle(optimiser, steps)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_train_epoch_start(self) -> None:
        torch.manual_seed(int(np.random.SeedSequence([self.seed, self.current_epoch]).generate_state(1)[0]))
        network = self.model[1]
        if hasattr(network, "unfreeze"):
            network.unfreeze(trainable_blocks(self.settings["unfreeze"], self.current_epoch))

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        features, labels = batch
        scaled, targets = self.model[0](features), labels
        if wanted(self.settings["augment"]):
            scaled = augment(scaled, self.settings["augment"])
            if self.settings["augment"]["mixup"]:
                certain = nn.functional.one_hot(labels, self.classes).to(scaled.dtype)
                scaled, targets = mix(scaled, certain, self.settings["augment"]["mixup"])
        logits = self.model[1](scaled)
        return self._logged(self.training_loss(logits, targets), logits, labels, "train")

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        features, labels = batch
        logits = self(features)
        self._logged(self.loss(logits, labels), logits, labels, "validation")

    def _logged(self, loss: Tensor, logits: Tensor, labels: Tensor, split: str) -> Tensor:
        self.accuracy[f"{split}_split"](logits, labels)
        options = {"on_step": False, "on_epoch": True, "batch_size": len(labels)}
        self.log(f"{split}_loss", loss, **options)
        self.log(f"{split}_accuracy", self.accuracy[f"{split}_split"], **options)
        return loss


def one_cycle(optimiser: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.OneCycleLR:
    """The rate of each group rises to its setting over the first 30 % of the steps and falls to nothing (Smith 2018).

    The momentum stays as it is.
    """
    most = [group["lr"] for group in optimiser.param_groups]
    return torch.optim.lr_scheduler.OneCycleLR(optimiser, most, total_steps=steps, cycle_momentum=False)


def balanced(emotions: pd.Series, classes: list[str]) -> Tensor:
    """Class weights `(classes,)`: the mean number of clips of a class over that of this class."""
    counts = emotions.value_counts()[classes]
    return torch.tensor((counts.mean() / counts).to_numpy(), dtype=torch.float32)


def trainable_blocks(unfreeze: list[dict], epoch: int) -> int:
    """How many of the deepest blocks are trained in an epoch (counted from 0)."""
    return max([step["blocks"] for step in unfreeze if step["epoch"] <= epoch], default=0)
