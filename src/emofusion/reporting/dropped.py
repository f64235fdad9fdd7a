"""Sentences about what was left out while files were read: excluded clips, frames without a face, copies."""

from collections.abc import Iterable
from pathlib import Path

from emofusion.counted import LOW_RATE, Note, read_notes

EXCLUDE, LABELS = ".exclude", ".labels"  # with what the names of settings end


def dropped(folders: Iterable[Path]) -> list[str]:
    """A sentence for each count in the notes of stages, and for each pattern of `exclude` that matches nothing.

    A corpus is read once for each medium. A pattern matches nothing if it does so for all of them.

    folders: of the stages that read corpora and compute features.
    """
    notes = [note for folder in folders for note in read_notes(folder)]
    matches: dict[tuple[str, str], int] = {}
    for note in notes:
        if note.about.endswith(EXCLUDE):
            key = (note.about, note.what)
            matches[key] = max(matches.get(key, 0), note.number)
    sentences = [
        f"Left out by {setting}: '{pattern}' matches {number} {'file or clip' if number == 1 else 'files or clips'}."
        if number
        else f"The pattern '{pattern}' in {setting} matches nothing: nothing was left out by it."
        for (setting, pattern), number in matches.items()
    ]
    counted = dict.fromkeys(_sentence(note) for note in notes if not note.about.endswith(EXCLUDE))
    return [*sentences, *counted]


def _sentence(note: Note) -> str:
    if note.about.endswith(LABELS):
        return f"Without effect ({note.about}): {note.what}."
    if note.what.startswith(LOW_RATE):
        clips = f"{note.clips} {'clip was' if note.clips == 1 else 'clips were'}"
        return f"{clips} {note.what} ({note.about}): higher tones are missing there, which models can learn."
    of_parts = note.clips and not note.what.startswith("clips")
    where = f", in {note.clips} {'clip' if note.clips == 1 else 'clips'}" if of_parts else ""
    return f"Not used ({note.about}): {note.what}: {note.number or 'none'}{where}."
