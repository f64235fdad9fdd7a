"""The values of `--config` as they were typed.

Snakemake reads a value as YAML and strips quotes from both of its ends: `report.title='Two words'` loses its last
quote, `emotions.merge={calm: neutral}` becomes a map, and ` #` begins a comment. None of that is meant for overrides,
which have a grammar of their own.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from emofusion.errors import EmofusionError


def typed_value(name: str, arguments: Iterable[str] | None, config: Mapping[str, Any]) -> Any:
    """The value of a setting of the command line, exactly as typed, or as a configuration file of Snakemake has it.

    Args:
        name: the setting, such as `override`.
        arguments: what follows `--config` on the command line or in a profile, each as `name=value`.
        config: all settings as Snakemake has read them.

    Returns:
        A text from the command line; a value of any type from a file of `--configfile`; None where there is neither.

    Raises:
        EmofusionError: the setting is given twice, or is a map. Only one of two values could be used.
    """
    texts = [text.partition("=")[2] for text in arguments or [] if text.partition("=")[0] == name]
    if len(texts) > 1:
        raise EmofusionError(
            f'--config: {name} is given {len(texts)} times; write it once, as in override="seed=1 speech=lstm"'
        )
    value = texts[0] if texts else config.get(name)
    if isinstance(value, Mapping):
        raise EmofusionError(
            f"--configfile: {name} is a map; write a text or a list of texts, as in {name}: [seed=1, speech=lstm]"
        )
    return value
