"""The tables that stages exchange. Their schemas are checked on every write and every read."""

import csv
import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from emofusion.corpora.common.separated import separator_of
from emofusion.emotions import GENDERS, UNKNOWN
from emofusion.errors import EmofusionError

# The columns of a prediction table for each class: `logit_<emotion>`, in the order of the classes. A row's softmax over
# these columns gives the posteriors. A class that the model does not know has minus infinity in every row.
LOGIT = "logit_"
# The columns of a sweep for each modality: `weight_<modality>`, its weight in the fusion.
WEIGHT = "weight_"

# The columns that say which row of a table made elsewhere belongs to which clip.
_KEYS = {"clip", "fold", "split"}
_SURPLUS = "\0"  # what names of columns begin with that a CSV file does not name
# What stands for a missing number in a CSV file.
_MISSING = ["", "NA", "N/A", "#N/A", "n/a", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None"]

# Emotions are any words: those that the setting `emotions.classes` lists are the classes.
_emotion = pa.Column(str, pa.Check.str_length(min_value=1))
_clip = {
    "clip": pa.Column(str),
    "corpus": pa.Column(str),
    "actor": pa.Column(str),
    "gender": pa.Column(str, pa.Check.isin([*GENDERS, UNKNOWN])),
    "emotion": _emotion,
}
_split = {
    "fold": pa.Column("int64", pa.Check.ge(0)),
    "split": pa.Column(str, pa.Check.isin(["train", "validation", "test"])),
}

# A recording of a corpus. `audio`, `image` and `video` are paths, missing where the corpus has no such file. `content`
# has the medium and a hash of each file, and `spelling` the actor as the corpus writes it, where it does so in several
# ways. `skipped` says what is wrong with the file of a clip that is left out. A corpus may have further columns.
CLIPS = pa.DataFrameSchema(
    {
        **_clip,
        "intensity": pa.Column(str, nullable=True),
        "statement": pa.Column(str, nullable=True),
        "audio": pa.Column(str, nullable=True),
        "image": pa.Column(str, nullable=True),
        "video": pa.Column(str, nullable=True),
        "content": pa.Column(str, nullable=True, required=False),
        "skipped": pa.Column(str, nullable=True, required=False),
        "spelling": pa.Column(str, nullable=True, required=False),
    },
    unique=["clip"],
)

# What the corpora of a protocol say about each clip; besides these, all columns that one of them has.
FACTS = pa.DataFrameSchema(_clip, unique=["clip"])

# Whether a clip trains, validates or tests in a fold of a protocol, or is set apart for enrolment there. A clip that a
# fold does not use has no row for it. `enrolment` is the number of a speaker's enrolment clip, from 1, and 0 for other
# clips; those of speakers who are tested in no fold may train. The column is missing where the protocol has no
# enrolment.
SPLIT = pa.DataFrameSchema(
    {
        **_clip,
        "fold": _split["fold"],
        "split": pa.Column(str, pa.Check.isin(["train", "validation", "test", "enrolment"])),
        "enrolment": pa.Column("int64", pa.Check.ge(0), required=False),
    },
    unique=["clip", "fold"],
)

# A clip scored by one model; besides these, `logit_<emotion>` for each class.
PREDICTIONS = pa.DataFrameSchema(
    {**_clip, **_split, f"^{LOGIT}.+$": pa.Column("float64", regex=True)},
    unique=["clip", "fold"],
    strict=True,
)

# A fusion rule; and a test clip scored by one of several rules. `fitted_on` says in words which clips the rule learnt
# from.
_about_rule = {
    "rule": pa.Column(str),
    "label": pa.Column(str),
    "kind": pa.Column(str, pa.Check.isin(["rule", "baseline", "oracle", "reference"])),
    "fitted_on": pa.Column(str),
    "transductive": pa.Column(bool),
}
ABOUT_RULE = list(_about_rule)
RULES = pa.DataFrameSchema(_about_rule, unique=["rule"], strict=True)
FUSED = pa.DataFrameSchema(
    {**_about_rule, **PREDICTIONS.columns},
    unique=["rule", "clip", "fold"],
    strict=True,
)

# A parameter of a fusion rule, fitted for one group of test clips, and the number of clips that it was fitted on.
PARAMETERS = pa.DataFrameSchema(
    {
        "rule": pa.Column(str),
        "group": pa.Column("int64"),
        "clips": pa.Column("int64"),
        "name": pa.Column(str),
        "value": pa.Column("float64"),
    },
    unique=["rule", "group", "name"],
    strict=True,
    coerce=True,
)

# One epoch of one fold and seed. Losses are means of the cross-entropy in nats, accuracies are fractions; those of
# validation are missing where no clip validates. `seconds` is the time of training and validating, without checkpoints.
HISTORY = pa.DataFrameSchema(
    {
        "seed": pa.Column("int64"),
        "fold": pa.Column("int64"),
        "epoch": pa.Column("int64"),
        "train_loss": pa.Column("float64"),
        "train_accuracy": pa.Column("float64", pa.Check.in_range(0, 1)),
        "validation_loss": pa.Column("float64", nullable=True),
        "validation_accuracy": pa.Column("float64", pa.Check.in_range(0, 1), nullable=True),
        "seconds": pa.Column("float64", pa.Check.ge(0)),
    },
    unique=["seed", "fold", "epoch"],
)

_rule_and_weights = {
    "rule": pa.Column(str),
    f"^{WEIGHT}[a-z0-9_]+$": pa.Column("float64", pa.Check.in_range(0, 1), regex=True),
}

# A fusion rule with one choice of weights, on one subset of the clips; `all` stands for every gender or emotion. `low`
# and `high` are the interval of the accuracy over actors, and are missing on validation clips.
SWEEP = pa.DataFrameSchema(
    {
        **_rule_and_weights,
        "split": pa.Column(str, pa.Check.isin(["validation", "test"])),
        "gender": pa.Column(str, pa.Check.isin(["all", *GENDERS])),
        "emotion": _emotion,
        "correct": pa.Column("int64", pa.Check.ge(0)),
        "clips": pa.Column("int64", pa.Check.ge(0)),
        "actors": pa.Column("int64", pa.Check.ge(0)),
        **{name: pa.Column("float64", pa.Check.in_range(0, 1), nullable=True) for name in ("accuracy", "low", "high")},
    },
    strict=True,
)

# For the same rule and weights, the accuracy of men minus that of women on test clips, with an interval of that kind.
SWEEP_GAPS = pa.DataFrameSchema(
    {
        **_rule_and_weights,
        "emotion": _emotion,
        **{name: pa.Column("float64", pa.Check.in_range(-1, 1), nullable=True) for name in ("gap", "low", "high")},
        **{name: pa.Column("int64", pa.Check.ge(0)) for name in ("male_clips", "female_clips")},
    },
    strict=True,
)

# For the same rule and weights, the number of test clips by their emotion and the emotion that is predicted.
SWEEP_CONFUSION = pa.DataFrameSchema(
    {
        **_rule_and_weights,
        "emotion": _emotion,
        "predicted": _emotion,
        "clips": pa.Column("int64", pa.Check.ge(0)),
    },
    strict=True,
)

CHECKED = "checked"  # in a Parquet file's metadata: the fingerprint of the schema

# The tables of a sweep by the names of their files.
SWEEPS = {"sweep": SWEEP, "sweep_gaps": SWEEP_GAPS, "sweep_confusion": SWEEP_CONFUSION}


def classes_of(predictions: pd.DataFrame) -> list[str]:
    """The classes that a prediction table has a column for, in their order."""
    return [column.removeprefix(LOGIT) for column in predictions if column.startswith(LOGIT)]


def unknown_to(predictions: pd.DataFrame) -> list[str]:
    """The classes of a prediction table that its model does not know: minus infinity in every row."""
    return [
        emotion
        for emotion in classes_of(predictions)
        if len(predictions) and (predictions[LOGIT + emotion] == -np.inf).all()
    ]


def check(frame: pd.DataFrame, schema: pa.DataFrameSchema, name: str | Path) -> pd.DataFrame:
    """Check a table and return it. Raises `EmofusionError` that names the table and the wrong values.

    name: of the table, or its path, for the message.
    """
    try:
        return schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases[["column", "check", "failure_case"]].astype(str).drop_duplicates().head(5)
        lines = "; ".join(f"{row.column}: {row.check} fails for {row.failure_case}" for row in cases.itertuples())
        raise EmofusionError(f"{name} is not the table it should be: {lines}") from errors


def write_table(frame: pd.DataFrame, path: str | Path, schema: pa.DataFrameSchema) -> None:
    """Check a table and write it as Parquet. An interruption leaves no incomplete file. Raises as `check` does.

    The file says which schema it was checked against, so that `read_table` need not check it again.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    checked = check(frame, schema, path).copy(deep=False)
    checked.attrs = {CHECKED: fingerprint(schema)}
    numbers = list(checked.columns[checked.dtypes == "float64"])
    others = [column for column in checked if column not in numbers]
    # real numbers seldom repeat: split into bytes they take a fifth less room than in a dictionary
    checked.to_parquet(partial, index=False, compression="zstd", use_dictionary=others, use_byte_stream_split=numbers)
    partial.replace(path)


def read_table(path: str | Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Read a table. It is checked, unless `write_table` has checked it against this schema.

    Raises `EmofusionError` where the file is missing, damaged or another table.
    """
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise EmofusionError(f"cannot read the table {path}: {error}") from error
    was_checked = frame.attrs.get(CHECKED) == fingerprint(schema)
    frame.attrs = {}
    return frame if was_checked else check(frame, schema, path)


def fingerprint(schema: pa.DataFrameSchema) -> str:
    """A hash of what a schema asks for: columns, types, values, and what is unique."""

    def asked(checks: Iterable[pa.Check]) -> list[tuple[str | None, str]]:
        return [(one.name, repr(one.statistics)) for one in checks]

    columns = [
        (name, str(column.dtype), column.nullable, column.regex, column.required, asked(column.checks))
        for name, column in schema.columns.items()
    ]
    text = repr((columns, asked(schema.checks), schema.strict, schema.unique))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def sorted_by(frame: pd.DataFrame, column: str, order: Sequence[str]) -> pd.DataFrame:
    """The rows in the order of a column's values; rows with the same value keep their order."""
    position = {value: number for number, value in enumerate(order)}
    return frame.sort_values(column, key=lambda values: values.map(position), kind="stable", ignore_index=True)


def read_foreign(path: str | Path, text: Iterable[str] = ("clip",)) -> pd.DataFrame:
    """Read a table that was made elsewhere, CSV or Parquet.

    text: columns of a CSV file that are read as text, so that `007` stays what it is.

    Raises `EmofusionError` where the file has another type, is missing or is damaged.
    """
    path = Path(path)
    readers: dict[str, Callable[[], pd.DataFrame]] = {
        ".csv": lambda: _read_csv(path, set(text)),
        ".parquet": lambda: _read_parquet(path),
    }
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise EmofusionError(f"{path}: the name must end in .csv or .parquet")
    try:
        return readers[suffix]()
    except (OSError, ValueError) as error:  # pandas and pyarrow raise these for damaged files
        raise EmofusionError(f"{path}: cannot be read: {error}") from error


def _read_csv(path: Path, text: set[str]) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline()
        first = next((line for line in file if "," in line or "." in line), "")  # 1 or 0 may be written without either
    separator = separator_of(header)
    # spreadsheets that separate columns by semicolons or tabs may write 0,5 for a half
    decimal = "," if separator != "," and "," in first and "." not in first else "."
    form: dict[str, Any] = {"sep": separator, "decimal": decimal, "encoding": "utf-8-sig", "index_col": False}
    names = [str(name) for name in pd.read_csv(path, nrows=0, **form)]
    tidy = {name: _tidy(name, names, text) for name in names}
    # a name such as NA is a text and no missing value
    missing = {name: _MISSING for name in names if tidy[name] not in text}
    types = {name: str for name in names if tidy[name] in text}
    # pandas would take the first values of longer lines for an index, or drop the last ones
    surplus = [f"{_SURPLUS}{number}" for number in range(_columns_of_first_line(path, separator) - len(names))]
    table = pd.read_csv(
        path,
        header=0,
        names=[*names, *surplus],
        dtype=types | dict.fromkeys(surplus, str),
        keep_default_na=False,
        na_values=missing,
        **form,
    )
    filled = (table[surplus].apply(lambda column: column.str.strip()).fillna("") != "").any(axis=1)
    if filled.any():
        raise EmofusionError(
            f"{path}: {filled.sum()} of {len(table)} lines have more values than the {len(names)} columns, as line "
            f"{filled.idxmax() + 2}: put quotes around a value that contains a {separator!r}"
        )
    return table[names].rename(columns=tidy)


def _columns_of_first_line(path: Path, separator: str) -> int:
    """The number of values in the first line after the names."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = (line for line in csv.reader(file, delimiter=separator) if line)
        return len(next(islice(lines, 1, None), []))


def _read_parquet(path: Path) -> pd.DataFrame:
    """Raises `ValueError` where the file is damaged: pyarrow then raises errors of many kinds."""
    try:
        return pd.read_parquet(path)
    except OSError:
        raise
    except Exception as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _tidy(name: str, names: list[str], text: set[str]) -> str:
    """The name of a column without blanks at its ends; those that have a meaning of their own are in lower case."""
    stripped = name.strip()
    lower = stripped.lower()
    is_ours = lower in _KEYS and stripped not in text and lower not in names
    return lower if is_ours else stripped
