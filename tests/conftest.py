"""Fixtures that every test may use."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import av
import numpy as np
import pytest
from PIL import Image

from emofusion import fetch
from emofusion.corpora.demo.acting import ACTIONS, PROSODY
from emofusion.corpora.demo.canvas import View
from emofusion.corpora.demo.faces import draw_face
from emofusion.corpora.demo.people import make_person
from emofusion.corpora.demo.phonemes import sentence
from emofusion.corpora.demo.voices import speak
from emofusion.plan.make import plan_file

REPOSITORY = Path(__file__).resolve().parents[1]
# Seconds of silence before each of four turns, and their syllables. The second turn is short, the last one long.
TURNS = [(1.0, 9), (0.9, 3), (0.8, 9), (1.5, 24)]
SPEECH_RATE = 16_000
GREY = (220, 220, 220)  # the background of drawn faces
# These files take minutes. They begin first, so that no process is left alone with one of them at the end.
LONGEST = ("slurm/test_slurm.py", "test_current.py", "test_workflow.py", "test_tracked.py", "test_kills.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workflow = REPOSITORY / "tests" / "workflow"
    first = {workflow / name: number for number, name in enumerate(LONGEST)}

    def place(item: pytest.Item) -> int:
        return first.get(item.path, len(LONGEST) + (workflow not in item.path.parents))

    items.sort(key=place)


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture
def torch_settings():
    """Torch's settings for GPUs, which `devices.compute_device` changes, are afterwards as they were."""
    import torch

    cudnn, matmul, workspace = torch.backends.cudnn, torch.backends.cuda.matmul, "CUBLAS_WORKSPACE_CONFIG"
    before = torch.are_deterministic_algorithms_enabled(), cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32
    environment = os.environ.get(workspace)
    yield
    torch.use_deterministic_algorithms(before[0])
    cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32 = before[1:]
    if environment is None:
        os.environ.pop(workspace, None)


@pytest.fixture
def cpu(monkeypatch):
    """Networks compute on the CPU, on a machine with a GPU too: what the test compares with was computed there."""
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real recordings that the project does not contain; the test is skipped where it is absent."""
    folder = Path(os.environ.get("EMOFUSION_REAL_DATA", REPOSITORY.parent / "shared" / "real"))
    if not folder.is_dir():
        pytest.skip(f"real recordings are not at {folder} (set EMOFUSION_REAL_DATA to where they are)")
    return folder


@pytest.fixture(scope="session")
def results_of_plans(tmp_path_factory):
    return tmp_path_factory.mktemp("plans") / "results"


@pytest.fixture
def planned(repository, results_of_plans):
    """A function that plans an experiment of `conf/`; what was planned before is read."""

    def plan(experiment="demo", override=None):
        # one seed of each network, whatever the experiment compares
        return plan_file(repository / "conf", experiment, f"report.seeds=1 {override or ''}", results_of_plans)

    return plan


class Server:
    """A server on this machine that knows Range, and breaks connections when told to."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str | None]] = []  # path and Range header of each request
        self.cuts: list[int] = []  # after how many bytes the next answers break off
        self.statuses: list[int] = []  # what the next answers are instead
        self.retry_after = ""  # header of these answers
        self.stalls = 0  # how many of the next cut answers stall instead of breaking off
        self.shift = 0  # how many bytes too far the parts begin
        self.knows_range = True
        self.gone = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path, wanted = self.path.partition("?")[0], self.headers.get("Range")
                server.asked.append((path, wanted))
                if server.statuses:
                    self.send_response(server.statuses.pop(0))
                    self.send_header("Retry-After", server.retry_after)
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                if path not in server.files:
                    return self.send_error(404)
                content, start = server.files[path], 0
                if wanted and server.knows_range:
                    start = int(wanted.removeprefix("bytes=").removesuffix("-")) + server.shift
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
                if server.stalls:
                    server.stalls -= 1
                    server.gone.wait()  # until the test has ended

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self):
        self.gone.set()
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


def wait_until(condition, what, seconds=120.0):
    """Wait until a condition holds. The test fails where it does not hold in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def wait_for():
    return wait_until


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def unused_port() -> int:
    return free_port()


class MlflowServer:
    """A real MLflow server in its own process group. It can be stopped and started again at the same address."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.port, self.folder = free_port(), folder
        shutil.copy(database, folder / "server.db")
        self.uri = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{self.folder}/server.db"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, env=environment, start_new_session=True
            )
        try:
            wait_until(self.answers, "the tracking server")
        except BaseException:
            self.stop()  # nobody else knows of it yet
            raise

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urlopen(f"{self.uri}/health", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture(scope="session")
def mlflow_database(tmp_path_factory) -> Path:
    """A database with MLflow's tables, which take seconds to make, and without a run. To be copied."""
    from emofusion.tracking.store import open_client

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    open_client(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture(scope="session")
def mlflow_server_in(mlflow_database: Path):
    """Starts a server with a folder of its own: `mlflow_server_in(folder)`."""
    return lambda folder: MlflowServer(folder, mlflow_database)


@pytest.fixture
def mlflow_server(tmp_path: Path, mlflow_server_in):
    started = mlflow_server_in(tmp_path)
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the system's Chromium is; tests that need one are skipped without it."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("there is no Chromium on PATH to open the page in")
    return found


@pytest.fixture(scope="session")
def conversation():
    """Sound `(samples,)` at 16 kHz of two people who take turns, and where each of them speaks, in seconds."""
    calm, noise = dict.fromkeys(PROSODY, 0.0), np.random.default_rng(0)
    parts, spoken, length = [], [], 0
    for number, (silence, syllables) in enumerate(TURNS):
        person = make_person("savee", 0, number % 2, ["female", "male"][number % 2], 0.5)
        voice = speak(person.voice, calm, sentence(number, syllables), SPEECH_RATE, syllables / 4, person.rng(number))
        room = 0.001 * noise.standard_normal(round(silence * SPEECH_RATE))
        spoken.append((length + len(room) + 0.1 * SPEECH_RATE, length + len(room) + len(voice) - 0.1 * SPEECH_RATE))
        parts += [room, voice]
        length += len(room) + len(voice)
    sound = np.concatenate([*parts, 0.001 * noise.standard_normal(SPEECH_RATE)]).astype(np.float32)
    return sound, np.array(spoken) / SPEECH_RATE


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
