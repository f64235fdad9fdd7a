"""Tiny media files, real ones, for trees in the corpora's native names."""

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from emofusion import fetch


@pytest.fixture
def write_sound():
    def write(path, seconds=0.05):
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.sin(np.arange(int(16000 * seconds)) / 20) / 2, 16000)

    return write


@pytest.fixture
def write_image():
    def write(path, grey=120, size=(56, 76)):
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(0).integers(0, 2, (size[1], size[0], 3)) * (grey > 0) * 60 + grey
        Image.fromarray(pixels.astype(np.uint8)).save(path, "JPEG")

    return write


@pytest.fixture
def write_video():
    def write(path, sound=True, picture=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as container:
            if picture:
                stream = container.add_stream("mpeg4", rate=10)
                stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
            if sound:
                track = container.add_stream("aac", rate=16000)
            if picture:
                for _ in range(2):
                    frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 99, np.uint8), format="rgb24")
                    container.mux(stream.encode(frame))
                container.mux(stream.encode())
            if sound:
                samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                samples.sample_rate = 16000
                container.mux(track.encode(samples))
                container.mux(track.encode())

    return write


@pytest.fixture
def pack():
    """Move what is in a folder into an archive, whose name decides on its kind."""
    kinds = {".zip": "zip", ".tar": "tar", ".tar.gz": "gztar"}

    def move(folder, archive):
        suffix = max((suffix for suffix in kinds if archive.name.endswith(suffix)), key=len)
        shutil.make_archive(str(archive).removesuffix(suffix), kinds[suffix], folder)
        shutil.rmtree(folder)

    return move


class Server:
    """A server on this machine that knows Range, and breaks connections when told to."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str | None]] = []  # path and Range header of each request
        self.cuts: list[int] = []  # after how many bytes the next answers break off
        self.statuses: list[int] = []  # what the next answers are instead
        self.knows_range = True
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path, wanted = self.path.partition("?")[0], self.headers.get("Range")
                server.asked.append((path, wanted))
                if server.statuses:
                    return self.send_error(server.statuses.pop(0))
                if path not in server.files:
                    return self.send_error(404)
                content, start = server.files[path], 0
                if wanted and server.knows_range:
                    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                    if start >= len(content):
                        self.send_response(416)
                        self.send_header("Content-Range", f"bytes */{len(content)}")
                        self.send_header("Content-Length", "0")
                        return self.end_headers()
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
                else:
                    self.send_response(200)
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                self.wfile.write(content[start:][: server.cuts.pop(0) if server.cuts else None])

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server(monkeypatch):
    """A running `Server`; further tries follow without a pause, and no proxy stands between."""
    monkeypatch.setattr(fetch, "PAUSES", (0, 0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = Server()
    yield running
    running.stop()
