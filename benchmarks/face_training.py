"""The two ways of training a face model that are compared: Lightning's finetuning callback, and stored activations."""

import time
import warnings
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytorch_lightning as pl
import torch
from pictures import made_pictures
from pytorch_lightning.callbacks import BackboneFinetuning, BaseFinetuning, Callback

from emofusion.features.common.feature_set import FeatureSet
from emofusion.networks.backbone.feature_cache import store_frozen
from emofusion.networks.backbone.network import Backbone
from emofusion.networks.backbone.weights import prepare
from emofusion.settings.schema import Training, Unfreeze
from emofusion.training.data import batches, labelled_rows
from emofusion.training.fit import fit_folds

CLASSES, BATCH, RATE, SEED = ["happy", "sad"], 32, 1e-4, 1
HEAD = {"hidden": [256], "dropout": 0.5, "normalise": "imagenet", "pooling": "average"}


class Plain(pl.LightningModule):
    """A backbone and a head as Lightning's `BackboneFinetuning` expects them."""

    def __init__(self, network: Backbone) -> None:
        super().__init__()
        self.network, self.backbone = network, network.features

    def training_step(self, batch, _):
        inputs, labels = batch
        return torch.nn.functional.cross_entropy(self.network(inputs), labels)

    validation_step = training_step

    def configure_optimizers(self):
        return torch.optim.Adam([p for p in self.parameters() if p.requires_grad], lr=RATE)


class LastBlock(BackboneFinetuning):
    """Lets the last block go instead of the whole backbone."""

    def finetune_function(self, pl_module, epoch, optimizer):
        if epoch == self.unfreeze_backbone_at_epoch:
            last = torch.nn.ModuleList(pl_module.network.blocks()[-1])
            BaseFinetuning.unfreeze_and_add_param_group(last, optimizer, lr=RATE, initial_denom_lr=1.0)


class Clock(Callback):
    def __init__(self) -> None:
        self.marks: list[float] = []

    def on_train_start(self, *given) -> None:
        self.marks.append(time.perf_counter())

    def on_train_epoch_end(self, *given) -> None:
        self.marks.append(time.perf_counter())


class Comparison:
    """Both ways on the same pictures, with one set of weights."""

    def __init__(self, folder: Path, architecture: str, pictures: int, threads: int) -> None:
        warnings.filterwarnings("ignore")
        torch.set_num_threads(threads)
        self.folder, self.architecture, self.threads = folder, architecture, threads
        self.features, self.split = made_pictures(folder / "pictures", pictures)
        self.weights = folder / "weights.safetensors"
        prepare(architecture, "none", self.weights, "", seed=0)

    def __str__(self) -> str:
        return f"{self.architecture}, {len(self.features)} pictures, {self.threads} thread(s)"

    def plain(self, epochs: int, live_from: int | None) -> list[float]:
        """Seconds of each epoch with the whole network in the loop."""
        torch.manual_seed(SEED)
        network = Backbone(self.features.shape, 2, self.architecture, self.weights, **HEAD)
        parts = {name: labelled_rows(self.features, part, CLASSES) for name, part in self.split.groupby("split")}
        clock = Clock()
        trainer = pl.Trainer(
            max_epochs=epochs,
            callbacks=[LastBlock(epochs if live_from is None else live_from, verbose=False), clock],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        loaders = (
            batches(self.features, parts["train"], BATCH, SEED),
            batches(self.features, parts["validation"], BATCH),
        )
        trainer.fit(Plain(network), *loaders)
        return pd.Series(clock.marks).diff().dropna().tolist()

    def ours(self, epochs: int, live_from: int | None) -> tuple[float, list[float]]:
        """Seconds of storing activations, and of each epoch with what every epoch has to wait for, checkpoints too."""
        out = self.folder / f"stored-{live_from}-{time.perf_counter_ns()}"
        frozen = 5 if live_from is None else 4
        start = time.perf_counter()
        options = {"precision": "half", "views": 1, "shift": 0.0, "scale": 0.0, "frozen": frozen}
        settings = {"architecture": self.architecture, "normalise": "imagenet", "pooling": "average", **options}
        store_frozen(self.features, self.weights, settings, out)
        stored = time.perf_counter() - start
        settings = {
            "network": {"kind": "backbone", "architecture": self.architecture, "frozen": frozen, **HEAD},
            "training": asdict(
                Training(
                    epochs=epochs,
                    learning_rate=RATE,
                    batch_size=BATCH,
                    unfreeze=[] if live_from is None else [Unfreeze(epoch=live_from, blocks=1)],
                )
            ),
            "seeds": [SEED],
            "standardise": False,
        }
        marks = [time.perf_counter()]
        model = out / "model"
        fit_folds(
            self.split,
            FeatureSet.open([out]),
            settings,
            model,
            weights=self.weights,
            on_epoch=lambda metrics, epoch: marks.append(time.perf_counter()),
        )
        marks[-1] = time.perf_counter()  # the last epoch ends with the model on disk
        return stored, pd.Series(marks).diff().dropna().tolist()
