"""Checkpoints of a training that are there whole or not at all, wherever temporary files are."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pandera.pandas as pa
import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO
from safetensors import SafetensorError, safe_open

from emofusion.disk import need_space
from emofusion.errors import EmofusionError
from emofusion.tables import read_table
from emofusion.whole_files import write_whole


class WholeCheckpoints(TorchCheckpointIO):
    """Writes each checkpoint beside its target, and then renames it.

    Lightning writes into the folder of temporary files and moves the file. Between two file systems, this is a copy,
    and an interruption would leave a part of it under the checkpoint's name.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint.

        Raises `EmofusionError` where the disk is full; an earlier checkpoint of that name is then still there.
        """
        target, buffer = Path(path), io.BytesIO()
        torch.save(checkpoint, buffer)
        write_whole(target, buffer.getbuffer())


def check_room(out: Path, values: int, models: int) -> None:
    """Check that a disk has room for the models of a training, before it begins.

    Each model is stored twice at the end, and while one is trained there are two checkpoints of it: the last one, and
    the one that is being written. A checkpoint has the present weights, those of the best epoch, and the two moments of
    Adam. What is there already from an interrupted training is not needed again.

    Args:
        out: the model's folder.
        values: how many values of a model are trained. They are stored in single precision.
        models: how many models are trained.

    Raises:
        EmofusionError: there is less room than that.
    """
    there = sum(file.stat().st_size for file in (out / "checkpoints").rglob("*") if file.is_file())
    need_space(out, 4 * values * (2 * models + 2 * 4) - there)


def epochs_in(checkpoint: Path) -> int | None:
    """The number of epochs that a checkpoint has behind it.

    None where it is missing, cut short or damaged, by a full disk or a failure of the machine: the training of that
    model then has to begin anew.
    """
    if not _is_whole(checkpoint):
        return None
    try:
        return int(torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)["epoch"]) + 1
    except Exception:  # torch raises errors of many types for a file that is damaged
        return None


def is_whole_model(path: Path) -> bool:
    """Whether a file of kept weights (safetensors) is there, and as long as its header says."""
    try:
        with safe_open(path, "numpy"):
            return True
    except (OSError, SafetensorError):
        return False


def is_whole_table(path: Path, schema: pa.DataFrameSchema) -> bool:
    """Whether a table is there and can be read. schema: what it was written with."""
    try:
        read_table(path, schema)
    except EmofusionError:
        return False
    return True


def _is_whole(path: Path) -> bool:
    """Whether a file of `torch.save` is there, and each part of it has its checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError):
        return False
