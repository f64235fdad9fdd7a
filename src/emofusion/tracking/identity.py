"""The identity of a folder of results: in a store that several folders share, it tells their runs of one key apart.

It is kept in `results/tracking/id`, with the place for which it was drawn. A copy carries this file along, and runs of
a copy must never replace those of the original. So an identity holds only for the very folder that it was drawn for.
The folder's number on its file system (inode) tells that: a renamed folder keeps the number, under whatever path a
machine has it. A copy has another number, and draws an identity of its own. To move a folder to another file system is
to copy it.

Only the sender asks for the identity, so all jobs of a run have the same one, on whichever machines they are.
"""

import json
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from emofusion.tracking.journal import SENT, Journal
from emofusion.whole_files import write_whole

FILE = "id"
LOCK_SECONDS = 60.0


@dataclass(frozen=True)
class Identity:
    """The identity of a folder of results.

    id: the value of the tag `emofusion.results`. path, inode: where its folder `tracking` is, and its number there; ""
    and 0 where an earlier version has drawn the identity. earlier: identities that the folder had before, or that the
    folder had which it is a copy of. Runs in the folder's own database may still have them.
    """

    id: str
    path: str = ""
    inode: int = 0
    earlier: list[str] = field(default_factory=list)


def identity_of(folder: Path) -> tuple[Identity, bool]:
    """The identity of a folder of results, and whether it has just replaced another.

    Where it has, what earlier commands left unsent is sent from the beginning: its runs in the store are those of the
    folder that this one is a copy of.

    folder: the folder `tracking` in the results.

    Raises `OSError` where the identity can be neither read nor kept.
    """
    from filelock import FileLock

    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{FILE}.lock", timeout=LOCK_SECONDS):
        known = _read(folder)
        path, inode = str(folder.resolve()), folder.stat().st_ino
        if known is not None and known.inode == inode and not _lives_elsewhere(known, folder):
            if known.path != path:
                known = replace(known, path=path)
                write_whole(folder / FILE, json.dumps(asdict(known)))
            return known, False
        if known is not None:  # before the identity is written: if this is interrupted, it is repeated
            for note in (folder / "journal").glob(f"*{SENT}"):
                if not Journal(note.with_name(note.name.removesuffix(SENT))).sent().ended:
                    note.unlink(missing_ok=True)
        earlier = [*known.earlier, known.id] if known is not None else []
        drawn = Identity(uuid.uuid4().hex, path, inode, earlier)
        write_whole(folder / FILE, json.dumps(asdict(drawn)))
        return drawn, known is not None


def _read(folder: Path) -> Identity | None:
    """What the file says; None where there is none. Earlier versions wrote the identity alone."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    try:
        return Identity(**json.loads(text))
    except (ValueError, TypeError):
        return Identity(text)


def _lives_elsewhere(known: Identity, folder: Path) -> bool:
    """Whether the folder that an identity was drawn for is another one: a snapshot has the numbers of its original."""
    old = Path(known.path)
    with suppress(OSError):
        before = _read(old)
        is_original = before is not None and before.id == known.id and old.stat().st_ino == known.inode
        return is_original and not old.samefile(folder)
    return False
