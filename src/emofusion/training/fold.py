"""Train the model of one fold and one seed, in phases. An interrupted training continues from its last checkpoint."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from emofusion.devices import compute_device
from emofusion.errors import tell
from emofusion.plan.settings import ModelSettings
from emofusion.training.callbacks import Best, Checkpoints, History, OnEpoch, Patience
from emofusion.training.checkpoints import WholeCheckpoints, epochs_in
from emofusion.training.data import EpochBatches, batches, fold_name, labelled_rows
from emofusion.training.module import Classifier, balanced_class_weights
from emofusion.training.phases import Phase
from emofusion.training.precision import lightning_precision
from emofusion.training.scaled import Standardise, build_model

CHUNK = 2**24  # bytes of features that are read at a time, if a batch needs less


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
    on_earlier_epoch: OnEpoch,
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
        on_epoch, on_earlier_epoch: see `History`.

    Returns:
        The history (`tables.HISTORY`), and the kept weights by name.
    """
    fold, training = int(split["fold"].iloc[0]), settings.training
    seed = int(np.random.SeedSequence([member, fold]).generate_state(1)[0])
    clips = {part: rows for part, rows in split.groupby("split") if part in ("train", "validation")}
    torch.manual_seed(seed)
    model = build_model(settings.network, shape, len(classes), settings.standardised, weights, training.outlier_limit)

    def rows_of(phase: Phase) -> dict[str, pd.DataFrame]:
        return {part: labelled_rows(phase.features, of_part, classes) for part, of_part in clips.items()}

    rows = rows_of(phases[0])
    if isinstance(model.scaler, Standardise):
        model.scaler.fit(phases[0].features, rows["train"]["row"].to_numpy())
    class_weights = balanced_class_weights(clips["train"]["emotion"], classes) if training.class_weights else None
    steps = EpochBatches(len(rows["train"]), training.batch_size, seed).batches * training.epochs
    module = Classifier(model, len(classes), training, seed, class_weights, steps)
    folder = checkpoints / f"fold-{fold_name(fold, member)}"
    history = History(f"fold {fold}, seed {member}", on_epoch, on_earlier_epoch)
    best = Best(history)
    patience = [Patience(training.patience)] if training.patience else []
    reached = folder / "last.ckpt"
    callbacks: list[Callback] = [
        history,
        *patience,
        *([best] if training.keep == "best" else []),
        Checkpoints(reached, training.epochs),
    ]
    begun = epochs_in(reached)
    if begun is None:
        if folder.exists():
            tell(f"{history.model}: its checkpoint is cut short or damaged; the training of this model begins anew")
            shutil.rmtree(folder)
        begun = 0
    if not torch.cuda.is_available():
        # Lightning sets this variable. With it, the optimiser looks for NVIDIA's driver on the disk in every step.
        os.environ.pop("PYTORCH_NVML_BASED_CUDA_CHECK", None)
    for phase in phases:
        if phase.stop <= begun:
            continue
        rows = rows if phase is phases[0] else rows_of(phase)
        trainer = pl.Trainer(
            max_epochs=phase.stop,
            accelerator=compute_device().type,
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
        drawn = {"train": seed, "validation": None}  # validation clips come in their order
        loaders = {part: batches(phase.features, rows[part], training.batch_size, drawn[part], CHUNK) for part in rows}
        trainer.fit(
            module,
            loaders["train"],
            loaders.get("validation"),
            ckpt_path=reached if reached.exists() else None,
            weights_only=True,
        )
        if trainer.should_stop:
            break
    shutil.rmtree(folder, ignore_errors=True)
    kept = best.weights if training.keep == "best" else module.weights()
    table = pd.DataFrame(history.epochs).assign(fold=fold, seed=member, epoch=range(len(history.epochs)))
    return table, {name: tensor.contiguous() for name, tensor in kept.items()}
