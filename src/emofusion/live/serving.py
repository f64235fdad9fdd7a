"""Run an application with uvicorn on a socket that is there before the model is loaded."""

import ipaddress
import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from emofusion.errors import EmofusionError
from emofusion.live.server import MOST_BYTES


def listening(host: str, port: int) -> socket.socket:
    """A socket at an address. port: 0 for any that is free. Raises `EmofusionError` where it cannot be used."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise EmofusionError(
            f"--host {host} --port {port}: this address cannot be used ({error.strerror or error}). Choose another "
            "port, or 0 for any that is free."
        ) from error


def address_of(at: socket.socket, host: str) -> str:
    """The address of the page, for a browser on this machine. host: as it was asked for."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{at.getsockname()[1]}/"


def hosts_of(host: str) -> list[str]:
    """The names by which browsers may know the server: where it is on the loopback address, only those of this machine.

    host: as it was asked for.
    """
    if ":" in host:
        return ["*"]  # Starlette cannot compare addresses of IPv6
    try:
        is_loopback = all(ipaddress.ip_address(one[4][0]).is_loopback for one in socket.getaddrinfo(host, None))
    except (OSError, ValueError):
        is_loopback = False
    return ["127.0.0.1", "localhost", host] if is_loopback else ["*"]


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
