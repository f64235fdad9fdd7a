"""Find out what files hold: sound, a picture, or a video; and turn them into a table of clips without labels."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import joblib
import pandas as pd

from emofusion.emotions import UNKNOWN
from emofusion.errors import EmofusionError
from emofusion.features.common.sound.lengths import stated_seconds
from emofusion.recordings import pictures, sound
from emofusion.recordings.suffixes import PICTURES, SOUND, VIDEO
from emofusion.tables import CLIPS, check

NEW = "new recordings"  # the corpus and the speaker of clips that belong to none
# Suffixes of files that are looked at in a folder; files that are named one by one may have any.
SUFFIXES = frozenset({*PICTURES, *SOUND, *VIDEO})
_TOO_LONG = "lasts {seconds:.0f} s, and one clip is at most {longest:.0f} minutes long: cut it into clips"
LONGEST = 600.0  # seconds of a recording that is scored as one clip


@dataclass(frozen=True)
class Recording:
    """A file to score.

    name: a path, or the name that a client gave; several recordings may have one name. path: the file. media: what it
    holds, of `audio`, `image` and `video`. fault: why it cannot be used, as the end of a sentence that begins with its
    name; empty where it can. faults: the same for one medium of a file whose other medium can be used.
    """

    name: str
    path: Path
    media: tuple[str, ...] = ()
    fault: str = ""
    faults: dict[str, str] = field(default_factory=dict)


def find(paths: Iterable[Path]) -> list[Path]:
    """The files that are named, and those in folders that are named, with their subfolders, in alphabetical order.

    Raises `EmofusionError` for a path that is not there, and for a folder without a recording.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in SUFFIXES and file.is_file()]
            if not inside:
                raise EmofusionError(
                    f"{path} has no recording: no file in it ends in {', '.join(sorted(SUFFIXES))}. Name a folder with "
                    "recordings, or the files themselves."
                )
            found |= dict.fromkeys(inside)
        elif path.exists():
            found[path] = None
        else:
            raise EmofusionError(f"{path} is not there. Name a file or a folder.")
    return list(found)


def look_at(path: Path, name: str = "") -> Recording:
    """What a file holds. A file with a fault is a `Recording` that says so; nothing is raised.

    name: of the recording; the path where it has no other.
    """
    shown = str(path).encode(errors="replace").decode()
    if shown != str(path):
        return Recording(
            name or shown, path, fault="has a name that is not UTF-8, which libraries cannot open: rename it"
        )
    name = name or shown
    try:
        if path.is_dir():
            return Recording(name, path, fault="is a folder, and no recording")
        if not path.stat().st_size:
            return Recording(name, path, fault="is empty")
        if path.suffix.lower() in PICTURES:
            fault = pictures.fault_of_image(path)
            return Recording(name, path, () if fault else ("image",), fault or "")
        seconds = stated_seconds(path)
        if seconds > LONGEST:
            return Recording(name, path, fault=_TOO_LONG.format(seconds=seconds, longest=LONGEST / 60))
        return _with_tracks(path, name)
    except OSError as error:
        return Recording(name, path, fault=f"cannot be opened ({error.strerror or type(error).__name__})")


def look_at_all(paths: Sequence[Path], workers: int, progress: Callable[[], None] = lambda: None) -> list[Recording]:
    """What files hold, in their order.

    workers: how many processes look. progress: is called after each file.
    """
    found = []
    looks = joblib.Parallel(n_jobs=min(workers, len(paths)) or 1, return_as="generator")
    for recording in looks(joblib.delayed(look_at)(path) for path in paths):
        found.append(recording)
        progress()
    return found


def clip_table(recordings: Sequence[Recording], emotion: str) -> pd.DataFrame:
    """`tables.CLIPS` of recordings without a fault; the column `clip` has their names.

    emotion: any class. A clip needs one, and scoring reads it nowhere.
    """
    rows = [
        {
            "clip": recording.name,
            "corpus": NEW,
            "actor": NEW,
            "gender": UNKNOWN,
            "emotion": emotion,
            "intensity": None,
            "statement": None,
            **{
                medium: str(recording.path) if medium in recording.media else None
                for medium in ("audio", "image", "video")
            },
        }
        for recording in recordings
        if recording.media
    ]
    return check(pd.DataFrame(rows), CLIPS, "the table of recordings")


def _with_tracks(path: Path, name: str) -> Recording:
    """A recording or a video: the tracks that it has. A fault of one track leaves the other."""
    faults = {}
    heard = sound.fault(path)
    if heard is None:
        media: tuple[str, ...] = ("audio",)
    else:
        media, faults = (), {"audio": heard}
    if _has_moving_pictures(path):
        seen = pictures.fault_of_video(path)
        if seen is None:
            media = (*media, "video")
        else:
            faults["video"] = seen
    if media:
        return Recording(name, path, media, "", faults)
    return Recording(name, path, fault="; ".join(dict.fromkeys(faults.values())))


def _has_moving_pictures(path: Path) -> bool:
    """Whether a file has a track of pictures that is not the cover of a piece of music."""
    import av  # takes a while, and sound files do not need it

    try:
        with av.open(str(path)) as container:
            return any(
                not stream.disposition & av.stream.Disposition.attached_pic for stream in container.streams.video
            )
    except (av.FFmpegError, OSError):
        return False
