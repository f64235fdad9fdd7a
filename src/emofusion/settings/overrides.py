"""The overrides of a command line, in Hydra's grammar: separated, parsed, and expanded into cells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice, product
from math import prod
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, QuotedString
from hydra.errors import HydraException

from emofusion.errors import EmofusionError

MOST_CELLS = 100_000


@dataclass(frozen=True)
class Assignment:
    """One override of a single cell: `text` as it is written, and what it says.

    key: the setting's full name, or the group's. package: where a group's choice goes, as in `+speech@own=cnn1d`.
    value: the value, or the group's choice. adds, deletes: whether it begins with `+` or `~`.
    """

    text: str
    key: str
    package: str | None
    value: Any
    adds: bool
    deletes: bool


def split_overrides(text: str | Iterable[str] | Mapping[str, str] | None) -> list[str]:
    """The single overrides in a text such as `speech=lstm seed=3`; blanks within brackets or quotes do not separate.

    Snakemake takes a text with one colon, such as `emotions.merge={calm: neutral}`, for a map; it is put
    together again.

    Raises `EmofusionError` where a bracket or a quote is left open.
    """
    if isinstance(text, Mapping):
        text = " ".join(f"{key}: {value}" for key, value in text.items())
    if not isinstance(text, str):
        return [str(item) for item in text or []]
    overrides, pending = [], ""
    for piece in text.split():
        pending = f"{pending} {piece}".strip()
        brackets_match = all(pending.count(a) == pending.count(b) for a, b in ("()", "[]", "{}"))
        if brackets_match and not (pending.count("'") % 2 or pending.count('"') % 2):
            overrides.append(pending)
            pending = ""
    if pending:
        raise EmofusionError(f"override: a bracket or a quote is left open in: {pending}")
    return overrides


def expand(overrides: list[str]) -> list[list[str]]:
    """All combinations that sweeps such as `speech=cnn1d,lstm seed=range(0,3)` stand for, by Hydra's own grammar.

    Raises `EmofusionError` that quotes an override which is not in that grammar, names no value, names one twice, or
    sets what another override has set; and where there would be more than `MOST_CELLS` combinations.
    """
    alternatives = [_alternatives(override) for override in overrides]
    keys = [_parsed(choices[0]).get_key_element().lstrip("+~") for choices in alternatives]
    if twice := [key for key in keys if keys.count(key) > 1]:
        raise EmofusionError(f"override: {twice[0]} is set twice; a sweep is written {twice[0]}=first,second")
    if (cells := prod(map(len, alternatives))) > MOST_CELLS:
        raise EmofusionError(f"override: {cells:,} combinations; one command plans at most {MOST_CELLS:,}")
    return [list(combination) for combination in product(*alternatives)]


@cache
def parse(override: str) -> Assignment:
    """What one override, which is not a sweep, says."""
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
    values = list(islice(parsed.sweep_string_iterator(), MOST_CELLS + 1))
    if not values:
        raise EmofusionError(f"override: {override} names no value at all")
    if len(values) > MOST_CELLS:
        raise EmofusionError(f"override: {override} names more than {MOST_CELLS:,} values; one command plans fewer")
    if len(set(values)) < len(values):
        raise EmofusionError(f"override: {override} names a value twice")
    return [f"{key}={value}" for value in values]


@cache
def _parsed(override: str) -> Override:
    try:
        parsed: Override = OverridesParser.create().parse_overrides([override])[0]
    except HydraException as error:
        raise EmofusionError(
            f"override: {override} is not written as name=value ({str(error).splitlines()[0]}); values with blanks or "
            "signs stand in quotes, as in report.title='Two words'"
        ) from error
    if not parsed.key_or_group:
        raise EmofusionError(f"override: {override} names no setting; it is written name=value")
    return parsed


def _plain(value: Any) -> Any:
    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    return value
