"""What the networks of a model read: features of a window of sound, and of the last frames of a camera."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from emofusion.features.common.arrays import Array
from emofusion.features.common.frames import FrameFeatures, Seen
from emofusion.scoring.bundle import Part, key_of
from emofusion.scoring.recordings import Recording, clip_table
from emofusion.settings.kinds import Features

SOUND, CAMERA = "sound", "camera"
# why a model cannot use what a browser sends, as the end of a sentence that begins with its features
_NOT_FROM_HERE = "are computed neither from sound nor from the frames of a camera"


@dataclass(frozen=True)
class Input:
    """The features of a part, and what is frozen after them.

    key: parts with the same key have the same values, which are computed once. medium: `SOUND` or `CAMERA`. sound: from
    the path of a recording to rows. frames: the features of frames. frozen: from rows to the output of a network's
    frozen part; None where it has none. most_seconds: see `Features.most_seconds`.
    """

    key: str
    medium: str
    sound: Callable[[str], Array] | None
    frames: FrameFeatures | None
    frozen: Callable[[Array], Array] | None
    most_seconds: float | None = None

    def heard(self, path: Path) -> Array:
        """The values `(rows, *shape)` of a window of sound. Raises `EmofusionError` where they cannot be computed."""
        assert self.sound is not None
        return self._after(self.sound(str(path)))

    def seen(self, frames: Sequence[Seen]) -> Array | None:
        """The values `(rows, *shape)` of the last frames; None where there are too few."""
        assert self.frames is not None
        rows = self.frames.rows(frames)
        return None if rows is None else self._after(rows)

    def _after(self, rows: Array) -> Array:
        return rows if self.frozen is None else self.frozen(rows)


def input_of(part: Part, folder: Path, frame_rate: float) -> Input | str:
    """What a part of a member reads; or why it cannot be read here.

    Args:
        part: of a member.
        folder: of the member, with the weights of what is frozen.
        frame_rate: see `Features.of_frames`.
    """
    features = part.features.for_scoring()
    if features is None:
        return f"{part.features.kind} features {_NOT_FROM_HERE}"
    frames = features.of_frames(frame_rate)
    if "audio" not in features.computed_from() and frames is None:
        return f"{features.kind} features {_NOT_FROM_HERE}"
    weights = folder / "weights.safetensors"
    frozen, key = None, key_of(part, features, weights)
    if part.frozen is not None:
        frozen = part.frozen.loaded(features.row_shape(), weights if weights.exists() else None)
    if frames is not None:
        return Input(key, CAMERA, None, frames, frozen)
    return Input(key, SOUND, _of_sound(features), None, frozen, features.most_seconds())


def _of_sound(features: Features) -> Callable[[str], Array]:
    """The function from the path of a recording to the rows of its features."""
    clips = clip_table([Recording("window", Path("window.wav"), ("audio",))], "none")
    compute = features.prepare(clips)
    clip: Any = next(clips.itertuples(index=False))

    def of_file(path: str) -> Array:
        return compute(clip._replace(audio=path))

    return of_file


def look(image: Image.Image, inputs: Sequence[Input]) -> dict[Any, Any]:
    """What each kind of features sees in a frame, by its key; each key is looked at once. image: upright, in RGB."""
    frames = {one.frames.key: one.frames for one in inputs if one.frames is not None}
    return {key: kind.see(image) for key, kind in frames.items()}
