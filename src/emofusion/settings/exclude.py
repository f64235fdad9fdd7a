"""Patterns that leave clips out: what they match, and how a message writes them so that they can be pasted."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

_MOST = 50  # patterns that a message writes out

# A letter that stands for itself in a pattern, in Hydra's grammar, in YAML, and in a shell between double quotes.
_PLAIN = re.compile(r"[\w.,;@+=%&^()<>|{}/ -]")
_ESCAPED = re.compile(r"\[.\]")  # a wildcard that stands for itself


def matches_path(pattern: str, path: PurePosixPath) -> bool:
    """Whether a pattern matches the end of a path: its last parts, or all of it where the pattern begins with `/`."""
    return bool(pattern.strip("/. ")) and path.match(pattern)


def matches_clip(pattern: str, clip: str) -> bool:
    """Whether a pattern matches the name of a clip.

    `DC_a01`, `DC_a01.wav` and `DC_a01.*` match the clip DC_a01. Patterns with `*` may match several clips, if they have
    no suffix or the suffix `.*`: `DC_*` and `*-12.*`, but not `*.mp4`, which is about files.
    """
    name = PurePosixPath(clip)
    if matches_path(pattern, name):
        return True
    stem, dot, suffix = pattern.rpartition(".")
    return bool(dot) and (suffix == "*" or not _is_wild(pattern)) and matches_path(stem, name)


def _is_wild(pattern: str) -> bool:
    """Whether a pattern is about several names. A `?` alone does not count: it may stand for an unusual letter."""
    return bool(set(_ESCAPED.sub("", pattern)) & set("*["))


def pattern_of(name: str) -> str:
    """A pattern that matches a path or the name of a clip, and that can be pasted into an override or a YAML file.

    Wildcards in the name are put in brackets. Letters with a meaning to a shell, to YAML or in Hydra's grammar, such as
    quotes, are written `?`, which matches any letter.
    """
    return "".join(_written(letter) for letter in name)


def _written(letter: str) -> str:
    if letter in "*?[]":
        return f"[{letter}]"
    return letter if _PLAIN.fullmatch(letter) else "?"


def leave_out_of(clips: Any, corpus: str, names: Iterable[str]) -> str:
    """As `leave_out`, with the patterns that the corpus has already.

    clips: a table of clips. A job puts the patterns into its `attrs["exclude"]`: name of a corpus → patterns.
    """
    return leave_out(corpus, names, clips.attrs.get("exclude", {}).get(corpus, ()))


def leave_out(corpus: str, names: Iterable[str], present: Sequence[str] = ()) -> str:
    """The override that leaves clips or files out, as in `corpora.savee.exclude=['DC_a01.wav']`.

    Args:
        corpus: the name of the corpus in the experiment.
        names: names of clips, or paths of files. At most fifty are written.
        present: the patterns that the setting has already. An override replaces them, so they are written too.
    """
    patterns = dict.fromkeys([*present, *(pattern_of(name) for name in list(dict.fromkeys(names))[:_MOST])])
    quoted = ",".join("'" + pattern.replace("'", "?") + "'" for pattern in patterns)
    return f"corpora.{corpus}.exclude=[{quoted}]"
