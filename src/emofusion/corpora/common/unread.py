"""Recordings in a format that a corpus's reader does not read, so that nobody takes them for missing."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from emofusion.corpora.common.archives import Entry, entries
from emofusion.errors import EmofusionError
from emofusion.recordings.suffixes import PICTURES, SOUND, VIDEO
from emofusion.settings.kinds import Corpus

Parse = Callable[[Entry], tuple[Hashable, dict[str, Any]] | None]  # see `reading.find_recordings`

_SHOWN = 3


def unread_suffixes(suffixes: Collection[str]) -> set[str]:
    """The suffixes of the same media as `suffixes`, without these."""
    families = [family for family in (SOUND, VIDEO, PICTURES) if set(family) & set(suffixes)]
    return {suffix for family in families for suffix in family} - set(suffixes)


def unread_recordings(
    corpus: Corpus, suffixes: Sequence[str], parse: Parse, found: Iterable[dict[str, Any]] = ()
) -> Iterator[tuple[Entry, str]]:
    """Files with the name of a recording, in a format that is not read, where the recording is not there otherwise.

    Args:
        corpus: its folder `root` is searched.
        suffixes: the suffixes that are read, the preferred one first.
        parse: gives a file's key and labels, see `reading.find_recordings`.
        found: the labels of the recordings that were found.

    Yields:
        Each file, and the suffix that it should have.
    """
    others = unread_suffixes(suffixes)
    if not others or not corpus.root:
        return
    known = {frozenset(labels.items()) for labels in found}
    for entry in entries(Path(corpus.root), others):
        for suffix in suffixes:
            labels = _labels(entry._replace(path=entry.path.with_suffix(suffix)), parse)
            if labels is not None:
                if frozenset(labels.items()) not in known:
                    yield entry, suffix
                break


def not_read(name: str, corpus: Corpus, suffixes: Sequence[str], parse: Parse) -> EmofusionError | None:
    """The error that the recordings of a corpus are there, and in a format that is not read; None where there are none.

    name: of the corpus in the experiment. For the other arguments see `unread_recordings`.
    """
    some = list(islice(unread_recordings(corpus, suffixes, parse), _SHOWN))
    if not some:
        return None
    return EmofusionError(
        f"the corpus {name} at {Path(corpus.root).absolute()} is not read: there is {some[0][0]}, and the kind "
        f"{corpus.kind} reads {', '.join(suffixes)}. Convert the files to {some[0][1]}, for example with ffmpeg, and "
        "keep their names"
    )


def _labels(entry: Entry, parse: Parse) -> dict[str, Any] | None:
    try:
        parsed = parse(entry)
    except ValueError:
        return None
    return None if parsed is None else parsed[1]
