"""What is trained: a network behind a scaler, with cross-entropy and Adam, as a LightningModule."""

import numpy as np
import pytorch_lightning as pl
import torch
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy

from emofusion.features import FeatureSet
from emofusion.networks import build


class Standardise(nn.Module):
    """(x - mean) / deviation by channel, the first axis of a row; the identity until it is fitted."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        size = (shape[0], *[1] * (len(shape) - 1))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))

    def fit(self, features: FeatureSet, rows: np.ndarray, chunk: int = 256) -> None:
        """Take mean and deviation of each channel over the given rows, in chunks of rows (scikit-learn's scaler)."""
        scaler = StandardScaler()
        for start in range(0, len(rows), chunk):
            part = features.take(rows[start : start + chunk]).astype(np.float64)
            scaler.partial_fit(np.moveaxis(part, 1, -1).reshape(-1, part.shape[1]))
        self.mean.copy_(torch.from_numpy(scaler.mean_).view_as(self.mean))
        self.deviation.copy_(torch.from_numpy(scaler.scale_).view_as(self.deviation))

    def forward(self, features: Tensor) -> Tensor:
        return (features - self.mean) / self.deviation


def build_model(network: dict, shape: tuple[int, ...], classes: int, standardise: bool) -> nn.Sequential:
    """The network of the settings, behind a scaler where `standardise`; (batch, *shape) → logits (batch, classes)."""
    return nn.Sequential(Standardise(shape) if standardise else nn.Identity(), build(network, shape, classes))


class Classifier(pl.LightningModule):
    """Trains `model` with cross-entropy and Adam; the mean loss and the accuracy of each epoch are logged.

    `training` is that node of a modality's settings. `unfreeze` in it says how many of the deepest blocks of a backbone
    are live from which epoch on; without it every layer is. `seed` decides dropout: it is drawn anew from (seed, epoch)
    at the start of each epoch, so that training goes on after an interruption as if there had been none.
    """

    def __init__(self, model: nn.Sequential, classes: int, training: dict, seed: int) -> None:
        super().__init__()
        self.model, self.settings, self.seed = model, training, seed
        self.loss = nn.CrossEntropyLoss()
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
        return torch.optim.Adam(groups, lr=rate, weight_decay=self.settings["weight_decay"])

    def on_train_epoch_start(self) -> None:
        torch.manual_seed(int(np.random.SeedSequence([self.seed, self.current_epoch]).generate_state(1)[0]))
        network = self.model[1]
        if hasattr(network, "unfreeze"):
            network.unfreeze(live_blocks(self.settings["unfreeze"], self.current_epoch))

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        self._step(batch, "validation")

    def _step(self, batch: tuple[Tensor, Tensor], split: str) -> Tensor:
        features, labels = batch
        logits = self(features)
        loss = self.loss(logits, labels)
        self.accuracy[f"{split}_split"](logits, labels)
        options = {"on_step": False, "on_epoch": True, "batch_size": len(labels)}
        self.log(f"{split}_loss", loss, **options)
        self.log(f"{split}_accuracy", self.accuracy[f"{split}_split"], **options)
        return loss


def live_blocks(unfreeze: list[dict], epoch: int) -> int:
    """How many of the deepest blocks are trained in an epoch (counted from 0)."""
    return max([step["blocks"] for step in unfreeze if step["epoch"] <= epoch], default=0)
