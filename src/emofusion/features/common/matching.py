"""Match files, or rows of a table, to clips: exactly, or not at all."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from emofusion.errors import EmofusionError, Lacking
from emofusion.settings.exclude import leave_out_of

_SHOWN = 5


def leave_out_clips(clips: pd.DataFrame, names: Iterable[str]) -> str:
    """The override that leaves clips out of their corpus, to be pasted; see `exclude.leave_out_of`.

    clips: `tables.CLIPS` of one corpus. names: of clips.
    """
    corpus = str(clips["corpus"].iloc[0]) if "corpus" in clips and len(clips) else "<name>"
    return leave_out_of(clips, corpus, names)


def matched(
    names: Mapping[Any, str],
    clips: pd.DataFrame,
    where: object,
    what: str,
    are_copies: Callable[[Sequence[Any]], bool] = lambda keys: False,
) -> dict[str, Any]:
    """The key of each clip's file or row.

    A name belongs to a clip if it is the clip's name. A name may be a path without suffix: then its end must be the
    clip's name, so that `dev/x` belongs to the clip `x`, and to the clip `dev/x`. Where a clip has none, the further
    names count that its corpus gives it in the column `also_named`, in their order. (For RAVDESS these are the names
    of the videos of the same performance.)

    Args:
        names: key → name or path of each file or row.
        clips: `tables.CLIPS`; only the columns `clip` and, if there is one, `also_named` are used.
        where: the table, folder or archive, for messages.
        what: what it has of the clips, such as `action units`, for messages.
        are_copies: whether keys of one name stand for the same content; the first of them then counts.

    Raises:
        Lacking: clips have no match.
        EmofusionError: a clip has several matches, or two clips have the same one.
    """
    by_last_part: dict[str, list[Any]] = {}
    for key, name in names.items():
        by_last_part.setdefault(PurePosixPath(name).name, []).append(key)

    chosen: dict[str, Any] = {}
    missing: list[str] = []
    for clip, also_named in zip(clips["clip"], further_names(clips), strict=True):
        for name in (clip, *also_named):
            parts = PurePosixPath(name).parts
            candidates = by_last_part.get(parts[-1], []) if parts else []
            found = [key for key in candidates if PurePosixPath(names[key]).parts[-len(parts) :] == parts]
            if len(found) > 1 and not are_copies(found):
                raise EmofusionError(
                    f"{where} has several {what} of the clip {clip}: {', '.join(map(str, found[:_SHOWN]))}. Keep one "
                    f"of them there, name the clip by folder too, as in {_by_folder(names, found)}, or leave it out "
                    f"with {leave_out_clips(clips, [clip])}."
                )
            if found:
                chosen[clip] = found[0]
                break
        else:
            missing.append(clip)
    if missing:
        raise Lacking(
            f"{where} has no {what} of {len(missing)} of {len(clips)} clips, for example "
            f"{', '.join(missing[:_SHOWN])}; it has {_first(names.values())}. Names must be the same, letter by "
            f"letter. Add them, or leave the clips out with {leave_out_clips(clips, missing)}.",
            missing,
        )
    _check_distinct(chosen, where, what)
    return chosen


def further_names(clips: pd.DataFrame) -> list[list[str]]:
    """The further names of each clip, from the column `also_named`, where they are separated by `|`."""
    if "also_named" not in clips:
        return [[]] * len(clips)
    return [text.split("|") if isinstance(text, str) and text else [] for text in clips["also_named"]]


def _check_distinct(chosen: Mapping[str, Any], where: object, what: str) -> None:
    clip_of: dict[Any, str] = {}
    for clip, key in chosen.items():
        if clip_of.setdefault(key, clip) != clip:
            raise EmofusionError(
                f"{where}: the {what} {key} belong to the clip {clip_of[key]} as well as to the clip {clip}. Name the "
                "clips so that only one of them has its name."
            )


def _by_folder(names: Mapping[Any, str], found: Sequence[Any]) -> str:
    """The end of a path that tells the first of several files of one name apart."""
    return "/".join(PurePosixPath(names[found[0]]).parts[-2:])


def _first(names: Iterable[str]) -> str:
    some = sorted({PurePosixPath(name).name for name in names})
    return f"{', '.join(some[:3])}{', …' if len(some) > 3 else ''}" if some else "nothing"
