"""Action units of clips, from a table of means or from the files that OpenFace 2 writes for each video.

Either one CSV of means by clip (column `clip`), or OpenFace's CSV files in a folder or in a zip archive. Of these, the
frames in which a face was found are averaged.
"""

import re
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emofusion.corpora.common.archives import Entry
from emofusion.errors import EmofusionError
from emofusion.features.action_units import ActionUnits
from emofusion.features.action_units.columns import COLUMNS, INTENSITIES
from emofusion.features.action_units.files import csv_files, find_table
from emofusion.features.common.arrays import Array

_TINY = np.finfo(np.float32).tiny


def _root(means: Array) -> Array:
    return np.sqrt(np.maximum(means, 0))


def _share(means: Array) -> Array:
    """The roots divided by their length, for intensities and presences separately; 0 for a face that does not move."""
    halves = np.split(_root(means), [len(INTENSITIES)], axis=1)
    return np.concatenate([roots / max(np.linalg.norm(roots), _TINY) for roots in halves], axis=1)


# Each is taken of the means over the frames, `(1, 35)`. Most means are near 0 and few are large. Roots spread out the
# faint ones. Shares do not depend on how much a face moves.
_STATISTICS: dict[str, Callable[[Array], Array]] = {"mean": np.asarray, "root": _root, "share": _share}


def prepare(clips: pd.DataFrame, settings: ActionUnits) -> Callable[[Any], Array]:
    """The function that turns a clip into float32 `(1, 35 * statistics)`; see `ActionUnits.prepare`.

    A clip's row, or file, is the one with the clip's name. The first field of a RAVDESS name is not compared: it says
    what is recorded (01 both, 02 picture, 03 sound).
    """
    return partial(_of_clip, means=_means(clips, settings.table), statistics=settings.statistics)


def _of_clip(clip: Any, means: Callable[[Any], Array], statistics: list[str]) -> Array:
    means_of_clip = means(clip)
    return np.concatenate([_STATISTICS[statistic](means_of_clip) for statistic in statistics], axis=1)


def _means(clips: pd.DataFrame, named: str | None) -> Callable[[Any], Array]:
    """The function that looks up a clip's means over the frames, `(1, 35)`. `named`: the setting `table`."""
    if not named:
        raise EmofusionError("no table of action units is named: give its file or folder in the setting `table`.")
    table = Path(named)
    table = find_table(table) if table.is_dir() else table
    if table.is_dir() or zipfile.is_zipfile(table):
        files = {entry: entry.path.stem for entry in sorted(csv_files(table), key=lambda entry: entry.path.name)}
        return partial(_of_file, files=_chosen(files, clips, table))
    means = _read_csv(table, table, ["clip", *COLUMNS], {"clip": str})
    chosen = _chosen(means["clip"].dropna().to_dict(), clips, table)
    rows = means[list(COLUMNS)].to_numpy(np.float32)
    return partial(_of_table, rows={clip: rows[row] for clip, row in chosen.items()}, table=table)


def _of_table(clip: Any, rows: dict[str, Array], table: Path) -> Array:
    return _finite(rows[clip.clip], f"{clip.clip} in {table}")


def _of_file(clip: Any, files: dict[str, Entry]) -> Array:
    entry = files[clip.clip]
    if entry.member is None:
        where = str(entry.source / entry.path)
        frames = _read_csv(where, where, ["success", *COLUMNS])
    else:
        where = f"{entry.path} in {entry.source}"
        with zipfile.ZipFile(entry.source) as archive, archive.open(entry.member) as file:
            frames = _read_csv(file, where, ["success", *COLUMNS])
    with_face = frames.loc[frames["success"] == 1, list(COLUMNS)]
    if with_face.empty:
        raise EmofusionError(f"OpenFace found a face in no frame of {where}: leave the clip out.")
    return _finite(with_face.mean().to_numpy(np.float32), where)


def _chosen(names: dict[Any, str], clips: pd.DataFrame, table: Path) -> dict[str, Any]:
    """The key in `names` (key → name) of each clip; of two recordings of one performance the first (01- before 02-)."""
    by_performance: dict[str, Any] = {}
    for key, name in names.items():
        by_performance.setdefault(_performance(name), key)
    missing = [clip for clip in clips["clip"] if _performance(clip) not in by_performance]
    if missing:
        raise EmofusionError(
            f"{table} has no action units of {len(missing)} of {len(clips)} clips, for example "
            f"{', '.join(missing[:5])}. Add them, or leave these clips out."
        )
    return {clip: by_performance[_performance(clip)] for clip in clips["clip"]}


def _performance(name: str) -> str:
    """A RAVDESS name without its first field; other names do not change."""
    return re.sub(r"^\d\d-", "", name)


def _read_csv(file: Any, where: str | Path, columns: list[str], dtype: dict[str, type] | None = None) -> pd.DataFrame:
    try:
        # OpenFace writes a blank before each column name but the first
        frame = pd.read_csv(file, skipinitialspace=True, dtype=dtype, usecols=lambda name: name.strip() in columns)
        frame.columns = frame.columns.str.strip()
        missing = [column for column in columns if column not in frame]
        if missing:
            raise EmofusionError(f"{where} lacks the columns {', '.join(missing)}: no OpenFace output.")
        return frame.astype(dict.fromkeys(COLUMNS, float))
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise EmofusionError(f"cannot read the action units {where}: {error}") from error


def _finite(row: Array, where: str) -> Array:
    """The row as `(1, 35)`; raises `EmofusionError` that names its source where a value is not a finite number."""
    if not np.isfinite(row).all():
        raise EmofusionError(f"{where} has action units that are not finite numbers: leave the clip out.")
    return row[np.newaxis]
