"""Files that many results have in common are stored once.

A shared file is a hard link to `results/shared/<digest of its content>`. Reports and publications are made of such
links, so a thousand cells whose rules, curves and networks are the same need little more room than one. Where the file
system has no hard links, files are copied. Shared files are read-only: an edit of one would change them all.
"""

import os
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emofusion.plan.digests import digest_of_file, files_of

SHARED = "shared"
_READ_ONLY = 0o444


def share(folder: Path, results: Path) -> None:
    """Replace each file of a folder by a link to the shared file with its content. `results`: of all results."""
    store = results / SHARED
    store.mkdir(parents=True, exist_ok=True)
    for file in files_of(folder):
        shared = store / digest_of_file(file)
        if shared.exists() and digest_of_file(shared) == shared.name:
            link(shared, file)
        else:
            file.chmod(_READ_ONLY)
            link(file, shared)


def link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`: by a hard link, or by a copy where there are none. It may exist."""
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    try:
        os.link(source, partial)
    except OSError:  # another file system, one without hard links, or a file with too many of them
        shutil.copyfile(source, partial)
        partial.chmod(_READ_ONLY)
    partial.replace(target)
    partial.unlink(missing_ok=True)  # renaming a link onto another link of the same file leaves both


@contextmanager
def made_once(path: Path) -> Iterator[Path]:
    """Give a path to write to; the file gets its own name when it is complete.

    Several jobs, on several machines too, may make the same file at once. Each writes under another name, and their
    contents are the same.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    yield partial
    partial.replace(path)


def unneeded_files(results: Path) -> list[Path]:
    """The shared files that no report and no publication has a link to. Copies count as needed by nobody."""
    files = sorted(path for path in (results / SHARED).rglob("*") if path.is_file())
    inside = Counter(file.stat().st_ino for file in files)  # a file may have several names in the store
    return [file for file in files if file.stat().st_nlink <= inside[file.stat().st_ino]]
