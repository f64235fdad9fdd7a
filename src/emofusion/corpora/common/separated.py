"""Tables of text, as spreadsheets write them: what separates their columns, and the names of these."""

import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, cast

from emofusion.errors import EmofusionError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}


def separator_of(header: str) -> str:
    """What separates the names in a table's first line: a comma, a semicolon or a tab, whichever is there most often.

    A comma where there is none of them, because a table may have one column.
    """
    return max(SEPARATORS, key=header.count)


def lines_of(path: Path) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """The columns of a table, and number and values of each of its lines. The first line with values has number 2.

    Columns may be separated by commas, semicolons or tabs, and the text may begin with a byte order mark. Names of
    columns become lower case, without blanks at their ends; values lose blanks at their ends. Empty lines are no lines.

    Raises:
        EmofusionError: the file is no such table in UTF-8; a quote is never closed; two columns have the same name; or,
            while lines are taken, a line has more values than there are columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise EmofusionError(
            f"cannot read {path} as CSV in UTF-8: {error}. Save it again as CSV in UTF-8: spreadsheets have this as a "
            "format of its own."
        ) from error
    first, newline, rest = text.partition("\n")
    if first.strip().lower().startswith("sep="):  # a spreadsheet's own first line
        text = newline + rest
    separator = separator_of(text.lstrip("\r\n").partition("\n")[0])
    _check_quotes(path, text, separator)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header = next((row for row in reader if any(cell.strip() for cell in row)), [])
    except csv.Error as error:
        raise EmofusionError(f"cannot read {path} as CSV: {error}") from error
    columns = [name.strip().lower() for name in header]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise EmofusionError(f"{path} has several columns {', '.join(twice)} (case does not count): rename one of them")
    return columns, _values(path, reader, columns, separator)


def _check_quotes(path: Path, text: str, separator: str) -> None:
    """Raise `EmofusionError` where a quote is never closed, so that one value has all further lines in it."""
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            pass
    except csv.Error as error:
        if "end of data" in str(error):
            raise EmofusionError(f"{path}: a quote at the beginning of a value is never closed: close it") from error


def _values(path: Path, reader: Any, columns: list[str], separator: str) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            number: int = reader.line_num
            if any(cells[len(columns) :]):
                raise EmofusionError(
                    f"{path}: line {number} has {len(cells)} values, and there are {len(columns)} columns, separated "
                    f"by {SEPARATORS[separator]}: put quotes around a value that contains a {separator!r}"
                )
            cells += [""] * (len(columns) - len(cells))
            yield number, {name: cell for name, cell in zip(columns, cells, strict=False) if name}
    except csv.Error as error:
        raise EmofusionError(f"cannot read {path} as CSV: {error}") from error


def whole_lines(path: Path, needed: Collection[str], advice: str = "") -> Iterator[tuple[int, dict[str, str]]]:
    """Number and values of each line of a CSV file that others distribute, with commas and the names of its columns.

    Args:
        path: the file.
        needed: columns that each line must have a value of, which may be empty.
        advice: what to do where a column is missing; it begins with a full stop.

    Raises:
        EmofusionError: the file cannot be read, lacks a column, or has a line with more values than there are columns,
            or too few.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = list(reader.fieldnames or [])
            if missing := [column for column in needed if column not in names]:
                raise EmofusionError(f"{path} has no column {', '.join(missing)}; it has {', '.join(names)}{advice}")
            for line in reader:
                surplus = cast("dict[str | None, list[str]]", line).pop(None, [])
                if any(cell.strip() for cell in surplus) or any(line[column] is None for column in needed):
                    number = len(surplus) + sum(value is not None for value in line.values())
                    raise EmofusionError(
                        f"{path}: line {reader.line_num} has {number} values, and there are {len(line)} columns: put "
                        "quotes around a value that contains a comma, or complete the line"
                    )
                yield reader.line_num, line
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EmofusionError(f"cannot read {path} as CSV in UTF-8: {error}") from error


def is_number(text: str) -> bool:
    """Whether a text is a whole number in the digits 0 to 9."""
    return text.isascii() and text.isdigit()


def lacks(path: Path, columns: Collection[str], needed: Collection[str]) -> EmofusionError | None:
    """The error that a table lacks columns and has others; None where it has all of `needed`."""
    missing = [column for column in needed if column not in columns]
    if not missing:
        return None
    return EmofusionError(f"{path} lacks the column {', '.join(missing)}; it has {', '.join(columns) or 'none'}")
