"""Recordings in a format that a corpus's reader does not read, so that nobody takes them for missing."""

from collections.abc import Callable, Collection, Container, Hashable, Iterator
from pathlib import Path
from typing import Any

from emofusion.corpora.common.archives import Entry, entries
from emofusion.settings.kinds import Corpus

_SOUND = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".wma", ".amr", ".aif", ".aiff", ".sph")
_VIDEO = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".flv", ".m4v", ".wmv", ".mpg", ".mpeg", ".3gp")
_PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".heic", ".ppm", ".pgm")


def unread_suffixes(suffixes: Collection[str]) -> set[str]:
    """The suffixes of the same media as `suffixes`, without these."""
    families = [family for family in (_SOUND, _VIDEO, _PICTURES) if set(family) & set(suffixes)]
    return {suffix for family in families for suffix in family} - set(suffixes)


def unread_recordings(
    corpus: Corpus,
    suffixes: Collection[str],
    parse: Callable[[Entry], tuple[Hashable, dict[str, Any]] | None],
    found: Container[Hashable],
) -> Iterator[tuple[Entry, str]]:
    """Files with the name of a recording, in a format that is not read, that stand for no recording that was found.

    Args:
        corpus: its folder `root` is searched.
        suffixes: the suffixes that are read.
        parse: see `reading.find_recordings`.
        found: the keys of the recordings that were found.

    Yields:
        Each file, and the suffix that it should have.
    """
    others = unread_suffixes(suffixes)
    if not others or not corpus.root:
        return
    for entry in entries(Path(corpus.root), others):
        for suffix in suffixes:
            key = _key(entry._replace(path=entry.path.with_suffix(suffix)), parse)
            if key is not None:
                if key not in found:
                    yield entry, suffix
                break


def _key(entry: Entry, parse: Callable[[Entry], tuple[Hashable, dict[str, Any]] | None]) -> Hashable | None:
    try:
        parsed = parse(entry)
    except ValueError:
        return None
    return None if parsed is None else parsed[0]
