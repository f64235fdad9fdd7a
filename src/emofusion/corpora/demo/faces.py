"""Cartoon faces: a person's face making given facial movements, seen from a given side."""

import numpy as np
from numpy.typing import NDArray

from emofusion.corpora.demo.acting import ACTIONS
from emofusion.corpora.demo.canvas import COS, SIN, Canvas, View, mix, outline
from emofusion.corpora.demo.people import Colour, FaceShape

# Positions along curves: across a feature, and how high a bow over it is there; along a fold or a brow; down the upper
# and the lower half of the head; along the fringe.
_T = np.linspace(-1, 1, 13)
_BOW = 1 - _T**2
_ALONG, _SKULL, _JAW = np.linspace(0, 1, 8), np.linspace(-1, 0, 10), np.linspace(0.1, 1, 12)
_FRINGE = np.linspace(1, -1, 9)
_TURNED = 0.3  # radians; if the head is turned further, an ear shows on the head and not beside it


def draw_face(shape: FaceShape, actions: dict[str, float], view: View, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The picture of a face, (height, width, 3) uint8 RGB.

    Args:
        shape: the face at rest.
        actions: intensity of each of `ACTIONS`.
        view: the camera.
        rng: draws the noise.
    """
    # A muscle pulls in one direction only, up to a limit; three names stand for the muscles of both directions.
    both_ways = ("eye_open", "lip_corner", "lip_stretch")
    act = {name: min(max(actions[name], -1.2 if name in both_ways else 0.0), 1.4) for name in ACTIONS}
    sketch = _Sketch(shape, act, view)
    sketch.body()
    sketch.head()
    for side in (-1, 1):
        sketch.folds(side)
        sketch.eye(side)
    sketch.forehead()
    sketch.nose()
    sketch.mouth()
    sketch.hair()
    for side in (-1, 1):
        sketch.brow(side)
    return sketch.canvas.picture(rng)


class _Sketch:
    """Lays one face on a canvas, part by part; a part covers those that were laid before."""

    def __init__(self, shape: FaceShape, act: dict[str, float], view: View) -> None:
        self.shape, self.act = shape, act
        self.canvas = Canvas(view, shape.width, shape.jaw, 1 + 0.14 * act["jaw_drop"])
        self.dark = mix(shape.skin, (60, 25, 15), 0.6)

    def shade(self, share: float) -> Colour:
        """The skin's colour, darkened by a share."""
        return mix(self.shape.skin, self.dark, share)

    def body(self) -> None:
        shape, canvas = self.shape, self.canvas
        back = -0.3 * float(np.sin(canvas.yaw))
        canvas.oval(back * 0.5, 2.15, 1.45, 0.95, shape.shirt)
        if shape.hair_length > 0.2:
            y = np.array([-0.6, 0.0, shape.hair_length, shape.hair_length])
            x = shape.width * np.array([0.9, 1.16, 1.16, 0.8])
            canvas.fill(back + outline(x, -x), outline(y), mix(shape.hair, (0, 0, 0), 0.25), np.nan)
        canvas.fill([back * 0.7 + x for x in (-0.36, 0.36, 0.42, -0.42)], [0.5, 0.5, 1.4, 1.4], self.shade(0.3), np.nan)
        canvas.oval(back, -0.22, shape.width * 1.1, 0.9, shape.hair)

    def head(self) -> None:
        shape, canvas = self.shape, self.canvas
        if abs(canvas.yaw) < _TURNED:
            for side in (-1, 1):
                canvas.oval(side * shape.width * 1.02, 0.05, 0.09, 0.17, self.shade(0.15))
        y = np.concatenate([_SKULL, _JAW * canvas.chin])
        x = canvas.radius(y)
        canvas.fill(outline(x, -x), outline(y), shape.skin, np.nan)
        if shape.beard:
            y = np.linspace(0.15, 1, 10) * canvas.chin
            x = 0.999 * canvas.radius(y)
            inner = np.where(y > 0.8, 0, np.minimum(1.25 - 1.1 * y, 1) * x)
            colour = mix(shape.skin, shape.hair, 0.35 + 0.3 * shape.beard)
            for side in (-1, 1):
                canvas.fill(side * outline(x, inner), outline(y), colour)

    def folds(self, side: int) -> None:
        """The fold from the nose's wing around the mouth's corner; it is deep when cheeks or nose pull up."""
        depth = max(self.act["cheek"], 0.9 * self.act["nose_wrinkle"])
        if depth > 0.12 and self.canvas.sees(side * 0.25):
            t = _ALONG
            x = self.shape.nose_width + 0.03 + (0.16 + 0.07 * self.act["cheek"]) * np.sin(1.5 * t)
            y = self.shape.nose_y - 0.06 * depth + 0.3 * t
            self.canvas.line(side * x, y, self.shade(0.25 + 0.5 * depth), 0.03)

    def eye(self, side: int) -> None:
        shape, act, canvas = self.shape, self.act, self.canvas
        middle = side * shape.eye_x
        if not canvas.sees(middle):
            return
        squeeze = 0.35 * act["nose_wrinkle"]
        upper = shape.eye_height * max(0.1, 1 + 0.65 * act["eye_open"] - 0.3 * act["brow_lower"] - squeeze)
        lower = shape.eye_height * max(0.1, 0.8 + 0.2 * act["eye_open"] - 0.45 * act["cheek"] - squeeze)
        x, lid, floor = middle + shape.eye_width * _T, -0.08 - upper * _BOW**0.7, -0.08 + lower * _BOW
        canvas.band(x, lid, floor, (250, 250, 248))
        for radius, colour in ((0.085, shape.iris), (0.042, (15, 12, 12))):
            y = (-0.085 + radius * SIN).clip(-0.07 - upper, -0.08 + lower)
            canvas.fill(middle + radius * COS, y, colour)
        canvas.line(x, lid, (35, 22, 20), 0.04)
        canvas.line(x, floor, self.dark, 0.018)
        if act["cheek"] > 0.35:  # a raised cheek makes a bag under the eye
            canvas.line(x, floor + 0.07, self.shade(0.5 * act["cheek"]), 0.02)

    def brow(self, side: int) -> None:
        shape, act = self.shape, self.act
        if not self.canvas.sees(side * shape.eye_x):
            return
        t = _ALONG
        inward = 1 - t
        x = 0.13 - 0.05 * act["brow_lower"] + 0.37 * t
        y = shape.brow_y - 0.07 * np.sin(np.pi * (0.15 + 0.75 * t)) + shape.brow_slope * (inward - 0.5) + 0.05
        y = y - act["brow_raise"] * (0.13 + 0.05 * np.sin(np.pi * t)) - 0.2 * act["inner_brow"] * (inward - 0.25)
        y = y + act["brow_lower"] * (0.05 + 0.2 * (inward - 0.3)) + 0.03 * act["nose_wrinkle"]
        half = shape.brow_thickness * (1.05 - 0.6 * t**1.5) + 0.008
        self.canvas.band(side * x, y - half, y + half, mix(shape.hair, (25, 15, 10), 0.55))

    def forehead(self) -> None:
        act, canvas = self.act, self.canvas
        raised = max(act["brow_raise"], 0.8 * act["inner_brow"])
        if raised > 0.35:
            half = 0.3 if act["brow_raise"] > act["inner_brow"] else 0.16
            for level in (0.18, 0.1):
                canvas.line(half * _T, self.shape.hairline + level + 0.02 * _T**2, self.shade(0.45 * raised), 0.018)
        if act["brow_lower"] > 0.3:
            for side in (-1, 1):
                canvas.line([side * 0.05, side * 0.035], [-0.36, -0.2], self.shade(0.75 * act["brow_lower"]), 0.025)

    def nose(self) -> None:
        shape, act, canvas = self.shape, self.act, self.canvas
        wrinkle = act["nose_wrinkle"]
        tip, wing = shape.nose_y - 0.05 * wrinkle, shape.nose_width * (1 + 0.25 * wrinkle)
        if abs(canvas.yaw) > _TURNED:
            ridge = ([0.0] * 4, [-0.12, tip - 0.03, tip + 0.05, tip + 0.1])
            lift = [0.02, 0.22, 0.14, 0.03]
            canvas.fill(*ridge, shape.skin, lift)
            canvas.line(*ridge, self.shade(0.3), 0.022, lift)
        else:
            side = -1.0 if canvas.yaw > 0 else 1.0
            canvas.line([side * 0.05, side * 0.07], [-0.1, tip - 0.06], self.shade(0.3), 0.02, 0.03)
        t = _T[::2]
        base = tip + 0.07 - 0.06 * np.abs(t) ** 3 - 0.02 * np.cos(2 * np.pi * t)
        canvas.line(wing * t, base, self.shade(0.75), 0.03, 0.04)
        if wrinkle > 0.2:
            for level in (-0.14, -0.07, 0.0):
                canvas.line(0.1 * _T, level - 0.035 * _BOW, self.shade(0.2 + 0.6 * wrinkle), 0.022, 0.03)

    def mouth(self) -> None:
        shape, act, canvas = self.shape, self.act, self.canvas
        smile = act["lip_corner"] + shape.mouth_curve
        jaw, nose, stretch = act["jaw_drop"], act["nose_wrinkle"], act["lip_stretch"]
        half = shape.mouth_width * max(0.55, 1 + 0.28 * max(smile, 0) + 0.38 * stretch - 0.22 * jaw)
        gap = 0.36 * jaw**1.2 + 0.1 * max(stretch, 0) + 0.12 * max(smile - 0.4, 0) + 0.07 * nose
        line = shape.mouth_y + 0.2 * smile * (_BOW - 0.6) + 0.04 * stretch * (1 - _BOW)
        top = line - (0.03 * jaw + 0.13 * nose) * _BOW
        bottom = np.maximum(line + (gap - 0.065 * nose) * _BOW**0.6, top + 0.012)
        lip = shape.lip_thickness * (1 - 0.25 * max(stretch, 0) - 0.3 * max(act["brow_lower"] - nose, 0))
        rim = lip * np.sqrt(_BOW)
        canvas.band(1.04 * half * _T, top - rim, bottom + 1.15 * rim, shape.lip, 0.03)
        canvas.band(half * _T, top, bottom, (70, 16, 22), 0.03)
        if gap > 0.08:
            canvas.band(0.92 * half * _T, top, np.minimum(bottom, top + 0.075 * _BOW**0.4), (248, 246, 240), 0.03)
        if smile < -0.3:  # a mouth that is drawn down wrinkles the chin
            canvas.line(0.14 * _T, shape.mouth_y + 0.22 - 0.03 * _BOW, self.shade(-0.5 * smile), 0.025)

    def hair(self) -> None:
        shape, canvas = self.shape, self.canvas
        y = np.linspace(-1, shape.hairline, 8)
        x = 1.03 * canvas.radius(y) + 0.02
        edge = shape.hairline - 0.1 * (1 - _FRINGE**2)
        across = 1.03 * canvas.radius(edge) * [canvas.toward(1.5 * position) for position in _FRINGE.tolist()]
        hair = np.concatenate([-x[::-1], x, across]), np.concatenate([y[::-1], y, edge]) - 0.02
        canvas.fill(*hair, shape.hair, np.nan)
        for side in (-1, 1):  # from the temple to the back of the head
            if abs(side * 1.25 + canvas.yaw) > np.pi / 2 - 0.02:
                continue
            y = np.linspace(shape.hairline - 0.1, min(shape.hair_length, 0.75), 9)
            radius = canvas.radius(y)
            x = outline(canvas.toward(side * 1.25) * radius, side * (1.04 * radius + 0.02))
            canvas.fill(x, outline(y), shape.hair, np.nan)
            if side * canvas.yaw < -_TURNED:
                canvas.oval(shape.width * canvas.toward(side * 1.35), 0.05, 0.1, 0.17, self.shade(0.2))
