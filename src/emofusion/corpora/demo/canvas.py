"""A canvas around a turning head: shapes are laid on the face, turned with it, and drawn anti-aliased.

The head stands upright and its cross-sections are circles, so turning it squeezes one side of the face and uncovers
the other. Shapes are collected and projected together, which is what makes a thousand pictures quick.
"""

from dataclasses import dataclass
from math import asin

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw

from emofusion.corpora.demo.people import Colour

OVERSAMPLING = 3
CIRCLE = np.linspace(0, 2 * np.pi, 20, endpoint=False)
COS, SIN = np.cos(CIRCLE), np.sin(CIRCLE)


@dataclass(frozen=True)
class View:
    """A camera and its light. `width`, `height`, in pixels; the rest relative.

    `scale` is half the head's height, `x` and `y` the place of the face's middle, all three as parts of the picture's
    height (`x` from the picture's middle). `yaw` and `roll` in degrees, negative yaw: the nose points to the left of
    the picture. The light grows by `light` from one edge to the other, along `light_angle` (radians); `noise` is the
    sensor's standard deviation in grey levels out of 255.
    """

    width: int
    height: int
    scale: float
    x: float = 0.0
    y: float = 0.5
    yaw: float = 0.0
    roll: float = 0.0
    background: Colour = (220, 220, 220)
    light: float = 0.0
    light_angle: float = 0.0
    gain: float = 1.0
    noise: float = 0.0


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour that lies `share` (0 to 1) of the way from one to the other."""
    share = min(max(share, 0.0), 1.0)
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


class Canvas:
    """Lengths are in half head heights from the face's middle, y downwards; the chin is at `chin`."""

    def __init__(self, view: View, width: float, jaw: float, chin: float) -> None:
        self.view, self.width, self.jaw, self.chin = view, width, jaw, chin
        self.yaw = float(np.radians(view.yaw))
        self._strokes: list[tuple[Colour, float | None]] = []  # colour, and the width of a line
        self._points: list[np.ndarray] = []  # (3, points): x, y, lift

    def radius(self, y: np.ndarray) -> np.ndarray:
        """Half the head's width at height y."""
        part = np.abs(np.where(y < 0, y, y / self.chin))
        return self.width * np.sqrt(np.maximum(1 - part ** np.where(y < 0, 2.3, self.jaw), 1e-4))

    def toward(self, angle: float) -> float:
        """Where on a circle of radius 1 a direction of the head (radians, 0 ahead) shows, hidden ones on the rim."""
        return float(np.sin(min(max(angle + self.yaw, -np.pi / 2), np.pi / 2)))

    def sees(self, x: float) -> bool:
        """Whether the upright line at x of the face, where the head is widest, is turned to the camera."""
        return abs(asin(x / self.width) + self.yaw) < 1.45

    def fill(self, x: ArrayLike, y: ArrayLike, colour: Colour, lift: ArrayLike = 0.0) -> None:
        """A filled polygon on the face, raised above it by `lift`; nan: in the picture's plane, not on the face."""
        self._add(x, y, lift, colour, None)

    def line(self, x: ArrayLike, y: ArrayLike, colour: Colour, width: float, lift: ArrayLike = 0.0) -> None:
        """A line on the face."""
        self._add(x, y, lift, colour, width)

    def band(self, x: np.ndarray, top: np.ndarray, bottom: np.ndarray, colour: Colour, lift: float = 0.0) -> None:
        """What lies between two curves over the same x."""
        self.fill(there_and_back(x), there_and_back(top, bottom), colour, lift)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """A filled ellipse in the picture's plane."""
        self.fill(x + rx * COS, y + ry * SIN, colour, np.nan)

    def _add(self, x: ArrayLike, y: ArrayLike, lift: ArrayLike, colour: Colour, width: float | None) -> None:
        points = np.empty((3, max(np.size(x), np.size(y))))
        points[0], points[1], points[2] = x, y, lift
        self._points.append(points)
        self._strokes.append((colour, width))

    def picture(self, rng: np.random.Generator) -> np.ndarray:
        """What has been laid on, (height, width, 3) uint8 RGB; `rng` makes the sensor's noise."""
        view, scale = self.view, OVERSAMPLING
        image = Image.new("RGB", (view.width * scale, view.height * scale), view.background)
        pen, unit = ImageDraw.Draw(image), view.scale * view.height * scale
        ends = np.cumsum([points.shape[1] for points in self._points]).tolist()
        pixels = list(map(tuple, self._project(unit).tolist()))
        for (colour, width), start, end in zip(self._strokes, [0, *ends], ends, strict=False):
            if width is None:
                pen.polygon(pixels[start:end], fill=colour)
            else:
                pen.line(pixels[start:end], fill=colour, width=max(1, round(width * unit)), joint="curve")
        return self._expose(np.asarray(image.reduce(scale), dtype=np.float32), rng)

    def _project(self, unit: float) -> np.ndarray:
        x, y, lift = np.concatenate(self._points, axis=1)
        radius = self.radius(y)
        around = np.arcsin((x / radius).clip(-1, 1)) + self.yaw
        on_face = (radius + lift) * np.sin(around.clip(-np.pi / 2, np.pi / 2))
        x = np.where(np.isnan(lift), x, on_face)
        roll, view = np.radians(self.view.roll), self.view
        turn = unit * np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
        middle = OVERSAMPLING * np.array([view.width / 2 + view.x * view.height, view.y * view.height])
        return np.stack([x, y], axis=-1) @ turn + middle

    def _expose(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        view = self.view
        across = np.linspace(-0.5, 0.5, view.width, dtype=np.float32) * np.float32(np.cos(view.light_angle))
        down = np.linspace(-0.5, 0.5, view.height, dtype=np.float32) * np.float32(np.sin(view.light_angle))
        light = np.float32(view.gain) * (1 + np.float32(view.light) * (across[None, :] + down[:, None]))
        noise = np.float32(view.noise) * rng.standard_normal((view.height, view.width), dtype=np.float32)
        return (picture * light[..., None] + noise[..., None]).clip(0, 255).round().astype(np.uint8)


def there_and_back(there: np.ndarray, back: np.ndarray | None = None) -> np.ndarray:
    """One way along the first array, and back along the second (or the first again)."""
    return np.concatenate([there, (there if back is None else back)[::-1]])
