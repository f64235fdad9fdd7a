"""Action units of clips, from a table of means or from the files that OpenFace 2 writes for each video.

Either one CSV of means by clip (column `clip`), or OpenFace's CSV files in a folder or in a zip archive. Of these, the
frames in which the face was found are averaged.
"""

import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emofusion.corpora.common.archives import Entry, are_copies
from emofusion.errors import EmofusionError
from emofusion.features.action_units import ActionUnits
from emofusion.features.action_units.columns import COLUMNS, INTENSITIES
from emofusion.features.action_units.files import csv_files, find_table
from emofusion.features.common.arrays import Array
from emofusion.features.common.matching import matched
from emofusion.features.common.openface import Frames, read_entry, read_table, require

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

    A clip's row, or file, is the one with the clip's name; see `matching.matched`.
    """
    return partial(_of_clip, means=_means(clips, settings), statistics=settings.statistics)


def _of_clip(clip: Any, means: Callable[[Any], Array], statistics: list[str]) -> Array:
    means_of_clip = means(clip)
    return np.concatenate([_STATISTICS[statistic](means_of_clip) for statistic in statistics], axis=1)


def _means(clips: pd.DataFrame, settings: ActionUnits) -> Callable[[Any], Array]:
    """The function that looks up a clip's means over the frames, `(1, 35)`."""
    if not settings.table:
        raise EmofusionError("no table of action units is named: give its file or folder in the setting `table`.")
    table = Path(settings.table)
    table = find_table(table) if table.is_dir() else table
    if table.is_dir() or zipfile.is_zipfile(table):
        paths = {entry: str(entry.path.with_suffix("")) for entry in csv_files(table)}
        files = matched(paths, clips, table, "files of action units", _hold_the_same)
        return partial(_of_file, files=files, frames=Frames(settings.faces, settings.confidence))
    means = _read_means(table)
    chosen = matched(means["clip"].dropna().to_dict(), clips, table, "rows of action units", _same_rows(means))
    rows = means[list(COLUMNS)].to_numpy(np.float32)
    return partial(_of_table, rows={clip: rows[row] for clip, row in chosen.items()}, table=table)


def _of_table(clip: Any, rows: dict[str, Array], table: Path) -> Array:
    row = rows[clip.clip]
    if not np.isfinite(row).all():
        raise EmofusionError(f"{table} has action units of {clip.clip} that are not finite numbers.")
    return row[np.newaxis]


def _of_file(clip: Any, files: dict[str, Entry], frames: Frames) -> Array:
    means: Array = read_entry(files[clip.clip], COLUMNS, frames).mean().to_numpy(np.float32)
    return means[np.newaxis]


def _hold_the_same(entries: Sequence[Entry]) -> bool:
    return are_copies(list(entries))


def _same_rows(means: pd.DataFrame) -> Callable[[Sequence[Any]], bool]:
    """Whether rows of the table hold the same values."""
    return lambda rows: len(means.loc[list(rows)].drop_duplicates()) == 1


def _read_means(table: Path) -> pd.DataFrame:
    """A table of means: `clip` and the 35 action units. Raises `EmofusionError` where it is another table."""
    try:
        with table.open("rb") as file:
            means = read_table(file, table, ["clip", *COLUMNS])
    except OSError as error:
        raise EmofusionError(f"cannot read the action units {table}: {error}") from error
    require(means, ["clip", *COLUMNS], table)
    try:
        return means.astype(dict.fromkeys(COLUMNS, float))
    except ValueError as error:
        raise EmofusionError(f"{table} has a value that is no number: {error}") from error
