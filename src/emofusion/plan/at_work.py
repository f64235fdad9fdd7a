"""The commands that are at work in a folder. What a killed command has left there is tidied up by the next one.

Snakemake locks the files that a command makes, and a command that is killed leaves its locks behind. Nothing in them
says whose they are. Therefore each command has a file of its own in `.snakemake/commands/`, which it keeps locked
(flock) as long as it lives: the system ends that lock with the process, however it ends. A file that nobody has locked
any more belongs to a command that is gone.
"""

import atexit
import fcntl
import json
import os
import shutil
import socket
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from emofusion.errors import EmofusionError, tell
from emofusion.plan.stage import KINDS

COMMANDS = Path(".snakemake", "commands")
LOCKS = Path(".snakemake", "locks")
SCRIPTS = Path(".snakemake", "scripts")
_UNLOCK = "type: snakemake --cores 1 --unlock"

_own: dict[Path, int] = {}  # the file of this process's own command, and its number while it is open


def begin(results: Path, temporary: Iterable[str] = (), unlocks: bool = False) -> list[str]:
    """Announce this command in the present folder, and tidy up after commands that were killed there.

    Locks are lifted only where every command that may have left them is known to be gone: each was started on this
    machine, and none is at work now.

    Args:
        results: the folder of results.
        temporary: folders of temporary files that belong to this command.
        unlocks: whether this is `snakemake --unlock`, by which the user says that earlier commands are gone, those on
            other machines too.

    Returns:
        Lines for the user: about locks that were lifted, or why they were not.
    """
    try:
        COMMANDS.mkdir(parents=True, exist_ok=True)
        _announce([*map(str, temporary)])
    except OSError:  # a folder that cannot be written, or a file system without locks: nothing is known of others
        return []
    # listed before the commands, so that a command which begins now keeps what it makes
    locks, scripts = [*LOCKS.glob("*.lock")], [*SCRIPTS.glob("tmp*")]
    at_work, gone = _others()
    if at_work:
        return [f"note: {_named(at_work)} at work in this folder too"] if locks else []
    foreign = _foreign(gone)
    if foreign and not unlocks:
        about = f"note: this folder has locks, and {_named(foreign)} not seen from here"
        return [f"{about}. Look there whether it still runs; if it does not, {_UNLOCK}"] if locks else []
    if not gone:
        about = "note: this folder has locks, and the command that made them has left no word of itself"
        return [f"{about}. If no other is at work here, {_UNLOCK}"] if locks and not unlocks else []
    temporary_of_gone = [Path(folder) for about in gone.values() for folder in about.get("temporary", [])]
    partials = _partials(results)
    if _others()[0]:  # one that has begun in the meantime
        return []
    for folder in temporary_of_gone:
        if folder.name.startswith("snakemake"):
            shutil.rmtree(folder, ignore_errors=True)
    for path in [*partials, *scripts, *locks, *gone]:
        path.unlink(missing_ok=True)
    if not locks:
        return []
    return ["note: an earlier command was killed here. Its locks are lifted, and what it had finished is used"]


def check_alone() -> None:
    """Raise `EmofusionError` if another command is at work in the present folder, or may be on another machine.

    Results that no experiment of this command needs may be those that the other one is making.
    """
    at_work, gone = _others()
    if others := [*at_work, *_foreign(gone)]:
        raise EmofusionError(
            f"prune: {_named(others)} at work in this folder too, or may be, and what would be deleted "
            "may be theirs. Run prune again when they have ended. If one ended on another machine without a word, "
            f"{_UNLOCK}"
        )


def end() -> None:
    """Delete the announcement of this command."""
    for path, opened in _own.items():
        path.unlink(missing_ok=True)
        os.close(opened)
    _own.clear()


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Wait until no other process works on a folder, and keep others from it.

    A job may go on when the command that started it was killed. The next command must not write into the same folder.
    Where the file system has no locks for folders, this does nothing.

    Args:
        folder: an existing folder.
        name: the work in words, for the line that says why this process waits.
    """
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                tell(f"{name}: a job of an earlier command is still at work on it; this one waits until it has ended")
                fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _announce(temporary: list[str]) -> None:
    """Make this command's file. It has its name only when it is locked."""
    about = {"host": socket.gethostname(), "process": os.getpid(), "temporary": temporary}
    path = (COMMANDS / uuid.uuid4().hex).absolute()
    hidden = path.with_name(f".{path.name}")
    opened = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(opened, json.dumps(about).encode())
        hidden.replace(path)
    except OSError:
        os.close(opened)
        hidden.unlink(missing_ok=True)
        raise
    if not _own:
        atexit.register(end)
    _own[path] = opened


def _others() -> tuple[list[dict[str, Any]], dict[Path, dict[str, Any]]]:
    """What other commands say about themselves: those that are at work, and the files of those that are gone."""
    at_work, gone = [], {}
    for path in sorted(COMMANDS.glob("*")):
        if path.absolute() in _own:
            continue
        if _is_locked(path):
            at_work.append(_read(path))
        else:
            gone[path] = _read(path)
    return at_work, gone


def _foreign(gone: dict[Path, dict[str, Any]]) -> list[dict[str, Any]]:
    """Those commands, of the ones that seem to be gone, that were started on another machine and may live there."""
    return [about for about in gone.values() if about.get("host") != socket.gethostname()]


def _read(path: Path) -> dict[str, Any]:
    """What a command has said about itself; nothing where its file is damaged."""
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        return about if isinstance(about, dict) else {}
    except (OSError, ValueError):
        return {}


def _is_locked(path: Path) -> bool:
    """Whether a living process has the file locked."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _named(commands: list[dict[str, Any]]) -> str:
    named = [f"process {about.get('process', '?')} on {about.get('host', 'an unknown machine')}" for about in commands]
    return f"{', '.join(named)} {'is' if len(named) == 1 else 'are'}" if named else ""


def _partials(results: Path) -> list[Path]:
    """Half-written files that nobody will complete. Those of stages are for their jobs, which may go on with them."""
    folders = [folder for folder in results.glob("*") if folder.is_dir() and folder.name not in KINDS]
    inside = [partial for folder in folders for partial in folder.rglob("*.partial*") if partial.is_file()]
    return [*inside, *(partial for partial in results.glob("*.partial*") if partial.is_file())]
