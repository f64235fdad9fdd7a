"""Run an application with uvicorn on a socket that is there before the model is loaded."""

import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from emofusion.errors import EmofusionError
from emofusion.live.server import MOST_BYTES


def listening(host: str, port: int) -> socket.socket:
    """A socket at an address. port: 0 for any that is free. Raises `EmofusionError` where it cannot be used."""
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise EmofusionError(
            f"--host {host} --port {port}: this address cannot be used ({error.strerror or error}). Choose another "
            "port, or 0 for any that is free."
        ) from error


def serve(app: Starlette, at: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until an interruption. ready: is called once browsers can connect."""
    config = uvicorn.Config(app, log_level="warning", ws_max_size=MOST_BYTES, timeout_graceful_shutdown=2)
    _Server(config, ready).run(sockets=[at])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()
