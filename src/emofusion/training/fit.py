"""Fitting a model on every fold of a split, for every seed; what an interruption left is gone on with."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint
from safetensors.torch import save_file

from emofusion.emotions import in_order
from emofusion.errors import EmofusionError
from emofusion.features.common.feature_set import FeatureSet
from emofusion.networks.common.build import build
from emofusion.tables import HISTORY, write_table
from emofusion.training.data import batches, fold_name, labelled_rows
from emofusion.training.module import Classifier, balanced, build_model
from emofusion.training.phases import Phase, make_phases
from emofusion.training.standardise import as_trained_on

METRICS = [f"{split}_{metric}" for split in ("train", "validation") for metric in ("loss", "accuracy")]

OnEpoch = Callable[[dict[str, float], int], None]


def fit_folds(
    split: pd.DataFrame,
    features: FeatureSet,
    settings: dict,
    out: Path,
    weights: Path | None = None,
    token: str = "",
    on_epoch: OnEpoch = lambda metrics, epoch: None,
) -> None:
    """Train a model for each fold and seed; write `folds/<fold>-<seed>.safetensors`, `history.parquet`, `model.json`.

    `split` is `tables.SPLIT`; `settings` has `network`, `training`, `seeds` and `standardise`. `weights` is the
    prepared file of a backbone's weights. Work in progress lies in `out/checkpoints`; a run of the same split,
    features, settings and `token` (a fingerprint of the code) goes on from there. `on_epoch` is called with each
    epoch's losses and accuracies, named `fold<n>_train_loss` and so on, of several seeds `fold<n>_seed<n>_train_loss`.
    Raises `EmofusionError` if a clip has no features.
    """
    classes = in_order(split.loc[split["split"] == "train", "emotion"])
    without = sorted(set(split["clip"]) - set(features.rows["clip"]))
    if without:
        raise EmofusionError(
            f"{len(without)} clips of the split have no features, for example {', '.join(without[:5])}"
        )
    state_of_data = [pd.util.hash_pandas_object(split).sum().item(), features.stamp()]
    token = json.dumps([token, settings, state_of_data], sort_keys=True)
    checkpoints = _open_checkpoints(out / "checkpoints", token)
    features = as_trained_on(features, split, settings["training"])
    network = {**settings["network"], **({"weights": str(weights)} if weights else {})}
    phases = make_phases({**settings, "network": network}, features, split, checkpoints)
    histories, kept = [], {}
    for (fold, part), seed in product(split.groupby("fold"), settings["seeds"]):
        name = fold_name(fold, seed)
        done, history_file = checkpoints / f"{name}.safetensors", checkpoints / f"{name}.parquet"
        if not done.exists():
            member = settings | {"network": network, "seed": seed}
            history, state = _fit_fold(part, features.shape, phases, member, classes, checkpoints, on_epoch)
            write_table(history, history_file, HISTORY)
            save_file(state, f"{done}.partial")
            Path(f"{done}.partial").replace(done)
        histories.append(pd.read_parquet(history_file))
        kept[name] = kept_epoch(histories[-1], settings["training"]["keep"])
    folds = out / "folds"
    folds.mkdir(parents=True, exist_ok=True)
    for name in kept:
        # copied: what is killed before the end finds its finished folds again
        shutil.copyfile(checkpoints / f"{name}.safetensors", folds / f"{name}.safetensors")
    write_table(pd.concat(histories, ignore_index=True), out / "history.parquet", HISTORY)
    described = {
        "classes": classes,
        "shape": features.shape,
        "kept_epoch": kept,
        **_parameters(settings["network"], features.shape, len(classes)),
        **settings,
    }
    (out / "model.json").write_text(json.dumps(described, indent=2))
    shutil.rmtree(checkpoints)


def kept_epoch(history: pd.DataFrame, keep: str) -> int:
    """The epoch whose weights are kept: the last, or the one with the lowest loss on the validation clips."""
    return int(history["epoch"].max() if keep == "last" else history.loc[history["validation_loss"].idxmin(), "epoch"])


def _parameters(network: dict, shape: tuple[int, ...], classes: int) -> dict[str, int]:
    """How many parameters are trained at some time, and how many the network has with the blocks that never are."""
    model = build(network, shape, classes)
    trained = sum(parameter.numel() for parameter in model.parameters())
    return {"parameters": trained + getattr(model, "frozen_parameters", 0), "parameters_trained": trained}


def _open_checkpoints(folder: Path, token: str) -> Path:
    """The folder for work in progress, emptied if it is of another state of the code, settings or data."""
    digest = hashlib.blake2b(token.encode(), digest_size=8).hexdigest()
    mark = folder / "of"
    if not mark.exists() or mark.read_text() != digest:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        mark.write_text(digest)
    return folder


def _fit_fold(
    part: pd.DataFrame,
    shape: tuple[int, ...],
    phases: list[Phase],
    settings: dict,
    classes: list[str],
    checkpoints: Path,
    on_epoch: OnEpoch,
) -> tuple[pd.DataFrame, dict[str, torch.Tensor]]:
    fold, training = int(part["fold"].iloc[0]), settings["training"]
    seed = int(np.random.SeedSequence([settings["seed"], fold]).generate_state(1)[0])
    clips = {name: clips for name, clips in part.groupby("split")}
    torch.manual_seed(seed)
    model = build_model(settings["network"], shape, len(classes), settings["standardise"])
    if settings["standardise"]:
        features = phases[0].features
        model[0].fit(features, labelled_rows(features, clips["train"], classes)["row"].to_numpy())
    weights = balanced(clips["train"]["emotion"], classes) if training["class_weights"] else None
    module = Classifier(model, len(classes), training, seed, weights)
    folder = checkpoints / f"fold-{fold_name(fold, settings['seed'])}"
    validated = "validation" in clips
    best = ModelCheckpoint(folder, "best", monitor="validation_loss", enable_version_counter=False)
    # `save_last` would save only when a new best was: this one saves every epoch, over the one before
    last = ModelCheckpoint(folder, "last", enable_version_counter=False)
    prefix = f"fold{fold}_" + (f"seed{settings['seed']}_" if len(settings["seeds"]) > 1 else "")
    history = History(prefix, on_epoch)
    patience = [Patience(training["patience"])] if training["patience"] else []
    for phase in phases:
        reached = folder / "last.ckpt"
        trainer = pl.Trainer(
            max_epochs=phase.stop,
            accelerator="auto",
            devices=1,
            precision="16-mixed" if torch.cuda.is_available() else "32-true",
            # Lightning calls checkpoints after other callbacks, so they hold the history of their own epoch
            callbacks=[history, *patience, *([best] if validated else []), last],
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            default_root_dir=checkpoints,
        )
        rows = {name: labelled_rows(phase.features, part, classes) for name, part in clips.items() if name != "test"}
        trainer.fit(
            module,
            batches(phase.features, rows["train"], training["batch_size"], seed),
            batches(phase.features, rows["validation"], training["batch_size"]) if validated else None,
            ckpt_path=reached if reached.exists() else None,
            weights_only=True,
        )
    path = (best if training["keep"] == "best" else last).best_model_path
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    shutil.rmtree(folder)
    kept = {name.removeprefix("model."): tensor for name, tensor in state.items() if name.startswith("model.")}
    table = pd.DataFrame(history.epochs).assign(fold=fold, seed=settings["seed"], epoch=range(len(history.epochs)))
    return table, {name: tensor.contiguous() for name, tensor in kept.items()}


class Patience(EarlyStopping):
    """Stops once the validation loss was not below its lowest for `patience` epochs; one that resumes there too."""

    def __init__(self, patience: int) -> None:
        super().__init__("validation_loss", patience=patience)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # what is cut between the last epoch's checkpoint and the end has nothing more to train
        trainer.should_stop = self.wait_count >= self.patience


class History(Callback):
    """Keeps each epoch's losses, accuracies and time, in the checkpoint too, and passes them on as they come."""

    def __init__(self, prefix: str, on_epoch: OnEpoch) -> None:
        self.prefix, self.on_epoch = prefix, on_epoch
        self.epochs: list[dict[str, float]] = []
        self.begun = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.begun = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # nobody may validate
        metrics = {name: float(trainer.callback_metrics.get(name, np.nan)) for name in METRICS}
        if not np.isfinite(metrics["train_loss"]):
            raise EmofusionError(
                f"training broke down in {self.prefix.strip('_')}, epoch {trainer.current_epoch}: the loss is "
                f"{metrics['train_loss']}; lower training.learning_rate"
            )
        self.epochs.append(metrics | {"seconds": time.perf_counter() - self.begun})
        self.on_epoch({self.prefix + name: value for name, value in metrics.items()}, trainer.current_epoch)

    def state_dict(self) -> dict:
        return {"epochs": self.epochs}

    def load_state_dict(self, state_dict: dict) -> None:
        self.epochs = list(state_dict["epochs"])
