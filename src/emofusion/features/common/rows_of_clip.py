"""The rows of one clip, checked; or why it has none."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from emofusion.counted import counting
from emofusion.errors import BadClips, EmofusionError, Lacking
from emofusion.features.common.matching import leave_out_clips
from emofusion.settings.kinds.corpora import SKIP

# What is counted of clips without features.
LACKING = "clips that have nothing to compute it from, so that the modality is missing there"
SKIPPED = "clips whose features fail: they are skipped"
_MEDIA = ("audio", "image", "video")


class Outcome(NamedTuple):
    """What is noted of a clip.

    counts: what was counted as left out. reason: why the clip is skipped; empty where it is not.
    """

    counts: dict[str, int]
    reason: str = ""

    @property
    def has_rows(self) -> bool:
        return not (self.counts.get(LACKING) or self.reason)


@dataclass(frozen=True)
class RowsOfClip:
    """Computes the rows of clips, and checks them.

    compute: the function that `Features.prepare` has given. kind: of the features. dtype: of the rows as they are
    stored. row_shape: of one row. on_bad_clip: the setting of the corpus.
    """

    compute: Callable[[Any], Any]
    kind: str
    dtype: np.dtype[Any]
    row_shape: tuple[int, ...]
    on_bad_clip: str

    def __call__(self, clip: Any, count: int, clips: pd.DataFrame) -> tuple[Any, Outcome]:
        """The rows of a clip, `(count, *row_shape)`, sparse where the features are; and what is noted of it.

        There are no rows (None) where the clip has no sound, face or words, and where its features fail and the corpus
        skips bad clips.

        Args:
            clip: a row of `tables.CLIPS`, as a named tuple.
            count: how many rows the features declare for it.
            clips: the table of the clip.

        Raises:
            EmofusionError: the rows have another shape than declared; or the features of the clip fail and the corpus
                stops at bad clips. The message then says how to leave the clip out.
        """
        with counting() as counts:
            try:
                rows = self._rows(clip, count)
            except Lacking:
                counts[LACKING] += 1
                return None, Outcome(counts)
            except _Failed as error:
                if self.on_bad_clip == SKIP:
                    counts[SKIPPED] += 1
                    return None, Outcome(counts, self._reason(error, clip))
                raise EmofusionError(
                    f"{error} To leave the clip out: {leave_out_clips(clips, [clip.clip])}. To skip every clip that "
                    f"fails, while the others keep their folds: {_setting(clips)}={SKIP}"
                ) from error
        return rows, Outcome(counts)

    def _rows(self, clip: Any, count: int) -> Any:
        try:
            rows = self.compute(clip)
        except Lacking:
            raise
        except EmofusionError as error:
            raise _Failed(str(error)) from error
        except Exception as error:
            error.add_note(f"This happened in features of kind {self.kind} of the clip {clip.clip}.")
            raise
        declared = (count, *self.row_shape)
        if rows.shape != declared:
            raise EmofusionError(
                f"features of kind {self.kind}: {clip.clip} has rows of shape {rows.shape}, but rows_of and row_shape "
                f"declare {declared}: make them agree."
            )
        with np.errstate(over="ignore"):  # of another type; the check follows
            rows = rows.astype(self.dtype, copy=False)
        values = rows if isinstance(rows, np.ndarray) else rows.data
        if np.issubdtype(values.dtype, np.inexact) and not np.isfinite(values).all():
            number = np.count_nonzero(~np.isfinite(values))
            files = ", ".join(_files(clip))
            raise _Failed(
                f"features of kind {self.kind}: {number} of {values.size} values of the clip {clip.clip} are not "
                f"finite numbers{f' ({files})' if files else ''}. Listen to it or look at it: it may be on an unusual "
                "scale."
            )
        return rows

    def _reason(self, error: EmofusionError, clip: Any) -> str:
        """The error's message, with names of files instead of their paths, which differ between machines."""
        text = str(error)
        for path in _files(clip):
            text = text.replace(path, Path(path).name)
        begin = f"features of kind {self.kind}: "
        return text if text.startswith(begin) else begin + text


class _Failed(EmofusionError):
    """The features of a clip cannot be computed."""


def check_some_are_left(outcomes: list[Outcome], clips: pd.DataFrame, number: int, kind: str) -> None:
    """Raise an error where no clip has rows.

    Args:
        outcomes: what was noted of each clip.
        clips: the table of these clips.
        number: of all clips, with those that have nothing to compute features from.
        kind: of the features.

    Raises:
        BadClips: all clips that have something to compute features from are skipped.
        Lacking: no clip has anything to compute the features from.
    """
    if any(outcome.has_rows for outcome in outcomes):
        return
    reasons = {clip: outcome.reason for clip, outcome in zip(clips["clip"], outcomes, strict=True) if outcome.reason}
    if reasons:
        raise BadClips(
            f"no clip has features of kind {kind}: {_setting(clips)}={SKIP} skips all of them, the first because: "
            f"{next(iter(reasons.values()))}",
            reasons,
        )
    raise Lacking(f"none of the {number} clips has anything to compute {kind} features from.")


def _files(clip: Any) -> list[str]:
    paths = (getattr(clip, medium, None) for medium in _MEDIA)
    return [path for path in paths if isinstance(path, str)]


def _setting(clips: pd.DataFrame) -> str:
    return f"corpora.{clips['corpus'].iloc[0] if 'corpus' in clips else '<name>'}.on_bad_clip"
