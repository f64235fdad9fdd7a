"""The files of a corpus, in a folder tree or in the archives in which the corpus is distributed."""

import hashlib
import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from emofusion.corpora.common.bad_clips import skips
from emofusion.disk import need_space
from emofusion.errors import EmofusionError

_TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
ARCHIVES = (".zip", *_TAR)
_DAMAGE = (OSError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError)
_COPY_SIZE = 1 << 20  # bytes that are copied at a time


class Entry(NamedTuple):
    """A file of a corpus: in a folder tree, or a member of an archive."""

    source: Path  # the root of the tree, or the archive
    path: PurePosixPath  # within the source
    member: str | None = None  # the member's name exactly as the archive writes it
    stamp: str = ""  # the member's size, and its checksum or time

    def __str__(self) -> str:
        return f"{self.source.name}:{self.path}" if self.member else str(self.path)

    @property
    def folders(self) -> list[str]:
        """The names of the folders that contain the file, the innermost last. An archive counts as a folder."""
        return [*([self.source.name.split(".")[0]] if self.member else []), *self.path.parts[:-1]]


def is_archive(path: Path) -> bool:
    """Whether a file has the name of an archive."""
    return path.name.lower().endswith(ARCHIVES)


def entries(root: Path, suffixes: Collection[str], besides: Collection[str] = ()) -> Iterator[Entry]:
    """The files in `root` with one of the suffixes: first files of the folder tree, then members of archives.

    The files are yielded one by one, so that the first is available at once. Hidden files are left out.

    Args:
        root: a folder, which may contain archives; or an archive.
        suffixes: in lower case and with the dot, such as `.wav`.
        besides: names of archives to leave out.

    Raises:
        EmofusionError: an archive cannot be read.
    """
    root = Path(root)
    if root.is_file():
        yield from _members(root, suffixes)
        return
    for file in _tree_files(root, suffixes):
        yield Entry(root, PurePosixPath(file.relative_to(root)))
    for archive in _archives_in(root):
        if archive.name not in besides:
            yield from _members(archive, suffixes)


def source_files(root: str, suffixes: Collection[str]) -> list[Path]:
    """The files that decide what `entries` yields, sorted: those of the tree, and the archives themselves.

    No file is opened. The list is empty where `root` is empty, for example before a corpus is generated.
    """
    if not root:
        return []
    folder = Path(root)
    if folder.is_file():
        return [folder]
    return sorted({*_tree_files(folder, suffixes), *_archives_in(folder)})


def unpack(wanted: Iterable[Entry], folder: Path, damaged: dict[Entry, str] | None = None) -> dict[Entry, Path]:
    """Entry → the path where it can be opened: in the tree, or in `folder`, into which archives are extracted.

    The wanted members of each archive have their own folder, named by a hash of their names, sizes and checksums.
    It gets that name when all of it is written, and is not written again while its files are there.

    Args:
        wanted: the entries.
        folder: where archives are extracted.
        damaged: gets single members of zip archives that are damaged, with what is wrong with them, instead of an
            error. They are not among the paths. None: they are errors.

    Raises:
        EmofusionError: an archive is damaged or encrypted, or would write outside of the folder.
    """
    paths: dict[Entry, Path] = {}
    by_archive: dict[Path, list[Entry]] = {}
    for entry in wanted:
        if entry.member is None:
            paths[entry] = entry.source / entry.path
        else:
            by_archive.setdefault(entry.source, []).append(entry)
    for archive, members in by_archive.items():
        text = "\n".join(sorted(f"{entry.member} {entry.stamp}" for entry in members))
        if _is_tar(archive):  # it has no checksums of its members
            text += f"\n{_digest(archive)}"
        target = Path(folder) / f"{archive.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        if not target.is_dir() or not all(_is_whole(target / entry.path, entry) for entry in members):
            _extract(archive, members, target, damaged)
        paths |= {entry: target / entry.path for entry in members if not damaged or entry not in damaged}
    return paths


def are_copies(several: Sequence[Entry]) -> bool:
    """Whether files have the same content. Members of zip archives are compared by size and checksum, unopened."""
    first, *others = several
    return all(_content(first, other) == _content(other, first) for other in others)


def _content(entry: Entry, other: Entry) -> tuple[int, str]:
    """The size of a file, and its checksum where `other` has the same size.

    Two members of zip archives are compared by the checksums that the archives list.
    """
    listed = [one.stamp for one in (entry, other) if one.member is not None and not _is_tar(one.source)]
    if len(listed) == 2:
        size, checksum = entry.stamp.split()
        return int(size), checksum
    size_of = {one: _size(one) for one in (entry, other)}
    return size_of[entry], _checksum(entry) if size_of[entry] == size_of[other] else ""


def _size(entry: Entry) -> int:
    return int(entry.stamp.split()[0]) if entry.member else (entry.source / entry.path).stat().st_size


def _checksum(entry: Entry) -> str:
    """A hash of a file's content."""
    if entry.member is None:
        with (entry.source / entry.path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    with _clear_about(entry.source):
        if not _is_tar(entry.source):
            with zipfile.ZipFile(entry.source) as zipped, zipped.open(entry.member) as content:
                return hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
        with tarfile.open(entry.source) as tar:
            member = tar.extractfile(entry.member)
            assert member is not None  # only files are listed
            return hashlib.file_digest(member, "sha256").hexdigest()  # type: ignore[arg-type]


def _is_tar(archive: Path) -> bool:
    return archive.name.lower().endswith(_TAR)


def _is_whole(path: Path, entry: Entry) -> bool:
    """Whether a member that was extracted is there with its size, with which the stamp begins."""
    return path.is_file() and path.stat().st_size == int(entry.stamp.split()[0])


def _digest(archive: Path) -> str:
    with _clear_about(archive), archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tree_files(root: Path, suffixes: Collection[str]) -> Iterator[Path]:
    """The files with one of the suffixes in a folder and its subfolders, without hidden files."""
    visited = set()
    for folder, subfolders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in visited:  # reached again by a link
            subfolders.clear()
            continue
        visited.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith((".", "__MACOSX")))
        for name in sorted(files):
            if not name.startswith(".") and PurePosixPath(name).suffix.lower() in suffixes:
                yield Path(folder, name)


def _archives_in(root: Path) -> Iterator[Path]:
    """The archives in a folder, without its subfolders, sorted by name."""
    for path in sorted(root.iterdir()) if root.is_dir() else []:
        if is_archive(path) and not path.name.startswith("."):
            yield path


def _members(archive: Path, suffixes: Collection[str]) -> Iterator[Entry]:
    with _clear_about(archive):
        for name, stamp in _listing(archive, suffixes):
            yield Entry(archive, _path_of(name), name, stamp)


def _path_of(member: str) -> PurePosixPath:
    return PurePosixPath(member.replace("\\", "/"))  # some Windows programs write backslashes


def _is_wanted(member: str, suffixes: Collection[str]) -> bool:
    """Whether a member has one of the suffixes, and is not hidden."""
    path = _path_of(member)
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return path.suffix.lower() in suffixes and not hidden


def _listing(archive: Path, suffixes: Collection[str]) -> Iterator[tuple[str, str]]:
    """Name and stamp of each wanted file in an archive. Of a tar, a link to a file in it is a file with its content."""
    if _is_tar(archive):
        with tarfile.open(archive) as tar:
            for info in tar:
                if _is_wanted(info.name, suffixes) and (size := _size_in(tar, info)) is not None:
                    yield info.name, f"{size} {info.mtime}"
    else:
        with zipfile.ZipFile(archive) as zipped:
            for member in zipped.infolist():
                if not member.is_dir() and _is_wanted(member.filename, suffixes):
                    yield member.filename, f"{member.file_size} {member.CRC}"


def _size_in(tar: tarfile.TarFile, info: tarfile.TarInfo) -> int | None:
    """The size of a file, or of the file that a link leads to; None for what is neither."""
    if info.isfile():
        return info.size
    content = _opened(tar, info)
    if content is None:
        return None
    with content:
        return content.seek(0, os.SEEK_END)


def _opened(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes] | None:
    """The content of a file or of a link to one; None for what is neither.

    Raises `tarfile.TarError` where what a link leads to is not in the archive.
    """
    try:
        return tar.extractfile(info)
    except KeyError as error:
        raise tarfile.TarError(f"{info.name} is a link to {info.linkname}, which is not in the archive") from error


def _extract(archive: Path, members: list[Entry], target: Path, damaged: dict[Entry, str] | None) -> None:
    """Extract members of an archive into the folder `target`. damaged: see `unpack`.

    An interruption never leaves an incomplete folder. What was extracted before it is not extracted again.
    """
    if unsafe := [entry for entry in members if entry.path.is_absolute() or ".." in entry.path.parts]:
        raise EmofusionError(
            f"the archive {archive} is not unpacked: its member {unsafe[0].member} points outside of it"
        )
    partial = target.with_name(f"{target.name}.partial")
    if target.exists() and not partial.exists():
        target.rename(partial)  # some of its files were deleted
    shutil.rmtree(target, ignore_errors=True)
    paths = {entry: partial / entry.path for entry in members if not _is_whole(partial / entry.path, entry)}
    with _clear_about(archive):
        need_space(partial, sum(int(entry.stamp.split()[0]) for entry in paths))
        for path in paths.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        if _is_tar(archive):
            _extract_tar(archive, {str(entry.member): path for entry, path in paths.items()})
        else:
            _extract_zip(archive, paths, damaged)
        partial.rename(target)


def _extract_tar(archive: Path, paths: dict[str, Path]) -> None:
    with tarfile.open(archive) as tar:
        for info in tar:  # in the archive's order: a compressed tar can only be read forwards
            if info.name in paths:
                content = _opened(tar, info)
                assert content is not None  # only files, and links to them, are listed
                _write(content, paths[info.name])


def _extract_zip(archive: Path, paths: dict[Entry, Path], damaged: dict[Entry, str] | None) -> None:
    with zipfile.ZipFile(archive) as zipped:
        for entry, path in paths.items():
            try:
                _write(zipped.open(str(entry.member)), path)
            except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
                if damaged is None:
                    raise
                damaged[entry] = f"is damaged ({error})"
                path.with_name(f"{path.name}.partial").unlink(missing_ok=True)


def _write(content: IO[bytes], path: Path) -> None:
    """Write a member. Under its name there is never a part of it."""
    partial = path.with_name(f"{path.name}.partial")
    with content, partial.open("wb") as copy:
        shutil.copyfileobj(content, copy, _COPY_SIZE)
    partial.replace(path)


@contextmanager
def _clear_about(archive: Path) -> Iterator[None]:
    """Turn errors of the archive libraries into an `EmofusionError` that says what to do."""
    try:
        yield
    except (NotImplementedError, RuntimeError) as error:  # an unusual compression; a password
        raise EmofusionError(
            f"cannot unpack the archive {archive} ({error}); unpack it with another program, leave its files in "
            f"{archive.parent} and take the archive away"
        ) from error
    except _DAMAGE as error:
        note = ". It is not skipped as a bad clip is, because nobody knows which clips it holds" if skips() else ""
        raise EmofusionError(
            f"cannot unpack the archive {archive} ({error}); is it whole, and is the disk not full? Get it again or "
            f"take it away{note}"
        ) from error
