"""Two ways of training a face model: Lightning's finetuning callback, and stored output of frozen blocks."""

import time
import warnings
from pathlib import Path

import pandas as pd
import pytorch_lightning as pl
import torch
from pictures import made_pictures
from pytorch_lightning.callbacks import BackboneFinetuning, BaseFinetuning, Callback

from emofusion.features.common.feature_set import FeatureSet
from emofusion.networks.backbone import Backbone
from emofusion.networks.backbone.network import BackboneNetwork
from emofusion.plan.settings import ModelSettings
from emofusion.settings.training import Training, Unfreeze
from emofusion.training.data import batches, labelled_rows
from emofusion.training.fit import fit_folds

CLASSES, BATCH, RATE, SEED = ["happy", "sad"], 32, 1e-4, 1


class Plain(pl.LightningModule):
    """A backbone and a head as Lightning's `BackboneFinetuning` expects them."""

    def __init__(self, network: BackboneNetwork) -> None:
        super().__init__()
        self.network, self.backbone = network, network.features

    def training_step(self, batch, _):
        inputs, labels = batch
        return torch.nn.functional.cross_entropy(self.network(inputs), labels)

    validation_step = training_step

    def configure_optimizers(self):
        return torch.optim.Adam([p for p in self.parameters() if p.requires_grad], lr=RATE)


class LastBlock(BackboneFinetuning):
    """Unfreezes the last block instead of the whole backbone."""

    def finetune_function(self, pl_module, epoch, optimizer):
        if epoch == self.unfreeze_backbone_at_epoch:
            last = torch.nn.ModuleList(pl_module.network.blocks()[-1])
            BaseFinetuning.unfreeze_and_add_param_group(last, optimizer, lr=RATE, initial_denom_lr=1.0)


class Clock(Callback):
    def __init__(self) -> None:
        self.times: list[float] = []

    def on_train_start(self, *_) -> None:
        self.times.append(time.perf_counter())

    def on_train_epoch_end(self, *_) -> None:
        self.times.append(time.perf_counter())


class Comparison:
    """Both ways on the same pictures, with the same weights.

    In `plain` and `ours`, the last block is trained from the epoch `trainable_from` on; None: no block is.
    """

    def __init__(self, folder: Path, architecture: str, pictures: int, threads: int) -> None:
        warnings.filterwarnings("ignore")
        torch.set_num_threads(threads)
        self.folder, self.threads = folder, threads
        self.backbone = Backbone(architecture=architecture, weights="none")
        self.backbone.feature_cache.threads = threads
        self.features, self.split = made_pictures(folder / "pictures", pictures)
        self.backbone.start_weights(seed=0).run(folder)
        self.weights = folder / "weights.safetensors"

    def __str__(self) -> str:
        return f"{self.backbone.architecture}, {len(self.features)} pictures, {self.threads} thread(s)"

    def plain(self, epochs: int, trainable_from: int | None) -> list[float]:
        """Seconds of each epoch with the whole network in the loop."""
        torch.manual_seed(SEED)
        network = self.backbone.build(self.features.shape, 2, self.weights)
        rows = {name: labelled_rows(self.features, part, CLASSES) for name, part in self.split.groupby("split")}
        clock = Clock()
        trainer = pl.Trainer(
            max_epochs=epochs,
            callbacks=[LastBlock(epochs if trainable_from is None else trainable_from, verbose=False), clock],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        loaders = (
            batches(self.features, rows["train"], BATCH, SEED),
            batches(self.features, rows["validation"], BATCH),
        )
        trainer.fit(Plain(network), *loaders)
        return pd.Series(clock.times).diff().dropna().tolist()

    def ours(self, epochs: int, trainable_from: int | None) -> tuple[float, list[float]]:
        """Seconds of storing what frozen blocks put out, and of each epoch with its checkpoint."""
        out = self.folder / f"stored-{trainable_from}-{time.perf_counter_ns()}"
        training = Training(
            epochs=epochs,
            learning_rate=RATE,
            batch_size=BATCH,
            threads=self.threads,
            unfreeze=[] if trainable_from is None else [Unfreeze(epoch=trainable_from, blocks=1)],
        )
        start = time.perf_counter()
        self.backbone.frozen_part(training, trains=True).store(self.features, self.weights, out)
        storing = time.perf_counter() - start
        settings = ModelSettings(self.backbone.trained_part(training), training, seeds=[SEED], standardised=False)
        times = [time.perf_counter()]
        fit_folds(
            self.split,
            FeatureSet.open([out]),
            settings,
            out / "model",
            weights=self.weights,
            on_epoch=lambda metrics, epoch: times.append(time.perf_counter()),
        )
        times[-1] = time.perf_counter()  # the last epoch ends with the model on disk
        return storing, pd.Series(times).diff().dropna().tolist()
