"""The declaration of a setting: its default, its allowed values, and its meaning in one line.

It has three uses. Hydra reads types and defaults from the dataclass. `check` compares values with the allowed range
before anything runs. `docs/settings.md` is generated from it.
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
# numpy and scikit-learn accept seeds of 32 bits, and each fold adds its number to the seed
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Setting:
    """The allowed values of a field, in addition to its type. For a list or a map, they apply to each of its values.

    Args:
        meaning: one line for the reference page.
        least, most: inclusive bounds of a number.
        above, below: exclusive bounds of a number.
        choices: the allowed words.
        shortest: the smallest number of entries of a list or a map.
        distinct: whether the entries of a list, or of each list in a map, must differ from each other.
        filled: whether a text, or each text in a list, must have a character that is not blank.
        later: whether the setting was added later, so that keys of stages do not contain its default. Results that were
            made before keep their keys.
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
    later: bool = False

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
        """Whether a value is allowed. None is always allowed here, because the type of the field decides about it."""
        if value is None:
            return True
        if isinstance(value, dict | list | tuple) and len(value) < self.shortest:
            return False
        if isinstance(value, dict):
            return all(self._admits_list(entry) for entry in value.values())
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
    later: bool = False,
) -> Any:
    """A dataclass field with its default, range and meaning; see `Setting` for the arguments.

    The configuration must set a value where there is no default. A default that is a list, a map or a dataclass is
    copied for each instance.
    """
    about = Setting(meaning, least, most, above, below, tuple(choices), shortest, distinct, filled, later)
    if isinstance(default, list | dict) or (dataclasses.is_dataclass(default) and not isinstance(default, type)):
        return dataclasses.field(default_factory=lambda: deepcopy(default), metadata={_METADATA: about})
    return dataclasses.field(default=default, metadata={_METADATA: about})


def about(field: dataclasses.Field[Any]) -> Setting:
    """The declaration of a field. A field that was not made by `setting` allows every value of its type."""
    declared = field.metadata.get(_METADATA)
    return declared if isinstance(declared, Setting) else Setting("")


def is_in_key(node: Any, field: dataclasses.Field[Any]) -> bool:
    """Whether the key of a stage contains a field of its settings: not the default of a setting that is `later`."""
    if not about(field).later:
        return True
    default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    return bool(getattr(node, field.name) != default)


def check(node: Any, name: str) -> None:
    """Check that every value of a dataclass, and of the dataclasses in it, is allowed.

    A dataclass may have a method `check_together(name)`. It is called last, and checks values that depend on each
    other.

    Args:
        node: an instance of a dataclass whose fields are declared with `setting`.
        name: the node's full name in the configuration, such as `speech.network`; empty for the root.

    Raises:
        EmofusionError: a value is not allowed. The message names the setting, its value and the allowed values.
    """
    for field in dataclasses.fields(node):
        value, declared = getattr(node, field.name), about(field)
        full = f"{name}.{field.name}" if name else field.name
        if not declared.admits(value):
            raise EmofusionError(f"{full}={shown(value)}: {declared.allowed() or 'a finite number'}")
        for entry_name, entry in _entries(value, full):
            if dataclasses.is_dataclass(entry) and not isinstance(entry, type):
                check(entry, entry_name)
    if hasattr(node, "check_together"):
        node.check_together(name)


def must(holds: bool, message: str) -> None:
    """Raise `EmofusionError(message)` unless `holds` is true. Checks of values that depend on each other use it."""
    if not holds:
        raise EmofusionError(message)


def _has_repeats(values: Iterable[Any]) -> bool:
    texts = [repr(value) for value in values]
    return len(set(texts)) < len(texts)


def _entries(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The full name and the value of each entry of a list or a map; for other values, the name and the value."""
    if isinstance(value, list):
        yield from ((f"{name}[{number}]", entry) for number, entry in enumerate(value))
    elif isinstance(value, dict):
        yield from ((f"{name}.{key}", entry) for key, entry in value.items())
    else:
        yield name, value


def _number(value: float) -> str:
    """A bound as text, such as 0.5, 1000 or 100,000."""
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 10_000 else f"{value:g}"


def shown(value: Any) -> str:
    """A value as a user types it on the command line, such as `[1,2]`, `{a: 1}`, `null` or `true`."""
    if isinstance(value, list | tuple):
        return f"[{','.join(map(shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {shown(part)}' for key, part in value.items())}}}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
