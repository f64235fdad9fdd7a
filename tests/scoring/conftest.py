"""Recordings that the tests of scoring share."""

import av
import numpy as np
import pytest


@pytest.fixture(scope="session")
def write_video_without_sound():
    """Writes three frames of noise; returns the path."""

    def write(path):
        random = np.random.default_rng(0)
        with av.open(str(path), "w") as container:
            video = container.add_stream("mpeg4", rate=10)
            video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
            for _ in range(3):
                pixels = random.integers(0, 255, (32, 32, 3), dtype=np.uint8)
                container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(video.encode())
        return path

    return write
