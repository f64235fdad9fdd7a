"""How a setting is declared, in one place: its default, the values that it may have, and one line of meaning.

The declaration serves three readers: Hydra, which takes types and defaults from the dataclass; `check`, which holds
values against the allowed range before anything runs; and `docs/settings.md`, which is generated from it.
"""

import dataclasses
import math
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from omegaconf import MISSING

from emofusion.errors import EmofusionError

_METADATA = "setting"


@dataclass(frozen=True)
class Setting:
    """What a field may hold besides its type. Bounds and choices of a list or a map hold for each of its values.

    Args:
        meaning: one line for the reference page.
        least, most: inclusive bounds of a number.
        above, below: exclusive bounds of a number.
        choices: the words that are allowed.
        shortest: how many entries a list or a map has at least.
        distinct: whether the entries of a list differ from each other.
    """

    meaning: str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    shortest: int = 0
    distinct: bool = False

    def allowed(self) -> str:
        """The range in words, such as `from 0 to below 1`; empty where every value of the type is allowed."""
        if self.choices:
            return " or ".join(self.choices)
        low = f"from {self.least:g}" if self.least is not None else ""
        low = f"above {self.above:g}" if self.above is not None else low
        high = f"to {self.most:g}" if self.most is not None else ""
        high = f"below {self.below:g}" if self.below is not None else high
        if low.startswith("from") and not high:
            low = f"{self.least:g} or more"
        if high.startswith("to") and not low:
            high = f"{self.most:g} or less"
        joined = f"{low} to {high}" if low.startswith("from") and high.startswith("below") else f"{low} {high}"
        words = [joined.strip()] if joined.strip() else []
        if self.shortest:
            words.append(f"at least {self.shortest} {'entry' if self.shortest == 1 else 'entries'}")
        if self.distinct:
            words.append("each once")
        return ", ".join(words)

    def admits(self, value: Any) -> bool:
        """Whether a value lies in the range; None is always admitted, as its type decides about it."""
        if value is None:
            return True
        if isinstance(value, dict):
            return len(value) >= self.shortest and all(self._admits_one(part) for part in value.values())
        if isinstance(value, list | tuple):
            if len(value) < self.shortest or (self.distinct and _has_repeats(value)):
                return False
            return all(self._admits_one(part) for part in value)
        return self._admits_one(value)

    def _admits_one(self, value: Any) -> bool:
        if self.choices and isinstance(value, str):
            return value in self.choices
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return (
            math.isfinite(value)
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


def setting(
    meaning: str,
    default: Any = MISSING,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: Iterable[str] = (),
    shortest: int = 0,
    distinct: bool = False,
) -> Any:
    """A dataclass field with its default, range and meaning; see `Setting` for the arguments.

    A setting without a default has to be given by the configuration. A default that is a list, a map or a dataclass is
    copied for each instance.
    """
    about = Setting(meaning, least, most, above, below, tuple(choices), shortest, distinct)
    if isinstance(default, list | dict) or (dataclasses.is_dataclass(default) and not isinstance(default, type)):
        return dataclasses.field(default_factory=lambda: deepcopy(default), metadata={_METADATA: about})
    return dataclasses.field(default=default, metadata={_METADATA: about})


def about(field: dataclasses.Field[Any]) -> Setting:
    """The declaration of a field; one without any may hold every value of its type."""
    declared = field.metadata.get(_METADATA)
    return declared if isinstance(declared, Setting) else Setting("")


def check(node: Any, name: str) -> None:
    """Hold every value of a dataclass, and of those within it, against its range.

    Then each node's own method `check_together(name)`, where it has one, looks at values that depend on each other.

    Args:
        node: an instance of a dataclass whose fields are declared with `setting`.
        name: the node's full name in the configuration, such as `speech.network`; empty for the root.

    Raises:
        EmofusionError: names the setting, its value and the values that are allowed.
    """
    for field in dataclasses.fields(node):
        value, declared = getattr(node, field.name), about(field)
        full = f"{name}.{field.name}" if name else field.name
        if not declared.admits(value):
            allowed = declared.allowed()
            number = f": {allowed}" if allowed else ": a finite number"
            raise EmofusionError(f"{full}={_shown(value)}{number}")
        parts = value if isinstance(value, list) else [value]
        for number_of_part, part in enumerate(parts):
            if dataclasses.is_dataclass(part) and not isinstance(part, type):
                check(part, full if part is value else f"{full}[{number_of_part}]")
    if hasattr(node, "check_together"):
        node.check_together(name)


def must(holds: bool, message: str) -> None:
    """Raise `EmofusionError(message)` unless the condition holds: for checks of values that depend on each other."""
    if not holds:
        raise EmofusionError(message)


def _has_repeats(values: Iterable[Any]) -> bool:
    shown = [repr(value) for value in values]
    return len(set(shown)) < len(shown)


def _shown(value: Any) -> str:
    return f"[{','.join(map(str, value))}]" if isinstance(value, list | tuple) else str(value)
