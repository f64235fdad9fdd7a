"""Find the files with the action units of a corpus."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from emofusion.corpora.common.archives import Entry, entries
from emofusion.errors import EmofusionError

_MEANS = "openface_au_mean.csv"


def find_table(root: Path) -> Path:
    """The action units of a corpus's folder: its CSV of means; else the folder, if it holds OpenFace's CSV files.

    They may lie in its tree or in zip archives such as `FacialTracking_Actors_01-24.zip`. Raises `EmofusionError` that
    says what was looked for if there is nothing.
    """
    root = Path(root)
    if (root / _MEANS).is_file():
        return root / _MEANS
    if next(csv_files(root), None):
        return root
    raise EmofusionError(
        f"no action units in {root}: looked for {_MEANS} and for OpenFace's files by video, such as "
        "01-01-05-02-01-02-12.csv, also in zip archives such as FacialTracking_Actors_01-24.zip. Put one "
        "of them there, or name another file or folder in the setting `table`."
    )


def csv_files(table: Path) -> Iterator[Entry]:
    """The CSV files of a folder and of the zip archives in it, or of one zip archive.

    Compressed tar archives are left out: to read one member, all members before it must be read.
    """
    return (entry for entry in entries(table, (".csv",)) if entry.member is None or zipfile.is_zipfile(entry.source))


def source_files(table: Path) -> list[Path]:
    """The existing files that decide what is read from a table, a folder or an archive. No file is opened.

    A folder's are its CSV of means alone where it has one; else every CSV file in its tree and every zip archive that
    lies in it directly, as `csv_files` reads them.
    """
    if table.is_file():
        return [table]
    if (table / _MEANS).is_file():
        return [table / _MEANS]
    files, visited = [], set()
    for folder, folders, names in os.walk(table, followlinks=True):
        real_folder = os.path.realpath(folder)
        if real_folder in visited:  # a link back into the tree
            folders.clear()
            continue
        visited.add(real_folder)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        suffixes = (".csv", ".zip") if Path(folder) == table else (".csv",)
        visible = (name for name in names if not name.startswith("."))
        files += [Path(folder, name) for name in visible if name.lower().endswith(suffixes)]
    return sorted(files)
