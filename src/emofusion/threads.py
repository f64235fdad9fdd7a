"""Limit the threads of numerical libraries, many times a second."""

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def limited_threads(threads: int) -> AbstractContextManager[Any]:
    """A context manager like `threadpoolctl.threadpool_limits`, which takes microseconds instead of milliseconds.

    The libraries are looked for at the first call only, so call it first when all of them are loaded.
    """
    limit: AbstractContextManager[Any] = _controller().limit(limits=threads)
    return limit


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
