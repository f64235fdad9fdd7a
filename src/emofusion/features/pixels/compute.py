"""Pictures as the paper's section 3.2 prepares them: RGB, fitted into a square with black bars, or cut to the face.

Scaling to 0–1 is the network's first step.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from emofusion.counted import count
from emofusion.errors import Lacking
from emofusion.faces.crop import Crop, cropped
from emofusion.features.common.arrays import Array
from emofusion.features.common.pictures import cannot_read, holds_no_picture, read_image, require_pictures
from emofusion.features.pixels import CROP_FACE, WITHOUT_FACE, Pixels
from emofusion.recordings.pictures import NoPicture, as_rgb, decode_frames, upright


def prepare(clips: pd.DataFrame, settings: Pixels) -> Callable[[Any], Array]:
    """The function that turns a clip into uint8 `(rows, 3, size, size)`; see `Pixels.prepare`."""
    settings.check_installed("features")
    require_pictures(clips, "pixels")
    return partial(_of_clip, settings=settings)


def letterbox(image: Image.Image, size: int) -> Array:
    """A picture of any mode and aspect ratio, resized to fit `size` × `size` and centred on black.

    Returns uint8 `(3, size, size)`. Resampling is bilinear with antialiasing; transparent parts become black.
    """
    width, height = image.size
    longest = max(width, height)
    fitted = (max(1, round(width * size / longest)), max(1, round(height * size / longest)))
    resized = as_rgb(image).resize(fitted, Image.Resampling.BILINEAR)
    canvas = Image.new("RGB", (size, size))
    canvas.paste(resized, ((size - fitted[0]) // 2, (size - fitted[1]) // 2))
    return np.asarray(canvas).transpose(2, 0, 1)


def read_frames(path: str | Path, count: int) -> list[Image.Image]:
    """`count` frames of a video: the middle frames of `count` segments of equal length. A short video repeats some.

    The video is decoded in order on one thread, and only the wanted frames are kept. Raises `EmofusionError` that names
    the file if it cannot be read or has no frames.
    """
    try:
        announced = _announced_frames(path)
        frames = _frames_at(path, _middles(announced, count)) if announced else []
        if len(frames) < count:  # the container gives no number of frames, or one that is too high
            total = sum(1 for _ in decode_frames(path))
            frames = _frames_at(path, _middles(total, count)) if total else []
    except (NoPicture, FileNotFoundError) as error:
        raise cannot_read(path, error) from error
    if not frames:
        raise holds_no_picture(path)
    return frames


def of_picture(image: Image.Image, settings: Pixels) -> Array | None:
    """A picture of any mode as a network gets it: uint8 `(3, size, size)`; None where its face counts and it has none.

    image: upright.
    """
    if settings.crop == CROP_FACE:
        face = cropped(as_rgb(image), Crop(settings.face, settings.smallest_face, settings.margin))
        return None if face is None else letterbox(face, settings.size)
    return letterbox(image, settings.size)


def _of_clip(clip: Any, settings: Pixels) -> Array:
    is_still = not pd.isna(clip.image)
    path = clip.image if is_still else clip.video
    images = [read_image(path)] if is_still else read_frames(path, settings.frames)
    rows = [of_picture(image, settings) for image in images]
    seen = [number for number, row in enumerate(rows) if row is not None]
    if not seen:
        where = "the picture" if is_still else f"any of the {len(rows)} frames that are taken"
        raise Lacking(f"{path}: no face is found in {where}.", [clip.clip])
    count(WITHOUT_FACE, len(rows) - len(seen))
    nearest = [min(seen, key=lambda other: abs(other - number)) for number in range(len(rows))]
    return np.stack([row for number in nearest if (row := rows[number]) is not None])


def _middles(total: int, count: int) -> list[int]:
    """The numbers of the frames in the middle of `count` equal segments of a video of `total` frames."""
    return [int((segment + 0.5) * total / count) for segment in range(count)]


def _announced_frames(path: str | Path) -> int:
    """The number of frames according to the container; 0 where it does not state it, or cannot be opened."""
    import av

    try:
        with av.open(str(path)) as container:
            return container.streams.video[0].frames if container.streams.video else 0
    except (av.FFmpegError, OSError):  # `decode_frames` says why
        return 0


def _frames_at(path: str | Path, wanted: list[int]) -> list[Image.Image]:
    """The frames with the `wanted` numbers, which ascend and may repeat; fewer if the video ends before the last."""
    frames: list[Image.Image] = []
    for number, frame in enumerate(decode_frames(path)):
        if number == wanted[len(frames)]:
            image = upright(frame)
            frames += [image] * wanted.count(number)
            if len(frames) == len(wanted):
                break
    return frames
