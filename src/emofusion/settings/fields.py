"""How a setting is declared, in one place: its default, the values that it may have, and one line of meaning.

The declaration serves three readers: Hydra, which takes types and defaults from the dataclass; `check`, which holds
values against the allowed range before anything runs; and `docs/settings.md`, which is generated from it.
"""

import dataclasses
import math
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from omegaconf import MISSING

from emofusion.errors import EmofusionError

_METADATA = "setting"
# numpy and scikit-learn take seeds of 32 bits; a fold adds its number to it
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Setting:
    """What a field may hold besides its type. Bounds and choices of a list or a map hold for each of its values.

    Args:
        meaning: one line for the reference page.
        least, most: inclusive bounds of a number.
        above, below: exclusive bounds of a number.
        choices: the words that are allowed.
        shortest: how many entries a list or a map has at least.
        distinct: whether the entries of a list, or of each list in a map, differ from each other.
        filled: whether text, or each text of a list, has to have a letter.
    """

    meaning: str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    shortest: int = 0
    distinct: bool = False
    filled: bool = False

    def allowed(self) -> str:
        """The range in words, such as `from 0 to below 1`; empty where every value of the type is allowed."""
        if self.choices and not (self.shortest or self.distinct):
            return " or ".join(self.choices)
        words = [self._range()] if self._range() else []
        if self.shortest:
            words.append(f"at least {self.shortest} {'entry' if self.shortest == 1 else 'entries'}")
        if self.distinct:
            words.append("each once")
        if self.choices:
            words.append(f"out of {', '.join(self.choices)}")
        if self.filled:
            words.append("not empty")
        return ", ".join(words)

    def _range(self) -> str:
        """The bounds in words; empty where there are none."""
        low = f"from {_number(self.least)}" if self.least is not None else ""
        low = f"above {_number(self.above)}" if self.above is not None else low
        high = f"to {_number(self.most)}" if self.most is not None else ""
        high = f"below {_number(self.below)}" if self.below is not None else high
        if self.least is not None and not high:
            return f"{_number(self.least)} or more"
        if self.most is not None and not low:
            return f"{_number(self.most)} or less"
        if not (low and high):
            return low or high
        joints = {("from", "below"): " to ", ("above", "to"): " up ", ("above", "below"): " and "}
        return low + joints.get((low.split()[0], high.split()[0]), " ") + high

    def admits(self, value: Any) -> bool:
        """Whether a value lies in the range; None is always admitted, as its type decides about it."""
        if value is None:
            return True
        if isinstance(value, dict | list | tuple) and len(value) < self.shortest:
            return False
        if isinstance(value, dict):
            return all(self._admits_list(part) for part in value.values())
        return self._admits_list(value)

    def _admits_list(self, value: Any) -> bool:
        if not isinstance(value, list | tuple):
            return self._admits_one(value)
        return not (self.distinct and _has_repeats(value)) and all(map(self._admits_one, value))

    def _admits_one(self, value: Any) -> bool:
        if isinstance(value, str):
            return (value in self.choices or not self.choices) and (bool(value.strip()) or not self.filled)
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
    filled: bool = False,
) -> Any:
    """A dataclass field with its default, range and meaning; see `Setting` for the arguments.

    A setting without a default has to be given by the configuration. A default that is a list, a map or a dataclass is
    copied for each instance.
    """
    about = Setting(meaning, least, most, above, below, tuple(choices), shortest, distinct, filled)
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
            raise EmofusionError(f"{full}={shown(value)}: {declared.allowed() or 'a finite number'}")
        for part_name, part in _parts(value, full):
            if dataclasses.is_dataclass(part) and not isinstance(part, type):
                check(part, part_name)
    if hasattr(node, "check_together"):
        node.check_together(name)


def must(holds: bool, message: str) -> None:
    """Raise `EmofusionError(message)` unless the condition holds: for checks of values that depend on each other."""
    if not holds:
        raise EmofusionError(message)


def _has_repeats(values: Iterable[Any]) -> bool:
    texts = [repr(value) for value in values]
    return len(set(texts)) < len(texts)


def _parts(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A value, or the values in a list or a map, each with its full name."""
    if isinstance(value, list):
        yield from ((f"{name}[{number}]", part) for number, part in enumerate(value))
    elif isinstance(value, dict):
        yield from ((f"{name}.{key}", part) for key, part in value.items())
    else:
        yield name, value


def _number(value: float) -> str:
    """A bound as people write it: 0.5, 1000, 100,000."""
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 10_000 else f"{value:g}"


def shown(value: Any) -> str:
    """A value as it is typed on the command line."""
    if isinstance(value, list | tuple):
        return f"[{','.join(map(shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {shown(part)}' for key, part in value.items())}}}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
