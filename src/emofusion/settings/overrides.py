"""Separate and parse the overrides of a command line, and expand sweeps into cells. Hydra's grammar applies."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import islice, product
from math import ceil, isfinite, prod
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, QuotedString, RangeSweep
from hydra.errors import HydraException

from emofusion.errors import EmofusionError
from emofusion.settings.letters import check_value, spelled, unspelled

MOST_CELLS = 100_000
_QUOTES = "'\""
_CLOSED_BY = {"(": ")", "[": "]", "{": "}", "'": "'", '"': '"'}


@dataclass(frozen=True)
class Assignment:
    """One override of a single cell.

    text: the override as a user typed it. key: the full name of the setting or of the group. package: the node that a
    group's choice is applied to, such as `own` in `+speech@own=cnn1d`. value: the value, or the group's choice. adds:
    whether the text starts with `+`. deletes: whether it starts with `~`.
    """

    text: str
    key: str
    package: str | None
    value: Any
    adds: bool
    deletes: bool


def split_overrides(text: str | Iterable[str] | None) -> list[str]:
    """The single overrides in a text such as `speech=lstm seed=3`, each exactly as it stands in the text.

    White space separates overrides, except in quotes, in brackets, and after a backslash. Several overrides that are
    given one by one are not separated.

    Raises `EmofusionError` where a bracket or a quote is not closed.
    """
    if not isinstance(text, str):
        return [str(item) for item in text or []]
    overrides: list[str] = []
    start: int | None = None  # of the present override
    waiting: list[str] = []  # the brackets and the quote that are open, each as what closes it
    skipped = False  # whether a backslash precedes
    for position, letter in enumerate(text):
        inside_quotes = bool(waiting) and waiting[-1] in _QUOTES
        if letter.isspace() and not waiting and not skipped:
            if start is not None:
                overrides.append(text[start:position])
            start = None
            continue
        start = position if start is None else start
        if skipped or letter == "\\":
            skipped = not skipped
        elif waiting and letter == waiting[-1]:
            waiting.pop()
        elif letter in _CLOSED_BY and not inside_quotes:
            waiting.append(_CLOSED_BY[letter])
    if start is not None:
        overrides.append(text[start:])
    if waiting:
        raise EmofusionError(
            f"override: a {'quote' if waiting[-1] in _QUOTES else 'bracket'} is not closed in: {overrides[-1]}; "
            f"{waiting[-1]} is missing. A quote within quotes is written \\{_QUOTES[0]} or \\{_QUOTES[1]}"
        )
    return overrides


@contextmanager
def naming(setting: str) -> Iterator[None]:
    """Errors inside speak of this setting, such as `baseline`, which is written like an override."""
    try:
        yield
    except EmofusionError as error:
        raise EmofusionError(f"{setting}: {str(error).removeprefix('override: ')}") from error


def key_of(override: str) -> str:
    """The setting or group that an override sets, such as `seed` or `speech@own`. It may be a sweep."""
    key: str = _parsed(override).get_key_element()
    return key.lstrip("+~")


def value_text(value: Any) -> str:
    """A parsed value as text, such as `0.7`, `lstm`, `[1,2]` or `{a: 1}`. Equal values have the same text."""
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(value_text, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {value_text(part)}' for name, part in sorted(value.items()))}}}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def expand(overrides: list[str]) -> list[list[str]]:
    """All combinations of the values in sweeps such as `speech=cnn1d,lstm seed=range(0,3)`.

    Raises:
        EmofusionError: an override does not follow Hydra's grammar, has no value, has a value twice, or sets the same
            setting as another override; or there are more than `MOST_CELLS` combinations.
    """
    alternatives = [_alternatives(override) for override in overrides]
    keys = [key_of(override) for override in overrides]
    if twice := [key for key in keys if keys.count(key) > 1]:
        raise EmofusionError(f"override: {twice[0]} is set twice; a sweep is written {twice[0]}=first,second")
    if (cells := prod(map(len, alternatives))) > MOST_CELLS:
        raise EmofusionError(f"override: {cells:,} combinations; one command plans at most {MOST_CELLS:,}")
    return [list(combination) for combination in product(*alternatives)]


@cache
def parse(override: str) -> Assignment:
    """Parse one override that is not a sweep. Raises `EmofusionError` where it does not follow Hydra's grammar."""
    parsed = _parsed(override)
    deletes = parsed.type == OverrideType.DEL
    value = None if deletes else _plain(parsed.value())
    adds = parsed.type in (OverrideType.ADD, OverrideType.FORCE_ADD)
    return Assignment(override, parsed.key_or_group, parsed.package, value, adds, deletes)


def _alternatives(override: str) -> list[str]:
    parsed = _parsed(override)
    if not parsed.is_sweep_override():
        return [override]
    if not parsed.is_discrete_sweep() or "glob(" in override:
        raise EmofusionError(f"override: {override} names no single values; list them, as in seed=0,1,2")
    key = parsed.get_key_element()
    values = list(islice(_values(parsed), MOST_CELLS + 1))
    if not values:
        raise EmofusionError(f"override: {override} names no value at all")
    if len(values) > MOST_CELLS:
        raise EmofusionError(f"override: {override} names more than {MOST_CELLS:,} values; one command plans fewer")
    if len(set(values)) < len(values):
        raise EmofusionError(f"override: {override} names a value twice")
    return [f"{key}={value}" for value in values]


def _values(sweep: Override) -> Iterator[str]:
    """The values of a sweep as text.

    Those of a range of decimals are exact, and in order. Hydra adds binary fractions, so that its `range(0,1.05,0.05)`
    contains 0.15000000000000002, and its `range(0,0.9,0.3)` contains 0.9.
    """
    spread = sweep.value()
    if isinstance(spread, RangeSweep):
        line = unspelled(str(sweep.input_line))
        if not spread.step:
            raise EmofusionError(f"override: {line}: the step of a range cannot be 0")
        if any(isinstance(end, float) and not isfinite(end) for end in (spread.start, spread.stop, spread.step)):
            raise EmofusionError(f"override: {line}: a range begins and ends with finite numbers")
    if not isinstance(spread, RangeSweep) or isinstance(spread.range(), range):
        return (unspelled(text) for text in sweep.sweep_string_iterator())
    start, stop, step = (Decimal(repr(number)) for number in (spread.start, spread.stop, spread.step))
    return (number_text(float(start + step * place)) for place in range(ceil((stop - start) / step)))


def number_text(number: float) -> str:
    """A number as short text that gives the number again, such as `0.7`, `1` or `1e-05`."""
    return repr(number).removesuffix(".0")


@cache
def _parsed(override: str) -> Override:
    key, equals, value = override.partition("=")
    check_value(override, key, value)
    try:
        parsed: Override = OverridesParser.create().parse_overrides([key + equals + spelled(value)])[0]
    except (HydraException, ValueError, RecursionError) as error:  # an endless number, or brackets in brackets
        line = unspelled(str(error).splitlines()[0])
        reason = "" if line.startswith("Lexer") else f" ({line})"  # the name of an exception helps nobody
        raise EmofusionError(
            f"override: {override} is not written as name=value{reason}; put values with spaces or special characters "
            "in quotes, as in report.title='Two words'"
        ) from error
    if not parsed.key_or_group:
        raise EmofusionError(f"override: {override} names no setting; it is written name=value")
    return parsed


def _plain(value: Any) -> Any:
    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {unspelled(str(name)): _plain(entry) for name, entry in value.items()}
    return unspelled(value) if isinstance(value, str) else value
