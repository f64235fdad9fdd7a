"""What features of pictures have in common: they need a picture or a video, and name the file that cannot be read."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from PIL import Image

from emofusion.errors import EmofusionError, Lacking
from emofusion.features.common.matching import leave_out_clips
from emofusion.recordings.pictures import NoPicture, decode_frames, decode_image, upright


def require_pictures(clips: pd.DataFrame, what: str) -> None:
    """Raise `Lacking` where clips have neither picture nor video. what: the model is on, such as `pixels`."""
    without = clips.loc[clips["image"].isna() & clips["video"].isna(), "clip"]
    if len(without):
        raise Lacking(
            f"{len(without)} clips have neither picture nor video, for example {', '.join(without[:5])}: a model on "
            f"{what} needs one of every clip. To leave them out: {leave_out_clips(clips, without)}",
            without,
        )


def read_image(path: str | Path) -> Image.Image:
    """A picture, turned upright as its EXIF orientation says.

    Raises `EmofusionError` that names the file if it cannot be read.
    """
    try:
        return decode_image(path)
    except (NoPicture, FileNotFoundError) as error:
        raise cannot_read(path, error) from error


def all_frames(path: str | Path) -> Iterator[tuple[Image.Image, float | None]]:
    """The frames of a video in order, upright, in RGB, and the second at which each is shown, where the file says so.

    Raises `EmofusionError` that names the file if it cannot be read.
    """
    try:
        for frame in decode_frames(path):
            yield upright(frame), frame.time
    except (NoPicture, FileNotFoundError) as error:
        raise cannot_read(path, error) from error


def cannot_read(path: str | Path, error: Exception) -> EmofusionError:
    """The error that names a file which cannot be read, and says what to do."""
    reason = "is not there" if isinstance(error, FileNotFoundError) else str(error)
    return EmofusionError(f"{path} {reason}. Replace it, or leave the clip out.")


def holds_no_picture(path: str | Path) -> EmofusionError:
    """The error that names a video without frames, and says what to do."""
    return EmofusionError(
        f"{path} holds no picture: no video frame could be decoded. Replace it, or leave the clip out."
    )
