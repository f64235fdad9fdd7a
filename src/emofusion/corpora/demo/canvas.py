"""A canvas around a turning head: shapes are laid on the face, turned with it, and drawn anti-aliased.

The head stands upright and its cross-sections are circles. Turning it therefore squeezes one side of the face and
uncovers the other. Shapes are collected first and projected together, so that a thousand pictures are drawn quickly.
"""

from dataclasses import dataclass
from math import asin

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from emofusion.corpora.demo.people import Colour, colour_of

OVERSAMPLING = 3
CIRCLE = np.linspace(0, 2 * np.pi, 20, endpoint=False)
COS, SIN = np.cos(CIRCLE), np.sin(CIRCLE)


@dataclass(frozen=True)
class View:
    """A camera and its light.

    Args:
        width, height: size of the picture in pixels.
        scale: half the head's height, as a share of the picture's height.
        x, y: position of the face's middle, as a share of the picture's height; `x` counts from the picture's middle.
        yaw: turn of the head in degrees; below 0 the nose points to the left of the picture.
        roll: tilt of the head in degrees.
        background: colour behind the head.
        light: by how much the light grows from one edge of the picture to the opposite one.
        light_angle: direction in which the light grows, in radians.
        gain: factor on all grey levels.
        noise: standard deviation of the sensor's noise, in grey levels out of 255.
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
    """A mixture of two colours. `share`: of the second colour, from 0 to 1."""
    share = min(max(share, 0.0), 1.0)
    return colour_of(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


class Canvas:
    """Collects shapes and draws them. Lengths are in half head heights from the face's middle, y downwards."""

    def __init__(self, view: View, width: float, jaw: float, chin: float) -> None:
        """Start an empty canvas.

        Args:
            view: the camera.
            width: half the head's greatest width.
            jaw: exponent of the lower outline; 2 is round, 3 square.
            chin: y of the chin.
        """
        self.view, self.width, self.jaw, self.chin = view, width, jaw, chin
        self.yaw = float(np.radians(view.yaw))
        self._strokes: list[tuple[Colour, float | None]] = []  # colour, and the width of a line
        self._points: list[NDArray[np.float64]] = []  # (3, points): x, y, lift

    def radius(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Half the head's width at height y."""
        height = np.abs(np.where(y < 0, y, y / self.chin))
        radius: NDArray[np.float64] = self.width * np.sqrt(
            np.maximum(1 - height ** np.where(y < 0, 2.3, self.jaw), 1e-4)
        )
        return radius

    def toward(self, angle: float) -> float:
        """The x at which a direction of the head shows on a circle of radius 1; a hidden one shows on the rim.

        `angle`: the direction in radians; 0 is straight ahead.
        """
        return float(np.sin(min(max(angle + self.yaw, -np.pi / 2), np.pi / 2)))

    def sees(self, x: float) -> bool:
        """Whether the vertical line at x of the face, where the head is widest, is visible to the camera."""
        return abs(asin(x / self.width) + self.yaw) < 1.45

    def fill(self, x: ArrayLike, y: ArrayLike, colour: Colour, lift: ArrayLike = 0.0) -> None:
        """Lay a filled polygon on the face, raised above it by `lift`; nan: in the picture's plane, not on the face."""
        self._add(x, y, lift, colour, None)

    def line(self, x: ArrayLike, y: ArrayLike, colour: Colour, width: float, lift: ArrayLike = 0.0) -> None:
        """Lay a line on the face."""
        self._add(x, y, lift, colour, width)

    def band(
        self,
        x: NDArray[np.float64],
        top: NDArray[np.float64],
        bottom: NDArray[np.float64],
        colour: Colour,
        lift: float = 0.0,
    ) -> None:
        """Fill the area between two curves over the same x."""
        self.fill(outline(x), outline(top, bottom), colour, lift)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Lay a filled ellipse into the picture's plane."""
        self.fill(x + rx * COS, y + ry * SIN, colour, np.nan)

    def _add(self, x: ArrayLike, y: ArrayLike, lift: ArrayLike, colour: Colour, width: float | None) -> None:
        points = np.empty((3, max(np.size(x), np.size(y))))
        points[0], points[1], points[2] = x, y, lift
        self._points.append(points)
        self._strokes.append((colour, width))

    def picture(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """The picture of all shapes, (height, width, 3) uint8 RGB; `rng` draws the sensor's noise."""
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

    def _project(self, unit: float) -> NDArray[np.float64]:
        """All points in pixels, (points, 2); `unit`: pixels in half a head's height."""
        x, y, lift = np.concatenate(self._points, axis=1)
        radius = self.radius(y)
        around = np.arcsin((x / radius).clip(-1, 1)) + self.yaw
        on_face = (radius + lift) * np.sin(around.clip(-np.pi / 2, np.pi / 2))
        x = np.where(np.isnan(lift), x, on_face)
        roll, view = np.radians(self.view.roll), self.view
        turn = unit * np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
        middle = OVERSAMPLING * np.array([view.width / 2 + view.x * view.height, view.y * view.height])
        pixels: NDArray[np.float64] = np.stack([x, y], axis=-1) @ turn + middle
        return pixels

    def _expose(self, picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Add light and noise."""
        view = self.view
        across = np.linspace(-0.5, 0.5, view.width, dtype=np.float32) * np.float32(np.cos(view.light_angle))
        down = np.linspace(-0.5, 0.5, view.height, dtype=np.float32) * np.float32(np.sin(view.light_angle))
        light = np.float32(view.gain) * (1 + np.float32(view.light) * (across[None, :] + down[:, None]))
        noise = np.float32(view.noise) * rng.standard_normal((view.height, view.width), dtype=np.float32)
        exposed: NDArray[np.uint8] = (
            (picture * light[..., None] + noise[..., None]).clip(0, 255).round().astype(np.uint8)
        )
        return exposed


def outline(forth: NDArray[np.float64], back: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """A closed outline: forth along the first array, and back along the second, or along the first again."""
    return np.concatenate([forth, (forth if back is None else back)[::-1]])
