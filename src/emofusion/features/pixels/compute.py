"""Faces as the paper's section 3.2 prepares them: RGB, letterbox; scaling to 0–1 is the network's first step."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

from emofusion.errors import EmofusionError

SOURCE = "the picture of each clip (column `image`), or frames of its video (column `video`)"
DTYPE = np.uint8


def row_shape(settings: dict) -> tuple[int, int, int]:
    """`(3, size, size)`: red, green and blue."""
    return 3, settings["size"], settings["size"]


def rows_of(clip: Any, settings: dict) -> int:
    """One row of a still picture, `settings["frames"]` of a video."""
    return settings["frames"] if pd.isna(clip.image) else 1


def prepare(clips: pd.DataFrame, settings: dict) -> Callable[[Any], np.ndarray]:
    """The function that turns a clip into uint8 `(rows, 3, size, size)`; `EmofusionError` for clips with no picture."""
    blind = clips.loc[clips["image"].isna() & clips["video"].isna(), "clip"]
    if len(blind):
        raise EmofusionError(
            f"{len(blind)} clips have neither picture nor video, for example {', '.join(blind[:5])}: "
            "a face model on pixels needs one of every clip."
        )
    return partial(_of_clip, settings=settings)


def letterbox(image: Image.Image, size: int) -> np.ndarray:
    """A picture of any mode and aspect ratio, resized to fit `size` × `size` and centred on black.

    Returns uint8 `(3, size, size)`. Resampling is bilinear with antialiasing; transparent parts become black.
    """
    width, height = image.size
    longest = max(width, height)
    fitted = (max(1, round(width * size / longest)), max(1, round(height * size / longest)))
    resized = _as_rgb(image).resize(fitted, Image.Resampling.BILINEAR)
    canvas = Image.new("RGB", (size, size))
    canvas.paste(resized, ((size - fitted[0]) // 2, (size - fitted[1]) // 2))
    return np.asarray(canvas).transpose(2, 0, 1)


def read_image(path: str | Path) -> Image.Image:
    """A picture turned upright as its EXIF orientation says; `EmofusionError` that names the file if unreadable."""
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EmofusionError(f"cannot read the picture {path}: {error}. Replace it or leave the clip out.") from error


def read_frames(path: str | Path, count: int) -> list[Image.Image]:
    """`count` frames of a video, each from the middle of one of `count` equal segments; a short video repeats some.

    Decodes in order on one thread, keeping only the wanted frames. Raises `EmofusionError` that names the file if it is
    unreadable or without frames.
    """
    import av

    try:
        announced = _announced_frames(path)
        frames = _frames_at(path, _middles(announced, count)) if announced else []
        if len(frames) < count:  # the container does not say how many there are, or not truly
            total = sum(1 for _ in _decoded(path))
            frames = _frames_at(path, _middles(total, count)) if total else []
    except (av.FFmpegError, OSError, ValueError) as error:
        raise EmofusionError(f"cannot read the video {path}: {error}. Replace it or leave the clip out.") from error
    if not frames:
        raise EmofusionError(f"{path} holds no picture: no video frame could be decoded. Replace it or leave it out.")
    return frames


def _of_clip(clip: Any, settings: dict) -> np.ndarray:
    still = not pd.isna(clip.image)
    images = [read_image(clip.image)] if still else read_frames(clip.video, settings["frames"])
    return np.stack([letterbox(image, settings["size"]) for image in images])


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):  # Pillow would clip 16-bit grey at 255 instead of scaling it
        image = Image.fromarray((np.asarray(image, dtype=np.uint16) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "black"), image).convert("RGB")
    return image.convert("RGB")


def _middles(total: int, count: int) -> list[int]:
    return [int((segment + 0.5) * total / count) for segment in range(count)]


def _announced_frames(path: str | Path) -> int:
    import av

    with av.open(str(path)) as container:
        return container.streams.video[0].frames if container.streams.video else 0


def _decoded(path: str | Path) -> Iterator[Any]:
    import av

    with av.open(str(path)) as container:
        if container.streams.video:
            container.streams.video[0].codec_context.thread_count = 1
            yield from container.decode(video=0)


def _frames_at(path: str | Path, wanted: list[int]) -> list[Image.Image]:
    """The frames of these ascending numbers; fewer if the video ends before."""
    frames: list[Image.Image] = []
    for number, frame in enumerate(_decoded(path)):
        if number == wanted[len(frames)]:
            image = _upright(frame)
            frames += [image] * wanted.count(number)
            if len(frames) == len(wanted):
                break
    return frames


def _upright(frame: Any) -> Image.Image:
    image = frame.to_image()
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image
