"""The names of clips in tables that were made elsewhere."""

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from emofusion.errors import EmofusionError
from emofusion.tables import read_foreign


def names_in(path: str | Path) -> list[str]:
    """The clips that a table names, CSV, Parquet or npz: its column or array `clip`.

    Raises `EmofusionError` where the file cannot be read, or has no such column.
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        table: Any = read_foreign(path)
    else:
        try:
            with np.load(path, allow_pickle=False) as arrays:  # a pickled array could run code
                table = {"clip": arrays["clip"]} if "clip" in arrays.files else {}
        except (OSError, ValueError, BadZipFile) as error:
            raise EmofusionError(f"{path}: cannot be read: {error}") from error
    if "clip" not in table:
        raise EmofusionError(f"{path}: has no column clip")
    return list(map(str, table["clip"]))
