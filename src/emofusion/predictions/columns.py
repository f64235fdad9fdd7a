"""What the columns of a table of posteriors mean: which column is which class, and which may be further classes.

Nothing is guessed: what is unclear is refused, with the setting that makes it clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.predictions.table import CLIP
from emofusion.settings.experiment import Posteriors

PREFIXES = ("", "p_", "logit_")
_SHOWN = 12


class Source(NamedTuple):
    """A table from elsewhere, for messages. path: its file. name: its settings, such as `speech.posteriors`."""

    path: str
    name: str

    def must(self, holds: bool, message: str) -> None:
        """Raise `EmofusionError` with a message about the file unless `holds` is true."""
        if not holds:
            raise EmofusionError(f"{self.path}: {message}")


@dataclass(frozen=True)
class ClassColumns:
    """The columns of a table.

    classes: emotion → its column. further: the columns of further classes. unclear: columns of numbers that may be
    further classes or something else, because classes have no prefix in this table. prefix: what stands before the
    classes.
    """

    classes: dict[str, str]
    further: list[str]
    unclear: list[str]
    prefix: str


def class_columns(table: pd.DataFrame, settings: Posteriors, emotions: Sequence[str], source: Source) -> ClassColumns:
    """Find the columns of the classes.

    The column of a class is named by the class, or by the word that `settings.labels` translates, after the prefix. The
    prefix is that of the settings; without one it is nothing, `p_` or `logit_`. A word in `settings.labels` can also be
    the whole name of a column.

    Args:
        table: its columns have texts as names, each once.
        settings: prefix, labels, and the emotions without a column.
        emotions: the classes of the experiment, and the emotions that are merged into one of them.
        source: the table, for messages.

    Raises:
        EmofusionError: columns with several prefixes look like classes; two columns belong to one class; no column
            belongs to a class; or a class that should have no column has one.
    """
    names = list(table.columns)
    words = {emotion: emotion for emotion in emotions} | settings.labels
    # a word in `labels` that is the name of a column says itself what the column means
    named = [word for word in settings.labels if word in names]
    prefixes = PREFIXES if settings.prefix is None else (settings.prefix,)
    found = {prefix: [word for word in words if prefix + word in names and word not in named] for prefix in prefixes}
    several = [prefix for prefix, there in found.items() if there]
    if len(several) > 1:
        first, second = (prefix + found[prefix][0] for prefix in several[:2])
        choices = " or ".join(f"{source.name}.prefix={prefix or repr('')}" for prefix in several)
        raise EmofusionError(
            f"{source.path}: {first} and {second} both look like columns of classes; say which are meant with "
            f"{choices}, or rename columns"
        )
    prefix = several[0] if several else prefixes[0]
    classes: dict[str, str] = {}
    for word, column in [(word, word) for word in named] + [(word, prefix + word) for word in found[prefix]]:
        other = classes.setdefault(words[word], column)
        source.must(other == column, f"both {other} and {column} are columns of {words[word]}; rename one")
    contradicted = [column for emotion, column in classes.items() if emotion in settings.without]
    source.must(
        not contradicted or settings.other_columns == "drop",
        f"has the column {', '.join(contradicted)}, and {source.name}.without=[{','.join(settings.without)}] says that "
        f"there is none; set {source.name}.without=[], or leave the column out with {source.name}.other_columns=drop",
    )
    classes = {emotion: column for emotion, column in classes.items() if emotion not in settings.without}
    source.must(bool(classes), f"has no column of a class; {_advice(names, list(words), [], source.name)}")
    others = [column for column in names if column not in classes.values() and column not in CLIP]
    further = [column for column in others if (prefix and column.startswith(prefix)) or column in contradicted]
    unclear = [] if prefix else [column for column in others if column not in further and _has_numbers(table[column])]
    return ClassColumns(classes, further, unclear, prefix)


def no_column(table: pd.DataFrame, missing: Sequence[str], settings: Posteriors, source: Source) -> EmofusionError:
    """The error for classes without a column, with the setting that is likely to help.

    Args:
        table: its columns have texts as names.
        missing: the classes.
        settings: of the table.
        source: the table, for messages.
    """
    words = [*missing, *(word for word, emotion in settings.labels.items() if emotion in missing)]
    advice = _advice(list(table.columns), words, missing, source.name)
    return EmofusionError(f"{source.path}: has no column for {', '.join(missing)}; {advice}")


def all_minus_infinity(table: pd.DataFrame) -> list[str]:
    """The columns with minus infinity in every row: the classes that a model of emofusion does not know."""
    numbers = table.select_dtypes("number")
    return list(numbers.columns[(numbers == -np.inf).all()]) if len(table) else []


def _advice(columns: Sequence[str], words: Sequence[str], missing: Sequence[str], name: str) -> str:
    """What to set, so that words are found among the names of columns."""
    ending = [(word, column) for word in words for column in columns if column.endswith(word) and column not in CLIP]
    starts = [column.removesuffix(word) for word, column in ending if column != word]
    if starts:
        prefix = max(starts, key=starts.count)
        example = next(column for word, column in ending if column == prefix + word)
        return f"if {example} is one, set {name}.prefix={prefix}"
    cases = {column.casefold(): column for column in columns}
    for word in words:
        if (column := cases.get(word.casefold())) and column != word:
            return f"if {column} is one, set {name}.labels={{{column}: {word}}}"
    there = [column for column in columns if column not in CLIP]
    more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
    first = f"name what it does not know in {name}.without, or translate" if missing else "translate"
    return f"{first} its words with {name}.labels={{word: class}}; its columns are {', '.join(there[:_SHOWN])}{more}"


def _has_numbers(column: pd.Series) -> bool:
    """Whether a column may be that of a class."""
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))
