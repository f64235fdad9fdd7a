"""Digests of the content of files and folders, and a store that remembers the digests of files read before."""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

_BLOCK = 1 << 20


def digest_of_file(path: Path) -> str:
    """A BLAKE2b digest of the file's content: 32 hexadecimal digits. Raises `OSError` where it cannot be read."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def digest_of_tree(path: Path) -> tuple[int, str]:
    """The size in bytes and the digest of a file, or of all files in a folder including their names.

    Raises `FileNotFoundError` where there is neither a file nor a folder.
    """
    if path.is_file():
        return path.stat().st_size, digest_of_file(path)
    if not path.is_dir():
        raise FileNotFoundError(path)
    size, digest = 0, hashlib.blake2b(digest_size=16)
    for file in files_of(path):
        size += file.stat().st_size
        digest.update(f"{file.relative_to(path).as_posix()}\n{digest_of_file(file)}\n".encode())
    return size, digest.hexdigest()


class DigestMemory:
    """Remembers the digests of files by path, size and modification time, so that planning reads a large input once.

    The digests are in an SQLite database, which can be deleted at any time. Where the database cannot be read or
    written, every file is read again.
    """

    def __init__(self, database: Path) -> None:
        self.database = database

    def digest(self, path: Path) -> str:
        """The digest of a file's content. Raises `OSError` where it cannot be read."""
        return self.digests([path])[path]

    def digests(self, paths: Iterable[Path]) -> dict[Path, str]:
        """Path → digest of the file's content. Raises `OSError` where a file cannot be read."""
        keys: dict[Path, tuple[str, int, int]] = {}
        for path in paths:
            status = path.stat()
            keys[path] = (str(path.absolute()), status.st_size, status.st_mtime_ns)
        known = self._read(keys.values())
        new = {path: digest_of_file(path) for path, key in keys.items() if key not in known}
        self._write({keys[path]: digest for path, digest in new.items()})
        return {path: new.get(path) or known[key] for path, key in keys.items()}

    def _read(self, keys: Iterable[tuple[str, int, int]]) -> dict[tuple[str, int, int], str]:
        query = "select digest from digest where path = ? and size = ? and time = ?"
        try:
            with closing(self._connection()) as connection:
                rows = {key: connection.execute(query, key).fetchone() for key in keys}
        except (sqlite3.Error, OSError):
            return {}
        return {key: str(row[0]) for key, row in rows.items() if row}

    def _write(self, digests: dict[tuple[str, int, int], str]) -> None:
        if not digests:
            return
        rows = [(*key, digest) for key, digest in digests.items()]
        with suppress(sqlite3.Error, OSError), closing(self._connection()) as connection, connection:
            connection.executemany("insert or replace into digest values (?, ?, ?, ?)", rows)

    def _connection(self) -> sqlite3.Connection:
        self.database.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.database, timeout=10)
        try:
            connection.execute(
                "create table if not exists digest (path text primary key, size integer, time integer, digest text)"
            )
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def files_of(folder: Path) -> Iterator[Path]:
    """The files of a folder and its subfolders in a fixed order. Hidden files are left out; Snakemake makes some."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(parent, name)
