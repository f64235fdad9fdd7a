"""Train a model for every fold of a split and every seed. An interrupted training continues where it stopped."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import save

from emofusion.devices import device_name
from emofusion.emotions import in_order
from emofusion.networks.common.blocks import BlockNetwork
from emofusion.plan.settings import ModelSettings
from emofusion.settings.encoding import encode
from emofusion.settings.kinds import Estimator, Network
from emofusion.tables import HISTORY, write_table
from emofusion.training.callbacks import METRICS, OnEpoch
from emofusion.training.checkpoints import check_room, is_whole_model, is_whole_table
from emofusion.training.data import RowSource, fold_name, with_features
from emofusion.training.description import ModelDescription
from emofusion.training.fold import fit_fold
from emofusion.training.phases import make_phases
from emofusion.training.precision import check_precision
from emofusion.training.progress import Progress
from emofusion.training.standardise import with_speaker_normalisation
from emofusion.whole_files import write_whole


def fit_folds(
    split: pd.DataFrame,
    features: RowSource,
    settings: ModelSettings,
    out: Path,
    weights: Path | None = None,
    token: str = "",
    order: Sequence[str] = (),
    on_epoch: OnEpoch = lambda metrics, epoch: None,
    on_earlier_epoch: OnEpoch = lambda metrics, epoch: None,
    progress: Callable[[str], None] = lambda line: None,
) -> None:
    """Train a model for each fold and seed.

    It writes `folds/<fold>-<seed>.safetensors`, `history.parquet` (`tables.HISTORY`) and `model.json`
    (`ModelDescription`) into `out`. It sets torch's number of threads to `training.threads`. Work in progress is in
    `out/checkpoints`: a run with the same split, features, settings and `token` continues from there.

    Args:
        split: `tables.SPLIT`.
        features: the network's inputs. If the network has a frozen part, they are the output of `FrozenPart.store`.
        settings: the network, its training and the seeds.
        out: the model's folder.
        weights: the file with the initial weights, or None.
        token: a fingerprint of code, library versions and inputs.
        order: the order of the classes; those that it lacks come last, sorted by name. The classes of the model are
            those that it is trained on.
        on_epoch: is called after each epoch with its losses and accuracies, and with its number, counted from 0. The
            names are such as `fold<n>_train_loss`; with several seeds, `fold<n>_seed<n>_train_loss`.
        on_earlier_epoch: is called in the same way with the epochs that were trained before an interruption.
        progress: is called with lines about the progress: at the start and end of each model, and about every ten
            seconds in between; see `Progress`.

    Raises:
        EmofusionError: a fold has no clip with features; the loss is not finite; half precision is requested without a
            GPU; or the disk has no room for the models.
    """
    training = settings.training
    check_precision(training.precision)
    torch.set_num_threads(training.threads)
    split = with_features(split, features)
    classes = in_order(split.loc[split["split"] == "train", "emotion"], order)
    if isinstance(settings.network, Estimator):
        settings.network.fit_folds(split, features, classes, settings, out, on_epoch, progress)
        return
    state_of_data = [pd.util.hash_pandas_object(split).sum().item(), features.stamp()]
    checkpoints = _open_checkpoints(
        out / "checkpoints", json.dumps([token, encode(settings), state_of_data], sort_keys=True)
    )
    inputs = with_speaker_normalisation(features, split, training)
    phases = make_phases(settings, inputs, split, weights, checkpoints)
    folds = list(split.groupby("fold"))
    parameters, parameters_trained = _parameters(settings.network, inputs.shape, len(classes))
    check_room(out, parameters_trained, len(folds) * len(settings.seeds))
    reporter = Progress(progress, len(folds), len(settings.seeds), training.epochs)
    histories, kept, device_file = [], {}, checkpoints / "devices.json"
    for (number, (fold, part)), (position, seed) in product(enumerate(folds, 1), enumerate(settings.seeds, 1)):
        name = fold_name(fold, seed)
        done, history_file = checkpoints / f"{name}.safetensors", checkpoints / f"{name}.parquet"
        trained_before = is_whole_model(done) and is_whole_table(history_file, HISTORY)
        reporter.begin(number, position, trained_before)
        prefix = f"fold{fold}_" + (f"seed{seed}_" if len(settings.seeds) > 1 else "")

        def pass_on(metrics: dict[str, float], epoch: int, prefix: str = prefix) -> None:
            on_epoch({prefix + metric: value for metric, value in metrics.items()}, epoch)
            reporter.epoch(epoch, metrics)

        def pass_on_earlier(metrics: dict[str, float], epoch: int, prefix: str = prefix) -> None:
            on_earlier_epoch({prefix + metric: metrics[metric] for metric in METRICS}, epoch)

        if trained_before:
            for row in pd.read_parquet(history_file).to_dict("records"):
                pass_on_earlier(row, row["epoch"])
        else:
            _note_device(device_file)
            history, state = fit_fold(
                part, inputs.shape, phases, settings, seed, classes, weights, checkpoints, pass_on, pass_on_earlier
            )
            write_table(history, history_file, HISTORY)
            write_whole(done, save(state))
        histories.append(pd.read_parquet(history_file))
        kept[name] = kept_epoch(histories[-1], training.keep)
        if not trained_before:
            reporter.end(kept[name], histories[-1].set_index("epoch").loc[kept[name]])
    models = out / "folds"
    models.mkdir(parents=True, exist_ok=True)
    for name in kept:
        # copied and not moved: if this process is killed here, the next run still finds the finished models
        shutil.copyfile(checkpoints / f"{name}.safetensors", models / f"{name}.safetensors")
    write_table(pd.concat(histories, ignore_index=True), out / "history.parquet", HISTORY)
    ModelDescription(classes, inputs.shape, kept, parameters, parameters_trained, _devices(device_file)).write(
        out, settings
    )
    shutil.rmtree(checkpoints)


def kept_epoch(history: pd.DataFrame, keep: str) -> int:
    """The number of the epoch whose weights are kept, counted from 0.

    Args:
        history: `tables.HISTORY` of one fold and seed.
        keep: `last`, or `best` for the epoch with the lowest validation loss.
    """
    return int(history["epoch"].max() if keep == "last" else history.loc[history["validation_loss"].idxmin(), "epoch"])


def _parameters(network: Network, shape: tuple[int, ...], classes: int) -> tuple[int, int]:
    """The number of parameters, including blocks that are never trained; and the number of trained parameters."""
    model = network.build(shape, classes)
    trained = sum(parameter.numel() for parameter in model.parameters())
    never_trained = model.frozen_parameters if isinstance(model, BlockNetwork) else 0
    return trained + never_trained, trained


def _note_device(file: Path) -> None:
    """Add the name of the present device to those in a file. A training may go on elsewhere after an interruption."""
    write_whole(file, json.dumps(sorted({*_devices(file), device_name()})))


def _devices(file: Path) -> list[str]:
    """The names of devices that `_note_device` has noted; empty without the file."""
    names: list[str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return names


def _open_checkpoints(folder: Path, token: str) -> Path:
    """The folder for work in progress. It is emptied if its content comes from other code, settings or data."""
    digest = hashlib.blake2b(token.encode(), digest_size=8).hexdigest()
    digest_file = folder / "of"
    if not digest_file.exists() or digest_file.read_text() != digest:
        shutil.rmtree(folder, ignore_errors=True)
        write_whole(digest_file, digest)
    return folder
