"""Read the tables that OpenFace 2 writes, and choose the frames of one face that it tracked well.

Baltrušaitis et al. (2018), OpenFace 2.0: facial behavior analysis toolkit, FG. Its programs FeatureExtraction and
FaceLandmarkVidMulti write a row for each frame and face; FaceLandmarkImg writes a row for each face of a picture.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from emofusion.corpora.common.archives import Entry
from emofusion.corpora.common.separated import SEPARATORS, separator_of
from emofusion.counted import count
from emofusion.errors import EmofusionError, Lacking

MOST_SEEN, SINGLE, ALL = "most_seen", "single", "all"
FACES = (MOST_SEEN, SINGLE, ALL)

_STATE = ("frame", "face_id", "face", "confidence", "success")
_NOT_NUMBERS = ["-nan(ind)", "nan(ind)", "-nan(snan)", "nan(snan)", "1.#INF", "-1.#INF"]  # as Windows writes them
_OTHERS_UNITS = re.compile(r"au_?\d\d?", re.IGNORECASE)  # without _r and _c


@dataclass(frozen=True)
class Frames:
    """Which frames and faces count.

    faces: `most_seen`, `single` or `all`, see `chosen`. confidence: the least confidence of a frame, 0–1. name: the
    full name of the node with these settings, for messages.
    """

    faces: str
    confidence: float
    name: str = "features"


def read_entry(entry: Entry, columns: Sequence[str], frames: Frames) -> pd.DataFrame:
    """The values of the chosen frames of a file, in a tree or in a zip archive: float64 `(frames, columns)`.

    Raises `EmofusionError` where the file is no table of OpenFace 2, or no frame is left.
    """
    if entry.member is None:
        where = str(entry.source / entry.path)
        try:
            with Path(where).open("rb") as file:
                table = read_table(file, where, [*_STATE, *columns])
        except OSError as error:
            raise EmofusionError(f"cannot read {where}: {error}") from error
    else:
        where = f"{entry.path} in {entry.source}"
        try:
            with zipfile.ZipFile(entry.source) as archive, archive.open(entry.member) as file:
                table = read_table(file, where, [*_STATE, *columns])  # type: ignore[arg-type]
        except (OSError, zipfile.BadZipFile, zlib.error) as error:
            raise EmofusionError(f"cannot read {where}: {error}") from error
    require(table, columns, where)
    return chosen(table, columns, frames, where)


def read_table(file: BinaryIO, where: object, columns: Sequence[str]) -> pd.DataFrame:
    """Those of the columns that a CSV file has, without blanks around their names, and the names of all columns.

    The names of all are in `attrs["columns"]`. The separator may be a comma, a semicolon or a tab. What Windows writes
    for numbers that are none (`-nan(ind)`) becomes NaN. Raises `EmofusionError` where the file is no CSV, or a line has
    more values than there are columns.
    """
    content = file.read()
    try:
        header = content.partition(b"\n")[0].decode("utf-8-sig")
        separator = separator_of(header)
        names = [name.strip().strip('"') for name in header.split(separator)]
        _check_lengths(content, separator, len(names), where)
        table = pd.read_csv(
            io.BytesIO(content),
            sep=separator,
            skipinitialspace=True,
            usecols=lambda name: name.strip() in columns,
            dtype={"clip": str},
            na_values={name: _NOT_NUMBERS for name in {*names, *(f" {name}" for name in names)} - {"clip"}},
            encoding="utf-8-sig",
            index_col=False,
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise EmofusionError(f"cannot read {where} as a table: {error}") from error
    table.columns = table.columns.str.strip()
    table.attrs["columns"] = names
    return table


def _check_lengths(content: bytes, separator: str, columns: int, where: object) -> None:
    """Raise `EmofusionError` where a line has more values than there are columns, as with decimal commas.

    pandas drops the last ones. Lines with quotes, within which a separator is none, are not looked at.
    """
    mark = separator.encode()
    for number, line in enumerate(content.splitlines(), 1):
        if line.count(mark) >= columns and b'"' not in line and line.rstrip(mark + b" ").count(mark) >= columns:
            raise EmofusionError(
                f"{where}: line {number} has {line.count(mark) + 1} values, and there are {columns} columns, separated "
                f"by {SEPARATORS[separator]}: write decimals with a point, and take what is too much away"
            )


def require(table: pd.DataFrame, columns: Sequence[str], where: object) -> None:
    """Raise `EmofusionError` unless a table has all columns. The message says whose table it is, where that is known.

    table: from `read_table`. where: its file, for the message.
    """
    missing = [column for column in columns if column not in table]
    if not missing:
        return
    names: list[str] = table.attrs["columns"]
    others = [name for name in names if _OTHERS_UNITS.fullmatch(name)]
    if others:
        program = "py-feat" if {"FaceScore", "FaceRectX"} & set(names) else "another program, such as OpenFace 3,"
        raise EmofusionError(
            f"{where} has the action units of {program} ({', '.join(others[:3])} …). The kind action_units reads those "
            "of OpenFace 2 (AU01_r … and AU01_c …): write them with its program FeatureExtraction, or FaceLandmarkImg "
            "for pictures, with the option -aus. Numbers of other programs are features of the kind table."
        )
    raise EmofusionError(
        f"{where} lacks the columns {', '.join(missing[:_SHOWN])}{', …' if len(missing) > _SHOWN else ''}: it is no "
        f"output of OpenFace 2 with these. It has {', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''}."
    )


_SHOWN = 8


def chosen(table: pd.DataFrame, columns: Sequence[str], frames: Frames, where: object) -> pd.DataFrame:
    """The rows of the face that counts, in the frames in which it was found: float64 `(frames, columns)`.

    The index has the numbers of the frames, where the table has them.

    A frame counts if its success is 1, its confidence is at least `frames.confidence`, and all values are finite
    numbers. Below a confidence of 0.7, OpenFace's author takes a frame for a failure. A picture's table has no success.
    Of several faces, `most_seen` takes the one with most such frames, and of equally many the one with the higher mean
    confidence; `single` refuses; `all` takes every row. What is dropped is counted.

    Raises `EmofusionError` where columns are missing, no row is left, or faces cannot be told apart.
    """
    if "confidence" not in table and (frames.confidence > 0 or "success" not in table):
        raise EmofusionError(
            f"{where} lacks the column confidence, so that frames of low confidence cannot be told: write the table "
            f"with OpenFace 2 again" + (f", or set {frames.name}.confidence=0." if "success" in table else ".")
        )
    try:
        numbers = table[[column for column in (*_STATE, *columns) if column in table]].astype(float)
    except ValueError as error:
        raise EmofusionError(f"{where} has a value that is no number: {error}") from error
    ours = list(columns)
    finite = np.isfinite(numbers[ours]).all(axis=1)
    found = (numbers["success"] == 1) if "success" in numbers else ~finite | True
    if "confidence" in numbers:
        found &= numbers["confidence"] >= frames.confidence
    count(f"frames in which OpenFace found no face with a confidence of at least {frames.confidence:g}", (~found).sum())
    count("frames with a value of OpenFace that is no number", (found & ~finite).sum())
    good = numbers[found & finite]
    if good.empty:
        raise Lacking(
            f"OpenFace found a face in no frame of {where} ({len(numbers)} frames; those with success 1, a confidence "
            f"of at least {frames.confidence:g} and numbers count)."
        )
    kept = _one_face(good, frames, where)
    return kept[ours].set_axis(kept["frame"], axis="index") if "frame" in kept else kept[ours]


def _one_face(good: pd.DataFrame, frames: Frames, where: object) -> pd.DataFrame:
    faces = next((column for column in ("face_id", "face") if column in good), None)
    places = [column for column in ("frame", faces) if column is not None and column in good]
    if places and good.duplicated(places).any():
        raise EmofusionError(
            f"{where} has several rows of frame {good.loc[good.duplicated(places), places[0]].iloc[0]:g}, and nothing "
            "tells their faces apart: write it with OpenFace 2 again."
        )
    if faces is None or frames.faces == ALL or good[faces].nunique() < 2:
        return good
    if frames.faces == SINGLE:
        raise EmofusionError(
            f"{where} has {good[faces].nunique()} faces: with {frames.name}.faces={MOST_SEEN} the one that is seen "
            "most often counts."
        )
    seen = good.groupby(faces).agg(rows=(faces, "size"), **_mean_confidence(good))
    most = seen.sort_values(list(seen.columns), ascending=False)
    if len(most) > 1 and (most.iloc[0] == most.iloc[1]).all():
        raise EmofusionError(
            f"{where} shows the faces {most.index[0]:g} and {most.index[1]:g} in equally many frames, with the same "
            "confidence: take the rows of one of them away."
        )
    kept = good[good[faces] == most.index[0]]
    count("rows of OpenFace that show another face than the one seen most often", len(good) - len(kept))
    return kept


def _mean_confidence(good: pd.DataFrame) -> dict[str, Any]:
    return {"confidence": ("confidence", "mean")} if "confidence" in good else {}
