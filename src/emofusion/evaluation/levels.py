"""The levels of a group, such as the age bands: each test clip's value in a column of the clip table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.emotions import UNKNOWN
from emofusion.errors import EmofusionError
from emofusion.evaluation.systems import Systems
from emofusion.people import in_natural_order, normal

MOST = 30  # levels; a number such as an age needs bands
_SHOWN = 3  # people that a message names


@dataclass(frozen=True)
class Levels:
    """The G levels of a group, for N clips of A actors.

    group: the column. names: the levels in natural order. of_clip: (N,), the position of each clip's level; -1 without
    one. of_people: whether each actor has the same level in all clips, as with age bands and unlike intensities,
    of which most actors have several.
    of_actor: (A,), the position of each actor's level; -1 where it is not known, or differs between clips.
    """

    group: str
    names: list[str]
    of_clip: NDArray[Any]
    of_people: bool
    of_actor: NDArray[Any]

    @property
    def labels(self) -> NDArray[Any]:
        """Each actor's level by name, `unknown` where there is none, (A,)."""
        labels: NDArray[Any] = np.array([*self.names, UNKNOWN], dtype=object)[self.of_actor]
        return labels


def levels_of(
    group: str, facts: pd.DataFrame, systems: Systems, bands: Mapping[str, Sequence[float]] | None = None
) -> Levels:
    """The levels of a group. Values that differ only in spelling, such as 1 and 01, are one level.

    Args:
        group: the name of a column of the clip table.
        facts: `tables.FACTS`, for at least the tested clips.
        systems: the systems on the tested clips.
        bands: column of numbers → the bounds of its bands, in ascending order.

    Raises:
        EmofusionError: no tested clip has a value in the column; it has too many values; bands are asked of values
            that are no numbers; or most people have one level, and some have several.
    """
    column, names = _names_of_tested(group, facts.set_index("clip").reindex(systems.clip), bands or {})
    of_clip = pd.Index(names).get_indexer(column)
    return Levels(group, names, of_clip, *_of_people(of_clip, systems))


def facts_of_tested(
    facts: Sequence[pd.DataFrame],
    splits: Sequence[pd.DataFrame],
    groups: Sequence[str],
    bands: Mapping[str, Sequence[float]],
    required: bool = True,
) -> pd.DataFrame:
    """What the corpora say about each test clip, a row for each clip, after a check that all groups can be reported.

    Args:
        facts: `tables.FACTS`, a table for each split.
        splits: `tables.SPLIT`.
        groups: names of columns of the clip table.
        bands: column of numbers → the bounds of its bands, in ascending order.
        required: whether a group that cannot be reported stops the run. Otherwise its column has no values afterwards,
            nor has that of a group of which all clips have the same level.

    Raises:
        EmofusionError: as for `levels_of`.
    """
    about = pd.concat(facts).groupby("clip", sort=False).first().reset_index()
    tested = {clip for split in splits for clip in split.loc[split["split"] == "test", "clip"]}
    about = about[about["clip"].isin(tested)].reset_index(drop=True)
    for group in groups:
        try:
            several = len(_names_of_tested(group, about.set_index("clip"), bands)[1]) > 1
        except EmofusionError:
            if required:
                raise
            several = False
        if not (required or several):
            about[group] = pd.Series(None, about.index, dtype="str")
    return about


def _names_of_tested(
    group: str, tested: pd.DataFrame, bands: Mapping[str, Sequence[float]]
) -> tuple[pd.Series, list[str]]:
    """`level_names` of the tested clips. Raises `EmofusionError` where the group cannot be reported."""
    if group not in tested or not (tested[group].notna() & (tested[group] != UNKNOWN)).any():
        known = [column for column in tested if tested[column].notna().any()]
        raise EmofusionError(
            f"evaluation.groups: no tested clip has a value in a column {group}; there are {', '.join(known)}"
        )
    column, names = level_names(tested[group].reset_index(drop=True), group, bands)
    if len(names) > MOST:
        raise EmofusionError(
            f"evaluation.groups: {group} has {len(names)} values among the tested clips, such as {names[0]} and "
            f"{names[-1]}; at most {MOST} can be compared. Numbers can be put into bands, as in "
            f"evaluation.bands={{{group}: [30, 50]}}"
        )
    _check_people(group, column, tested["actor"].reset_index(drop=True))
    return column, names


def _check_people(group: str, column: pd.Series, actor: pd.Series) -> None:
    """Raise `EmofusionError` if it is not clear whether a group divides people, or the clips of each person.

    One mistyped cell gives a person two levels. A test within people would then rest on this person alone.
    """
    pairs = pd.DataFrame({"actor": actor, "level": column}).dropna().drop_duplicates()
    levels = pairs.groupby("actor")["level"].agg(list)
    several = levels[levels.str.len() > 1]
    if 0 < len(several) <= len(levels) / 2:
        shown = "; ".join(f"{name} has {', '.join(found)}" for name, found in several.iloc[:_SHOWN].items())
        more = f"; and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
        one = len(levels) - len(several)
        raise EmofusionError(
            f"evaluation.groups: {group} has one value for {one} {'person' if one == 1 else 'people'}, and several for "
            f"{len(several)} ({shown}{more}). A group is compared between people, who have one value each, or within "
            f"people, most of whom have several. Correct the column {group}, or remove {group} from evaluation.groups"
        )


def level_names(column: pd.Series, group: str, bands: Mapping[str, Sequence[float]]) -> tuple[pd.Series, list[str]]:
    """Each clip's level by name, missing where it is not known, and the names of all levels in natural order.

    Args:
        column: the column of the clip table.
        group: its name.
        bands: column of numbers → the bounds of its bands.

    Raises:
        EmofusionError: bands are asked of values that are no numbers.
    """
    column = column.mask(column == UNKNOWN)
    if group in bands:
        return _in_bands(column, group, bands[group])
    forms = column.map(normal, na_action="ignore")
    spelled = pd.DataFrame({"form": forms, "written": column}).dropna().drop_duplicates()
    spelled = spelled.sort_values("written", key=lambda texts: texts.str.len(), kind="stable")
    name_of = spelled.drop_duplicates("form").set_index("form")["written"]
    return forms.map(name_of), in_natural_order(name_of)


def _of_people(of_clip: NDArray[Any], systems: Systems) -> tuple[bool, NDArray[Any]]:
    """Whether every actor has one level, and each actor's level."""
    pairs = pd.DataFrame({"actor": systems.actor, "level": of_clip})
    pairs = pairs[pairs["level"] >= 0].drop_duplicates()
    several = pairs["actor"].duplicated(keep=False)
    of_actor = np.full(len(systems.actors), -1)
    of_actor[pairs.loc[~several, "actor"]] = pairs.loc[~several, "level"]
    return not several.any(), of_actor


def _in_bands(column: pd.Series, group: str, bounds: Sequence[float]) -> tuple[pd.Series, list[str]]:
    """Each number's band by name, and the names of the bands that occur."""
    numbers = pd.to_numeric(column, errors="coerce")
    if (bad := numbers.isna() & column.notna()).any():
        raise EmofusionError(f"evaluation.bands.{group}: {column[bad].iloc[0]} is no number; give {group} no bands")
    edges = [f"{bound:g}" for bound in bounds]
    names = [f"below {edges[0]}", *(f"{a} to below {b}" for a, b in pairwise(edges)), f"{edges[-1]} or more"]
    position = np.searchsorted(np.asarray(bounds, dtype=float), numbers.to_numpy(), side="right")
    bands = pd.Series(np.array(names, dtype=object)[position], column.index).where(numbers.notna())
    return bands, [name for name in names if (bands == name).any()]
