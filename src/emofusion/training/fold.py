"""Train the model of one fold and one seed, in phases. An interrupted training continues from its last epoch."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from torch import Tensor

from emofusion.errors import tell
from emofusion.plan.settings import ModelSettings
from emofusion.training.callbacks import History, OnEpoch, Patience
from emofusion.training.checkpoints import WholeCheckpoints, whole_checkpoint
from emofusion.training.data import batches, fold_name, labelled_rows
from emofusion.training.module import Classifier, Standardise, balanced_class_weights, build_model
from emofusion.training.phases import Phase
from emofusion.training.precision import lightning_precision


def fit_fold(
    split: pd.DataFrame,
    shape: tuple[int, ...],
    phases: list[Phase],
    settings: ModelSettings,
    member: int,
    classes: list[str],
    weights: Path | None,
    checkpoints: Path,
    on_epoch: OnEpoch,
) -> tuple[pd.DataFrame, dict[str, Tensor]]:
    """Train one model.

    Args:
        split: `tables.SPLIT` of one fold.
        shape: the shape of one row of the network's inputs.
        phases: the phases of the training; see `make_phases`.
        settings: the network and its training.
        member: one of the seeds in the settings. Together with the number of the fold it decides the model.
        classes: the classes in the order of the logits.
        weights: the file with the initial weights, or None.
        checkpoints: the folder for work in progress.
        on_epoch: see `History`.

    Returns:
        The history (`tables.HISTORY`), and the kept weights by name.
    """
    fold, training = int(split["fold"].iloc[0]), settings.training
    seed = int(np.random.SeedSequence([member, fold]).generate_state(1)[0])
    clips = dict(iter(split.groupby("split")))
    torch.manual_seed(seed)
    model = build_model(settings.network, shape, len(classes), settings.standardised, weights)
    if isinstance(model.scaler, Standardise):
        features = phases[0].features
        model.scaler.fit(features, labelled_rows(features, clips["train"], classes)["row"].to_numpy())
    class_weights = balanced_class_weights(clips["train"]["emotion"], classes) if training.class_weights else None
    module = Classifier(model, len(classes), training, seed, class_weights)
    folder = checkpoints / f"fold-{fold_name(fold, member)}"
    validated = "validation" in clips
    best = ModelCheckpoint(folder, "best", monitor="validation_loss", enable_version_counter=False)
    # the option `save_last` saves only when there is a new best epoch; this callback saves every epoch
    last = ModelCheckpoint(folder, "last", enable_version_counter=False)
    history = History(f"fold {fold}, seed {member}", on_epoch)
    patience = [Patience(training.patience)] if training.patience else []
    # Lightning calls checkpoints after other callbacks, so they hold the history of their own epoch
    callbacks: list[Callback] = [history, *patience, *([best] if validated else []), last]
    if folder.exists() and whole_checkpoint(folder) is None:
        tell(f"{history.model}: its checkpoint is cut short or damaged; the training of this model begins anew")
        shutil.rmtree(folder)
    for phase in phases:
        reached = folder / "last.ckpt"
        trainer = pl.Trainer(
            max_epochs=phase.stop,
            accelerator="auto",
            devices=1,
            precision=lightning_precision(training.precision),
            callbacks=callbacks,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            default_root_dir=checkpoints,
            plugins=[WholeCheckpoints()],
        )
        rows = {name: labelled_rows(phase.features, part, classes) for name, part in clips.items() if name != "test"}
        trainer.fit(
            module,
            batches(phase.features, rows["train"], training.batch_size, seed),
            batches(phase.features, rows["validation"], training.batch_size) if validated else None,
            ckpt_path=reached if reached.exists() else None,
            weights_only=True,
        )
    path = (best if training.keep == "best" else last).best_model_path
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    shutil.rmtree(folder)
    kept = {name.removeprefix("model."): tensor for name, tensor in state.items() if name.startswith("model.")}
    table = pd.DataFrame(history.epochs).assign(fold=fold, seed=member, epoch=range(len(history.epochs)))
    return table, {name: tensor.contiguous() for name, tensor in kept.items()}
