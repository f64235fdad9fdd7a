"""Read the columns of a CSV or Parquet file, or the arrays of an npz file, by the names of their clips."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.features.common.arrays import Array
from emofusion.tables import read_foreign


def read(path: Path, clip: str) -> tuple[list[str], dict[str, Any]]:
    """The clips' names, and the other columns or arrays by name, in their order.

    Args:
        path: the file.
        clip: the column, or the array, with the names.

    Raises:
        EmofusionError: the file cannot be read, has no names, or an array has another length than the names.
    """
    columns = _arrays(path) if path.suffix.lower() == ".npz" else _columns(path, clip)
    if clip not in columns:
        raise EmofusionError(
            f"{path}: has nothing named {clip}, which must hold the clips' names; there are "
            f"{', '.join(list(columns)[:12])}. Name it in features.clip"
        )
    names = columns.pop(clip)
    if isinstance(names, np.ndarray) and (names.ndim != 1 or not np.issubdtype(names.dtype, np.str_)):
        raise EmofusionError(f"{path}: {clip} must be an array of texts, the clips' names")
    for name, column in columns.items():
        if np.shape(column)[:1] != (len(names),):
            raise EmofusionError(
                f"{path}: {name} has the shape {np.shape(column)}, but there are {len(names)} names in {clip}. "
                "Leave it out of the file, or make its first axis run over the clips"
            )
    unnamed = [number for number, name in enumerate(names, 1) if pd.isna(name) or not str(name).strip()]
    if unnamed:
        raise EmofusionError(f"{path}: row {unnamed[0]} has no name in {clip}")
    return list(map(str, names)), columns


def _columns(path: Path, clip: str) -> dict[str, Any]:
    table = read_foreign(path, text=[clip])
    if not table.columns.is_unique:
        raise EmofusionError(f"{path}: has two columns {table.columns[table.columns.duplicated()][0]}; rename one")
    return {str(name): table[name] for name in table.columns}


def _arrays(path: Path) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as file:  # a pickled array could run code
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise EmofusionError(f"{path}: cannot be read: {error}") from error
