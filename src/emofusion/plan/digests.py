"""Digests of the content of files and folders, and a memory of those of large inputs."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

_BLOCK = 1 << 20


def digest_of_file(path: Path) -> str:
    """32 hexadecimal digits of the file's content."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def digest_of_tree(path: Path) -> tuple[int, str]:
    """Bytes and digest of a file, or of all files of a folder with their names."""
    if path.is_file():
        return path.stat().st_size, digest_of_file(path)
    if not path.is_dir():
        raise FileNotFoundError(path)
    size, digest = 0, hashlib.blake2b(digest_size=16)
    for file in _files(path):
        size += file.stat().st_size
        digest.update(f"{file.relative_to(path).as_posix()}\n{digest_of_file(file)}\n".encode())
    return size, digest.hexdigest()


class DigestMemory:
    """Digests of files by path, size and time, so that a large input is read once and not whenever one plans.

    Kept in a database that can be deleted; where it cannot be written, nothing is remembered.
    """

    def __init__(self, database: Path) -> None:
        self.database = database

    def digest(self, path: Path) -> str:
        """The digest of a file's content."""
        status = path.stat()
        key = (str(path.absolute()), status.st_size, status.st_mtime_ns)
        try:
            self.database.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
                connection.execute(
                    "create table if not exists digest (path text primary key, size integer, time integer, digest text)"
                )
                row = connection.execute(
                    "select digest from digest where path = ? and size = ? and time = ?", key
                ).fetchone()
                if row:
                    return str(row[0])
                found = digest_of_file(path)
                connection.execute("insert or replace into digest values (?, ?, ?, ?)", (*key, found))
                return found
        except (sqlite3.Error, OSError):
            return digest_of_file(path)


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if not name.startswith("."):  # such as Snakemake's own marks
                yield Path(parent, name)
