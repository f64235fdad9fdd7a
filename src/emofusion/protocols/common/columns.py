"""Columns of the clip table that divide the clips."""

import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.people import in_natural_order, normal
from emofusion.settings.exclude import leave_out_of

# The columns with files, or with what belongs to them.
FILES = ("audio", "image", "video", "content", "spelling")


def facts(clips: pd.DataFrame) -> pd.DataFrame:
    """What the corpora say about each clip: all columns of the clip tables with a value, except those about files.

    clips: `tables.CLIPS` of all corpora of a protocol.
    """
    return clips[[column for column in clips if column not in FILES and clips[column].notna().any()]]


def column_of(clips: pd.DataFrame, column: str, setting: str) -> pd.Series:
    """A column of the clip table, in which every clip has a value.

    Args:
        clips: the clips of a protocol.
        column: its name.
        setting: the setting that names it, for messages.

    Raises:
        EmofusionError: there is no such column, or a clip has no value in it.
    """
    where = f"{setting}={column}"
    if column not in clips or clips[column].isna().all():
        known = [name for name in clips if name not in FILES and clips[name].notna().any()]
        raise EmofusionError(
            f"{where}: no clip of {', '.join(clips['corpus'].unique())} has a value in a column {column}; there are "
            f"{', '.join(known)}. For your own recordings, add the column to the CSV file."
        )
    missing = clips[clips[column].isna()]
    if len(missing):
        row = missing.iloc[0]
        raise EmofusionError(
            f"{where}: {len(missing)} of {len(clips)} clips have no value in the column {column}, as {row['clip']} of "
            f"{row['corpus']}. Fill it in, or leave the clips out, with "
            f"{leave_out_of(clips, row['corpus'], missing.loc[missing['corpus'] == row['corpus'], 'clip'])}."
        )
    return clips[column]


def divided(clips: pd.DataFrame, column: str, setting: str, what: str) -> pd.Series:
    """The number of each clip's value in a column, from 0, in the natural order of the values (2 before 10).

    Values that differ only in spelling, such as 1 and 01, are the same (see `people.normal`).

    Args:
        clips: the clips of a protocol.
        column: the column's name.
        setting: the setting that names it, for messages.
        what: what the values are, for messages.

    Raises:
        EmofusionError: as from `column_of`, or there is only one value.
    """
    values = column_of(clips, column, setting).map(normal)
    ordered = in_natural_order(values.unique())
    if len(ordered) < 2:
        raise EmofusionError(f"{setting}={column}: all clips have the value {ordered[0]}; there must be two {what}")
    return values.map({value: number for number, value in enumerate(ordered)})
