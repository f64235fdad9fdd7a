"""Look up the numbers of clips in a table that was made elsewhere."""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from emofusion.counted import count
from emofusion.errors import BadClips, EmofusionError
from emofusion.features.common.arrays import Array
from emofusion.features.common.matching import leave_out_clips, matched
from emofusion.features.table import Table
from emofusion.features.table.reading import read
from emofusion.settings.exclude import pattern_of

# Names of columns that describe a clip in many tables, and are no measurement of it.
_LABELS = ("emotion", "label", "labels", "class", "target", "actor", "speaker", "subject", "gender", "sex", "fold")
_SHOWN = 5


class Numbers(NamedTuple):
    """A table of numbers.

    clips: the name of each row's clip. columns: the names of the columns or arrays. widths: how many values of the last
    axis each of them gives. array: float32 `(rows, *shape)`.
    """

    clips: list[str]
    columns: list[str]
    widths: list[int]
    array: Array


def shape_of(settings: Table) -> tuple[int, ...]:
    """The shape of a clip's numbers. Raises `EmofusionError` as `prepare` does for a file that is no such table."""
    shape: tuple[int, ...] = _numbers(settings).array.shape[1:]
    return shape


def prepare(clips: pd.DataFrame, settings: Table) -> Callable[[Any], Array]:
    """The function that looks up a clip's numbers; see `Table.prepare`."""
    numbers = _numbers(settings)
    found = matched(dict(enumerate(numbers.clips, 1)), clips, settings.table, "rows")
    rows = {clip: number - 1 for clip, number in found.items()}
    chosen = np.fromiter(rows.values(), int, len(rows))
    _check_finite(numbers, chosen, clips, settings)
    _check_no_labels(numbers, chosen, clips, settings)
    count(f"rows of {settings.table} whose clip is in no corpus of the experiment", len(numbers.clips) - len(rows))
    return partial(_of_clip, rows=rows, values=numbers.array)


def _of_clip(clip: Any, rows: dict[str, int], values: Array) -> Array:
    row = rows[clip.clip]
    return values[row : row + 1]


def _numbers(settings: Table) -> Numbers:
    """The table. It is read once, although its shape is asked for first."""
    path = Path(settings.table)
    try:
        status = path.stat()
    except OSError as error:
        raise EmofusionError(f"features.table={settings.table}: cannot be read: {error}") from error
    asked = (settings.clip, tuple(settings.columns), tuple(settings.without))
    return _read(path, *asked, status.st_mtime_ns, status.st_size)


@lru_cache(1)
def _read(path: Path, clip: str, columns: tuple[str, ...], without: tuple[str, ...], *_: int) -> Numbers:
    names, found = read(path, clip)
    chosen = _chosen(list(found), columns, without, path)
    arrays = [_as_numbers(found[name], name, path) for name in chosen]
    if len(arrays) == 1:
        return Numbers(names, chosen, [int(arrays[0].shape[-1])], arrays[0])
    for name, array in zip(chosen, arrays, strict=True):
        if array.ndim != 2:
            raise EmofusionError(
                f"{path}: {name} has the shape {array.shape}, so it cannot stand beside {chosen[0]}: name one in "
                f"features.columns, as in features.columns=[{name}]"
            )
    return Numbers(names, chosen, [array.shape[1] for array in arrays], np.concatenate(arrays, axis=1))


def _chosen(names: list[str], columns: tuple[str, ...], without: tuple[str, ...], path: Path) -> list[str]:
    """The names of the features among the names of all columns. Raises `EmofusionError` where a pattern fits none."""
    for setting, patterns in (("columns", columns), ("without", without)):
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise EmofusionError(f"features.{setting}: {path} has nothing named {pattern}; there are {_few(names)}")
    kept = [name for name in names if not columns or _fits(name, columns)]
    kept = [name for name in kept if not _fits(name, without)]
    doubtful = [name for name in kept if name.lower() in _LABELS and name not in columns]
    if doubtful:
        raise EmofusionError(
            f"{path}: {', '.join(doubtful)} may be no feature but a description of the clip. Leave it out with "
            f"{_leaving_out(doubtful, without)}, or name it in features.columns"
        )
    if not kept:
        raise EmofusionError(f"{path}: features.columns and features.without leave no column; there are {_few(names)}")
    return kept


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _as_numbers(column: Any, name: str, path: Path) -> Array:
    """A column as float32 `(rows, …)`: of numbers, or of lists of numbers. Cells that are empty become NaN."""
    if isinstance(column, np.ndarray) and column.dtype != object:
        values = column
    elif len(column) and all(isinstance(cell, list | tuple | np.ndarray) for cell in column):
        lengths = {len(cell) for cell in column}
        if len(lengths) > 1:
            raise EmofusionError(
                f"{path}: the lists in {name} have {min(lengths)} to {max(lengths)} values. Each clip needs as many: "
                "take their mean, for example"
            )
        values = np.stack([np.asarray(cell) for cell in column])
    else:
        series = pd.Series(column)
        values = pd.to_numeric(series, errors="coerce").to_numpy(float)
        bad = np.flatnonzero(np.isnan(values) & series.notna().to_numpy())
        if len(bad):
            raise EmofusionError(
                f"{path}: {name} has {series.iloc[bad[0]]!r} in row {bad[0] + 1}, which is no number. If it is no "
                f"feature, leave it out with {_leaving_out([name])}"
            )
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == bool):
        raise EmofusionError(
            f"{path}: {name} holds no numbers. If it is no feature, leave it out with {_leaving_out([name])}"
        )
    with np.errstate(over="ignore"):
        numbers: Array = values.astype(np.float32)
    return numbers[:, np.newaxis] if numbers.ndim == 1 else numbers


def _check_finite(numbers: Numbers, chosen: Array, clips: pd.DataFrame, settings: Table) -> None:
    values = numbers.array[chosen]
    finite = np.isfinite(values)
    if finite.all():
        return
    where = np.argwhere(~finite)
    column = _name_of_value(numbers, int(where[0][-1]))
    # of each clip, the first value
    first = {int(row): int(position) for row, *_, position in where[::-1]}
    affected = clips["clip"].iloc[sorted(first)].tolist()
    reasons = {
        clips["clip"].iloc[row]: f"{Path(str(settings.table)).name}: {_name_of_value(numbers, position)} is empty or "
        "not finite"
        for row, position in first.items()
    }
    raise BadClips(
        f"{settings.table}: {len(affected)} clips have a value that is empty or not finite, such as {column} of "
        f"{affected[0]}. Fill it in, leave the column out with "
        f"{_leaving_out([column], settings.without)}, or leave the clips out with "
        f"{leave_out_clips(clips, affected)}",
        reasons,
    )


def _check_no_labels(numbers: Numbers, chosen: Array, clips: pd.DataFrame, settings: Table) -> None:
    """Raise `EmofusionError` where a column that was not named says which emotion a clip has, value by value."""
    values, emotions = numbers.array[chosen], pd.factorize(clips["emotion"])[0]
    if values.ndim != 2 or len(set(emotions)) < 2:
        return
    kinds = len(set(emotions))
    for position in range(values.shape[1]):
        column = values[:, position]
        if len(np.unique(column[: 10 * kinds])) > kinds:  # quickly rules out nearly all columns
            continue
        pairs = set(zip(column.tolist(), emotions.tolist(), strict=True))
        name = _name_of_value(numbers, position)
        if len(pairs) == kinds == len(np.unique(column)) < len(column) and name not in settings.columns:
            raise EmofusionError(
                f"{settings.table}: each value of {name} belongs to one emotion, so it is the label and no feature. "
                f"Leave it out with {_leaving_out([name], settings.without)}, or name it in "
                "features.columns"
            )


def _name_of_value(numbers: Numbers, position: int) -> str:
    """The name of the column that the value at a position of the last axis comes from."""
    return numbers.columns[int(np.searchsorted(np.cumsum(numbers.widths), position, side="right"))]


def _leaving_out(names: Iterable[str], present: Iterable[str] = ()) -> str:
    """The setting that leaves columns out, to be pasted. present: the patterns that it has already."""
    return f"features.without=[{','.join(repr(pattern) for pattern in [*present, *map(pattern_of, names)])}]"


def _few(names: Iterable[str]) -> str:
    words = list(map(str, names))
    return ", ".join(words[:_SHOWN]) + (f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else "")
