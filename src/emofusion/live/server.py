"""The server of the page: it takes sound and frames over a WebSocket, and sends back what is shown.

Starlette and uvicorn do the work. A message of the browser has 16 bytes, the kind (1: frame, 2: sound) and its time in
milliseconds as a float, both little-endian, and then a JPEG or 16-bit samples; or it is JSON.
"""

import asyncio
import json
import logging
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from emofusion.live.inputs import CAMERA, SOUND
from emofusion.live.model import LiveModel
from emofusion.live.session import Session
from emofusion.live.settings import LiveSettings
from emofusion.recordings.pictures import as_rgb

FRAME, SOUND_BLOCK = 1, 2  # kinds of messages
HEADER = struct.Struct("<Q d")
MOST_CLIENTS = 4
MOST_BYTES = 4_000_000  # of a message
_MOST_PIXELS = 4_000_000  # of a frame
_RATES = (8000, 192_000)  # Hz
_WAITING = 10.0  # seconds of sound that wait to be heard; older sound is then lost, and counted
_REFRESH = 0.25  # seconds between two states where nothing is seen or heard
_PAGE = Path(__file__).parent / "page"

# The page loads nothing from another host, no other page can show it in a frame, and no browser keeps an old version.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob: mediastream:; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_LOG = logging.getLogger("uvicorn.error")


class BadMessage(Exception):
    """The browser has sent something that is no frame, sound or request. The message says what."""


def app(model: LiveModel, settings: LiveSettings, notes: list[str], hosts: list[str]) -> Starlette:
    """The application.

    Args:
        model: that scores, for all clients.
        settings: of windows and smoothing.
        notes: sentences that the page shows below.
        hosts: the names that browsers may know this machine by; `*` for any. A page of another host, whose name was
            made to lead to this machine, cannot use the server then.
    """
    clients = _Clients(model, settings)
    about = _about(model, notes)

    async def page(_: Request) -> Response:
        return Response((_PAGE / "index.html").read_bytes(), media_type="text/html")

    async def of_model(_: Request) -> Response:
        return JSONResponse(about)

    return Starlette(
        routes=[
            Route("/", page),
            Route("/model.json", of_model),
            WebSocketRoute("/stream", clients.serve),
            Mount("/page", StaticFiles(directory=_PAGE)),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
            Middleware(BaseHTTPMiddleware, dispatch=_with_headers),
        ],
    )


async def _with_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    response.headers.update(_HEADERS)
    return response


def _about(model: LiveModel, notes: list[str]) -> dict[str, Any]:
    """What the page says of a model."""
    bundle = model.bundle
    return {
        "title": bundle.title,
        "rule": bundle.rule.label,
        "classes": model.classes,
        "modalities": [one.name for one in model.modalities],
        "unusable": list(model.unusable),
        "weights": model.weights,
        "sound": any(SOUND in one.media for one in model.modalities),
        "camera": any(CAMERA in one.media for one in model.modalities),
        "notes": notes,
    }


class _Clients:
    """All browsers that are connected. One thread looks and one listens, for all of them."""

    def __init__(self, model: LiveModel, settings: LiveSettings) -> None:
        self._model, self._settings = model, settings
        self._number = 0
        self._looking = ThreadPoolExecutor(1, "looking")
        self._listening = ThreadPoolExecutor(1, "listening")

    async def serve(self, socket: WebSocket) -> None:
        """Serve a browser until it goes."""
        if not _same_host(socket):
            await socket.close(code=1008, reason="another page")
            return
        await socket.accept()
        if self._number >= MOST_CLIENTS:
            await socket.close(code=1013, reason=f"{MOST_CLIENTS} pages are connected already; close one")
            return
        self._number += 1
        try:
            with TemporaryDirectory(prefix="emofusion-live-") as folder:
                session = Session(self._model, self._settings, Path(folder))
                await _Client(socket, session, self._looking, self._listening).run()
        finally:
            self._number -= 1


class _Client:
    """A browser. Frames and sound wait in it; a newer frame takes the place of one that waits."""

    def __init__(
        self, socket: WebSocket, session: Session, looking: ThreadPoolExecutor, listening: ThreadPoolExecutor
    ) -> None:
        self._socket, self._session = socket, session
        self._looking, self._listening = looking, listening
        self._frame: tuple[bytes, float] | None = None
        self._sound: list[NDArray[np.float32]] = []
        self._samples = 0  # that wait
        self._rate = 0
        self._lost = 0  # samples that were never heard
        self._has_frame, self._has_sound = asyncio.Event(), asyncio.Event()
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Work until the browser goes, or sends something that is none of its messages."""
        tasks = [asyncio.create_task(one()) for one in (self._receive, self._look, self._listen, self._refresh)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except WebSocketDisconnect:
            pass
        except BadMessage as error:
            await self._close(1003, str(error))
        except Exception:
            _LOG.exception("a connection ends by an error")
            await self._close(1011, "an error, which its terminal shows")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self, code: int, reason: str) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # it has gone already
            await self._socket.close(code=code, reason=reason[:120])

    async def _receive(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            if message.get("text") is not None:
                self._asked(message["text"])
            else:
                self._take(message["bytes"])

    def _asked(self, text: str) -> None:
        """JSON: `rate` of the sound that follows, or `weights` of the modalities, null for the rule of the model."""
        try:
            asked = json.loads(text)
            if not isinstance(asked, dict):
                raise BadMessage("a text that is no request")
            if "rate" in asked:
                self._start_sound(int(asked["rate"]))
            if "weights" in asked:
                self._session.weights = self._weights(asked["weights"])
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise BadMessage("a text that is no request") from error

    def _start_sound(self, rate: int) -> None:
        if self._rate:
            raise BadMessage("a second rate of the sound")
        if not _RATES[0] <= rate <= _RATES[1]:
            raise BadMessage(f"a rate of {rate} Hz")
        self._session.start_sound(rate)
        self._rate = rate

    def _weights(self, asked: dict[str, float] | None) -> tuple[float, ...] | None:
        if asked is None:
            return None
        names = self._session.model.scorer.rule.examples.modalities
        weights = np.array([float(asked.get(name, 0.0)) for name in names])
        if not ((weights >= 0) & (weights <= 1)).all() or not weights.sum() > 0:
            raise BadMessage("weights that are not from 0 to 1, with a sum above 0")
        # in steps of a hundredth, so that each rule is fitted once
        shares = np.round(weights / weights.sum(), 2)
        return tuple(float(share) for share in shares / shares.sum())

    def _take(self, content: bytes) -> None:
        if len(content) < HEADER.size:
            raise BadMessage("a message without a header")
        kind, sent = HEADER.unpack_from(content)
        body = content[HEADER.size :]
        if kind == FRAME:
            self._session.dropped_frames += self._frame is not None
            self._frame = body, sent
            self._has_frame.set()
        elif kind == SOUND_BLOCK and self._rate:
            self._take_sound(_samples(body))
        else:
            raise BadMessage(f"a message of kind {kind}" + ("" if self._rate else ", before the rate of the sound"))

    def _take_sound(self, samples: NDArray[np.float32]) -> None:
        if not 0 < len(samples) <= _WAITING * self._rate:
            raise BadMessage(f"a block of {len(samples)} samples of sound")
        self._sound.append(samples)
        self._samples += len(samples)
        while self._samples > _WAITING * self._rate:
            gone = len(self._sound.pop(0))
            self._samples -= gone
            self._lost += gone
            self._session.lose_sound(gone)
        self._has_sound.set()

    async def _look(self) -> None:
        while True:
            await self._has_frame.wait()
            self._has_frame.clear()
            assert self._frame is not None
            (content, sent), self._frame = self._frame, None
            await self._in(self._looking, lambda content=content, sent=sent: self._look_at(content, sent))
            await self._send()

    def _look_at(self, content: bytes, sent: float) -> None:
        self._session.look(_decoded(content), sent)

    async def _listen(self) -> None:
        while True:
            await self._has_sound.wait()
            self._has_sound.clear()
            samples, self._sound, self._samples = np.concatenate(self._sound), [], 0
            scored = await self._in(self._listening, self._session.hear, samples)
            if scored:
                await self._send()

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH)
            await self._send()

    async def _in(self, pool: ThreadPoolExecutor, work: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(pool, work, *given)

    async def _send(self) -> None:
        lost = self._lost / self._rate if self._rate else 0.0
        state = asdict(self._session.state()) | {"lost_sound": lost}
        async with self._sending:
            await self._socket.send_text(json.dumps(state))


def _same_host(socket: WebSocket) -> bool:
    """Whether a connection comes from our own page, or from no page, as that of a program."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")


def _samples(content: bytes) -> NDArray[np.float32]:
    """16-bit samples, with full scale 1.0. An odd byte at the end is left out."""
    return (np.frombuffer(content[: len(content) // 2 * 2], "<i2") / 32768).astype(np.float32)


def _decoded(content: bytes) -> Image.Image:
    """The picture of a frame, in RGB. Raises `BadMessage` where it is none, or is too large."""
    try:
        with Image.open(BytesIO(content), formats=["JPEG"]) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise BadMessage(f"a frame of {image.width} x {image.height} pixels")
            return as_rgb(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadMessage("a frame that is no JPEG, or too large") from error
