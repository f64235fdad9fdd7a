"""Action units from OpenFace 2, so that a face model can run where its output is at hand and the video is not.

Either one CSV of means by clip (column `clip`), or the CSV files that OpenFace writes for each video, in a folder or
in a zip archive: their frames with a found face are averaged.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emofusion.corpora.common.archives import Entry, entries
from emofusion.errors import EmofusionError

SOURCE = "OpenFace 2 action units (setting `table`)"
DTYPE = np.float32

_INTENSITIES = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
_PRESENCES = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)
# OpenFace's names: intensity 0–5 (`_r`) and presence 0 or 1 (`_c`)
COLUMNS = (*(f"AU{unit:02}_r" for unit in _INTENSITIES), *(f"AU{unit:02}_c" for unit in _PRESENCES))

_MEANS = "openface_au_mean.csv"


def _root(means: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(means, 0))


def _share(means: np.ndarray) -> np.ndarray:
    kinds = np.split(_root(means), [len(_INTENSITIES)], axis=1)
    return np.concatenate([roots / max(np.linalg.norm(roots), _TINY) for roots in kinds], axis=1)


# Of each unit's mean over the frames, (1, 35). Most are near 0 and few are large: roots spread out the faint ones, and
# shares of all intensities, or presences, do not depend on how much a face moves.
_STATISTICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"mean": np.asarray, "root": _root, "share": _share}
_TINY = np.finfo(DTYPE).tiny


def find_table(root: Path) -> Path:
    """The action units in a corpus folder: its CSV of means, else the folder itself, if it holds OpenFace's CSV files.

    They may lie in its tree or in zip archives such as `FacialTracking_Actors_01-24.zip`. Raises `EmofusionError` that
    says what was looked for if there is nothing.
    """
    root = Path(root)
    if (root / _MEANS).is_file():
        return root / _MEANS
    if next(_csv_files(root), None):
        return root
    raise EmofusionError(
        f"no action units in {root}: looked for {_MEANS} and for OpenFace's files by video, such as "
        "01-01-05-02-01-02-12.csv, also in zip archives such as FacialTracking_Actors_01-24.zip. Put one "
        "of them there, or name another place in the setting `table`."
    )


def row_shape(settings: dict) -> tuple[int]:
    """`(35 * statistics,)`: the columns `COLUMNS`, statistic by statistic."""
    return (len(settings["statistics"]) * len(COLUMNS),)


def rows_of(clip: Any, settings: dict) -> int:
    """One row a clip."""
    return 1


def prepare(clips: pd.DataFrame, settings: dict) -> Callable[[Any], np.ndarray]:
    """The function that turns a clip into float32 `(1, 35 * statistics)`, of its means over the frames.

    `settings["statistics"]` are of these: `mean`; `root`, the square root of it; and `share`, the root over the root
    of the sum of all means, of intensities and of presences (0 of a face that does not move at all).
    `settings["table"]` is the CSV of means, a folder (of a corpus, see `find_table`) or a zip archive. A clip finds
    its row or file by name; the first field of a RAVDESS name (what is recorded: 01 both, 02 picture, 03 sound) is
    left aside. Raises `EmofusionError` if there is no such table, it lacks columns, or clips are missing from it.
    """
    if not settings["statistics"] or set(settings["statistics"]) - set(_STATISTICS):
        raise EmofusionError(
            f"the setting `statistics` is {settings['statistics']}; name some of {', '.join(_STATISTICS)}."
        )
    return partial(_of_clip, means=_means(clips, settings), statistics=settings["statistics"])


def _of_clip(clip: Any, means: Callable[[Any], np.ndarray], statistics: list[str]) -> np.ndarray:
    found = means(clip)
    return np.concatenate([_STATISTICS[statistic](found) for statistic in statistics], axis=1)


def _means(clips: pd.DataFrame, settings: dict) -> Callable[[Any], np.ndarray]:
    """The function that finds a clip's means over the frames, `(1, 35)`."""
    table = Path(settings["table"])
    table = find_table(table) if table.is_dir() else table
    if table.is_dir() or zipfile.is_zipfile(table):
        files = {entry: entry.path.stem for entry in sorted(_csv_files(table), key=lambda entry: entry.path.name)}
        return partial(_of_file, files=_chosen(files, clips, table))
    means = _read_csv(table, table, ["clip", *COLUMNS], {"clip": str})
    chosen = _chosen(means["clip"].dropna().to_dict(), clips, table)
    rows = means[list(COLUMNS)].to_numpy(DTYPE)
    return partial(_of_table, rows={clip: rows[row] for clip, row in chosen.items()}, table=table)


def _of_table(clip: Any, rows: dict[str, np.ndarray], table: Path) -> np.ndarray:
    return _finite(rows[clip.clip], f"{clip.clip} in {table}")


def _of_file(clip: Any, files: dict[str, Entry]) -> np.ndarray:
    entry = files[clip.clip]
    if entry.member is None:
        where = str(entry.source / entry.path)
        frames = _read_csv(where, where, ["success", *COLUMNS])
    else:
        where = f"{entry.path} in {entry.source}"
        with zipfile.ZipFile(entry.source) as archive, archive.open(entry.member) as file:
            frames = _read_csv(file, where, ["success", *COLUMNS])
    found = frames.loc[frames["success"] == 1, list(COLUMNS)]
    if found.empty:
        raise EmofusionError(f"OpenFace found a face in no frame of {where}: leave the clip out.")
    return _finite(found.mean().to_numpy(DTYPE), where)


def _csv_files(table: Path) -> Iterator[Entry]:
    # a member of a compressed tar cannot be read without all that lies before it
    return (entry for entry in entries(table, (".csv",)) if entry.member is None or zipfile.is_zipfile(entry.source))


def _chosen(names: dict[Any, str], clips: pd.DataFrame, table: Path) -> dict[str, Any]:
    """The key in `names` for each clip; of two for the same performance the first (01- before 02-)."""
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
    return re.sub(r"^\d\d-", "", name)


def _read_csv(file: Any, where: str | Path, columns: list[str], dtype: dict | None = None) -> pd.DataFrame:
    try:
        # OpenFace puts a blank before each name but the first
        frame = pd.read_csv(file, skipinitialspace=True, dtype=dtype, usecols=lambda name: name.strip() in columns)
        frame.columns = frame.columns.str.strip()
        missing = [column for column in columns if column not in frame]
        if missing:
            raise EmofusionError(f"{where} lacks the columns {', '.join(missing)}: no OpenFace output.")
        return frame.astype(dict.fromkeys(COLUMNS, float))
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise EmofusionError(f"cannot read the action units {where}: {error}") from error


def _finite(row: np.ndarray, where: str) -> np.ndarray:
    if not np.isfinite(row).all():
        raise EmofusionError(f"{where} has action units that are not finite numbers: leave the clip out.")
    return row[np.newaxis]
