"""The rows of one clip, with an error that says how to leave the clip out."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from emofusion.errors import EmofusionError, Lacking
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
