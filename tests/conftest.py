"""Fixtures that every test may use."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest

from emofusion import fetch
from emofusion.plan.make import plan_file

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


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
