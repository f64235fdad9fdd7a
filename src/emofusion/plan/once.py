"""Make a part of a plan once, and remember it: cells of a grid have most of it in common."""

from collections.abc import Callable
from typing import Any, TypeVar

Value = TypeVar("Value")


class Once:
    """Remembers results by the objects that they depend on."""

    def __init__(self) -> None:
        # key with ids of settings objects → result, settings objects; they are kept, so that no other gets their ids
        self._memory: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    def __call__(
        self, kind: tuple[Any, ...], settings: Any, make: Callable[[], Value], also: tuple[Any, ...] = ()
    ) -> Value:
        """The result of `make`, which is called once for each settings object and then remembered.

        Args:
            kind: what is made; it tells apart several results of one settings object.
            settings: the settings object that the result depends on.
            make: makes the result.
            also: further objects whose ids are in `kind`.
        """
        key = (*kind, id(settings))
        if key not in self._memory:
            self._memory[key] = (make(), (settings, *also))
        result: Value = self._memory[key][0]
        return result


def not_none(value: Value | None) -> Value:
    """The value, which is not None here."""
    assert value is not None
    return value
