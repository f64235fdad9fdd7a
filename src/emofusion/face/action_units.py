"""Action units from OpenFace 2, so that a face model can run where its output is at hand and the video is not.

Either one CSV of means by clip (column `clip`), or the CSV files that OpenFace writes for each video, in a folder or
in a zip archive: their frames with a found face are averaged.
"""

import re
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emofusion.messages import EmofusionError

SOURCE = "OpenFace 2 action units (setting `table`)"
DTYPE = np.float32

_INTENSITIES = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
_PRESENCES = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)
# OpenFace's names: intensity 0–5 (`_r`) and presence 0 or 1 (`_c`)
COLUMNS = (*(f"AU{unit:02}_r" for unit in _INTENSITIES), *(f"AU{unit:02}_c" for unit in _PRESENCES))

_MEANS = "openface_au_mean.csv"
_ARCHIVE = "FacialTracking*.zip"


def find_table(root: Path) -> Path:
    """The action units in a corpus folder: its CSV of means, else its archive or folder of OpenFace's CSV files.

    Raises `EmofusionError` that says what was looked for if there is none.
    """
    root = Path(root)
    archives = sorted(root.glob(_ARCHIVE))
    if (root / _MEANS).is_file():
        return root / _MEANS
    if archives:
        return archives[0]
    if next(root.rglob("*.csv"), None):
        return root
    raise EmofusionError(
        f"no action units in {root}: looked for {_MEANS}, {_ARCHIVE} and OpenFace's files by video such as "
        "01-01-05-02-01-02-12.csv. Put one of them there, or name another place in the setting `table`."
    )


def row_shape(settings: dict) -> tuple[int]:
    """`(35,)`: the columns `COLUMNS`."""
    return (len(COLUMNS),)


def rows_of(clip: Any, settings: dict) -> int:
    """One row a clip."""
    return 1


def prepare(clips: pd.DataFrame, settings: dict) -> Callable[[Any], np.ndarray]:
    """The function that turns a clip into float32 `(1, 35)`, its means over the frames.

    `settings["table"]` is the CSV of means, the folder or the zip archive. A clip finds its row or file by name; the
    first field of a RAVDESS name (what is recorded: 01 both, 02 picture, 03 sound) is left aside. Raises
    `EmofusionError` if there is no such table, it lacks columns, or clips are missing from it.
    """
    if settings.get("statistics", ["mean"]) != ["mean"]:
        raise EmofusionError(f"the setting `statistics` is {settings['statistics']}; only [mean] is known.")
    table = Path(settings["table"])
    if table.is_dir():
        table = find_table(table)
    if table.is_dir():
        return partial(_of_file, files=_chosen({str(path): path.stem for path in table.rglob("*.csv")}, clips, table))
    if zipfile.is_zipfile(table):
        with zipfile.ZipFile(table) as archive:
            names = {name: Path(name).stem for name in archive.namelist() if name.lower().endswith(".csv")}
        return partial(_of_file, files=_chosen(names, clips, table), archive=table)
    means = _read_csv(table, table, ["clip", *COLUMNS], {"clip": str})
    chosen = _chosen(means["clip"].dropna().to_dict(), clips, table)
    rows = means[list(COLUMNS)].to_numpy(DTYPE)
    return partial(_of_table, rows={clip: rows[row] for clip, row in chosen.items()}, table=table)


def _of_table(clip: Any, rows: dict[str, np.ndarray], table: Path) -> np.ndarray:
    return _finite(rows[clip.clip], f"{clip.clip} in {table}")


def _of_file(clip: Any, files: dict[str, str], archive: Path | None = None) -> np.ndarray:
    name = files[clip.clip]
    columns = ["success", *COLUMNS]
    if archive is None:
        where, frames = name, _read_csv(name, name, columns)
    else:
        where = f"{name} in {archive}"
        with zipfile.ZipFile(archive) as opened, opened.open(name) as file:
            frames = _read_csv(file, where, columns)
    found = frames.loc[frames["success"] == 1, list(COLUMNS)]
    if found.empty:
        raise EmofusionError(f"OpenFace found a face in no frame of {where}: leave the clip out.")
    return _finite(found.mean().to_numpy(DTYPE), where)


def _chosen(names: dict, clips: pd.DataFrame, table: Path) -> dict[str, Any]:
    """The key in `names` for each clip; of two for the same performance the last name wins (02- over 01-)."""
    by_performance = {
        _performance(name): key for key, name in sorted(names.items(), key=lambda item: (item[1], str(item[0])))
    }
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
    except (OSError, ValueError) as error:
        raise EmofusionError(f"cannot read the action units {where}: {error}") from error
    frame.columns = frame.columns.str.strip()
    missing = [column for column in columns if column not in frame]
    if missing:
        raise EmofusionError(f"{where} lacks the columns {', '.join(missing)}: no OpenFace output.")
    return frame


def _finite(row: np.ndarray, where: str) -> np.ndarray:
    if not np.isfinite(row).all():
        raise EmofusionError(f"{where} has action units that are not finite numbers: leave the clip out.")
    return row[np.newaxis]
