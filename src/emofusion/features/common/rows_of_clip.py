"""The rows of one clip, with errors that say how to leave the clip out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError, Lacking
from emofusion.features.common.arrays import Array
from emofusion.features.common.matching import leave_out_clips


def rows_of(clip: Any, compute: Callable[[Any], Any], clips: pd.DataFrame) -> Any:
    """The rows that `compute` returns for a clip.

    Args:
        clip: a row of `tables.CLIPS`, as a named tuple.
        compute: the function that `Features.prepare` has given.
        clips: the table of the clip.

    Raises:
        Lacking: the clip has no sound, face or words.
        EmofusionError: the clip cannot be read; the message ends with what to type to leave it out.
    """
    try:
        return compute(clip)
    except Lacking as error:
        raise Lacking(str(error), [clip.clip]) from error
    except EmofusionError as error:
        raise EmofusionError(f"{error} To leave the clip out: {leave_out_clips(clips, [clip.clip])}") from error


def check_finite(values: Array, kind: str, clip: Any, clips: pd.DataFrame) -> None:
    """Raise `EmofusionError` that names the clip where values of its rows are not finite numbers.

    Args:
        values: the values as they are stored, of any shape.
        kind: of the features.
        clip: a row of `tables.CLIPS`, as a named tuple.
        clips: the table of the clip.
    """
    if not np.issubdtype(values.dtype, np.inexact) or np.isfinite(values).all():
        return
    number = np.count_nonzero(~np.isfinite(values))
    paths = (getattr(clip, medium, None) for medium in ("audio", "image", "video"))
    files = ", ".join(path for path in paths if isinstance(path, str))
    raise EmofusionError(
        f"features of kind {kind}: {number} of {values.size} values of the clip {clip.clip} are not finite numbers"
        f"{f' ({files})' if files else ''}. Listen to it or look at it: it may be on an unusual scale. To leave the "
        f"clip out: {leave_out_clips(clips, [clip.clip])}"
    )
