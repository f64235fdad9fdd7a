"""Drawn faces, of which it is known where the eyes and the mouth are."""

from dataclasses import dataclass

import av
import numpy as np
import pytest
from PIL import Image

from emofusion.corpora.demo.acting import ACTIONS
from emofusion.corpora.demo.canvas import View
from emofusion.corpora.demo.faces import draw_face
from emofusion.corpora.demo.people import make_person

GREY = (220, 220, 220)  # the background of drawn faces


@dataclass(frozen=True)
class Drawn:
    """A drawn face: the picture, and where the middles of the eyes and of the mouth are (3, 2), in pixels."""

    picture: np.ndarray
    places: np.ndarray

    @property
    def image(self) -> Image.Image:
        return Image.fromarray(self.picture)


@pytest.fixture(scope="session")
def drawn():
    """A function that draws a person's face."""

    def draw(number: int, width: int = 400, height: int = 400, scale: float = 0.3, x=0.0, y=0.5, **actions) -> Drawn:
        shape = make_person("kdef", 1, number, ("female", "male")[number % 2], 0.5).shape
        moved = dict.fromkeys(ACTIONS, 0.0) | actions
        picture = draw_face(shape, moved, View(width, height, scale, x, y), np.random.default_rng(number))
        eye = -0.08  # the demo's eyes are a little above the middle of the head
        places = np.array([(-shape.eye_x, eye), (shape.eye_x, eye), (0, shape.mouth_y)])
        return Drawn(picture, np.array([width / 2 + x * height, y * height]) + scale * height * places)

    return draw


@pytest.fixture(scope="session")
def film():
    """A function that writes pictures (height, width, 3) as a video without loss."""

    def write(path, pictures, rate: int = 30):
        with av.open(str(path), "w") as container:
            stream = container.add_stream("ffv1", rate=rate)
            stream.height, stream.width = pictures[0].shape[:2]
            stream.pix_fmt = "bgr0"
            for picture in pictures:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        return path

    return write


@pytest.fixture(scope="session")
def blank():
    """A picture of the drawn faces' background."""
    return np.full((400, 400, 3), GREY, np.uint8)
