"""Files that are there whole or not at all, whenever the process that writes them is killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emofusion.disk import unwritable


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to. The file gets its own name when it is complete.

    For files that only one process writes at a time; see `plan.shared_files.made_once` for others.
    """
    partial = path.with_name(f"{path.name}.partial")
    yield partial
    partial.replace(path)


def write_whole(path: Path, content: str | bytes | memoryview) -> None:
    """Write a file, and its folder where it is missing. What the file held before stays until the new file is complete.

    content: a text is written as UTF-8.

    Raises `EmofusionError` where the disk is full, or a file may not be so large.
    """
    content = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(path) as partial:
            partial.write_bytes(content)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise (unwritable(error, path, len(content)) or error) from error
