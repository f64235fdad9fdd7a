"""The files of a corpus, whether they lie in a folder tree or in the archives in which the corpus is distributed."""

import hashlib
import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from emofusion.errors import EmofusionError

_TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
ARCHIVES = (".zip", *_TAR)
_DAMAGE = (OSError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError)


class Entry(NamedTuple):
    """A file of a corpus: in a folder tree, or a member of an archive."""

    source: Path  # the root of the tree, or the archive
    path: PurePosixPath  # within the source
    member: str | None = None  # the member's name exactly as the archive writes it
    stamp: str = ""  # the member's size and checksum

    def __str__(self) -> str:
        return f"{self.source.name}:{self.path}" if self.member else str(self.path)

    @property
    def folders(self) -> list[str]:
        """The names of the folders it lies in, the nearest last; an archive counts as a folder."""
        return [*([self.source.name.split(".")[0]] if self.member else []), *self.path.parts[:-1]]


def is_archive(path: Path) -> bool:
    return path.name.lower().endswith(ARCHIVES)


def entries(root: Path, suffixes: Collection[str], besides: Collection[str] = ()) -> Iterator[Entry]:
    """The files under `root` with one of the suffixes (lower case, with the dot), those of the tree first.

    `root` may be a folder, with archives lying in it, or an archive. Hidden files are not seen, nor archives whose
    name is in `besides`. Yields as it finds, so that the first answer is quick. Raises `EmofusionError` for an
    archive that cannot be read.
    """
    root = Path(root)
    if root.is_file():
        yield from _members(root, suffixes)
        return
    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        folders[:] = [] if real in seen else sorted(f for f in folders if not f.startswith((".", "__MACOSX")))
        if real in seen:  # a link back into the tree
            continue
        seen.add(real)
        for name in sorted(files):
            if not name.startswith(".") and PurePosixPath(name).suffix.lower() in suffixes:
                yield Entry(root, PurePosixPath(Path(folder, name).relative_to(root)))
    for archive in sorted(root.iterdir()) if root.is_dir() else []:
        if is_archive(archive) and archive.name not in besides and not archive.name.startswith("."):
            yield from _members(archive, suffixes)


def unpack(wanted: Iterable[Entry], folder: Path) -> dict[Entry, Path]:
    """Where each entry can be opened: in the tree, or in `folder` once extracted from its archive.

    Each archive's wanted members go to a folder of their own, named by a hash of their names, sizes and checksums. It
    gets that name when all of it is written, and then is not written again. Raises `EmofusionError` for an archive
    that is damaged, encrypted, or that would write outside of the folder.
    """
    paths, by_archive = {}, {}
    for entry in wanted:
        if entry.member is None:
            paths[entry] = entry.source / entry.path
        else:
            by_archive.setdefault(entry.source, []).append(entry)
    for archive, members in by_archive.items():
        text = "\n".join(sorted(f"{entry.member} {entry.stamp}" for entry in members))
        target = Path(folder) / f"{archive.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        if not target.is_dir():
            _extract(archive, members, target)
        paths |= {entry: target / entry.path for entry in members}
    return paths


def _members(archive: Path, suffixes: Collection[str]) -> Iterator[Entry]:
    with _readable(archive):
        for name, stamp in _listing(archive):
            path = PurePosixPath(name.replace("\\", "/"))  # as some Windows programs write them
            hidden = path.name.startswith(".") or "__MACOSX" in path.parts
            if path.suffix.lower() in suffixes and not hidden:
                yield Entry(archive, path, name, stamp)


def _listing(archive: Path) -> Iterator[tuple[str, str]]:
    if archive.name.lower().endswith(_TAR):
        with tarfile.open(archive) as tar:
            yield from ((info.name, f"{info.size} {info.mtime}") for info in tar if info.isfile())
    else:
        with zipfile.ZipFile(archive) as zipped:
            yield from ((i.filename, f"{i.file_size} {i.CRC}") for i in zipped.infolist() if not i.is_dir())


def _extract(archive: Path, members: list[Entry], target: Path) -> None:
    if unsafe := [e for e in members if e.path.is_absolute() or ".." in e.path.parts]:
        raise EmofusionError(
            f"the archive {archive} is not unpacked: its member {unsafe[0].member} points outside of it"
        )
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # what a killed run left
    by_name = {entry.member: partial / entry.path for entry in members}
    with _readable(archive):
        for path in by_name.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        if archive.name.lower().endswith(_TAR):
            with tarfile.open(archive) as tar:
                for info in tar:  # in the archive's order: a compressed tar can only be read forwards
                    if info.isfile() and info.name in by_name:
                        with tar.extractfile(info) as source, by_name[info.name].open("wb") as sink:
                            shutil.copyfileobj(source, sink, 1 << 20)
        else:
            with zipfile.ZipFile(archive) as zipped:
                for name, path in by_name.items():
                    with zipped.open(name) as source, path.open("wb") as sink:
                        shutil.copyfileobj(source, sink, 1 << 20)
        partial.rename(target)


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    try:
        yield
    except (NotImplementedError, RuntimeError) as error:  # an unusual compression; a password
        raise EmofusionError(
            f"cannot unpack the archive {archive} ({error}); unpack it with another program, leave its files in "
            f"{archive.parent} and take the archive away"
        ) from error
    except _DAMAGE as error:
        raise EmofusionError(
            f"cannot unpack the archive {archive} ({error}); is it whole, and is the disk not full? Get it again or "
            "take it away"
        ) from error
