"""Cells of the page's tables: what each shows, and the exact value of the CSV by which it is sorted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from emofusion.emotions import EMOTIONS
from emofusion.reporting.report_page.numbers import MISSING, bare_share, interval, share


@dataclass(frozen=True)
class Cell:
    """One cell.

    text: what it shows. beside: small print beside it. sort: what it is sorted by; a cell without comes last. numeric:
    whether it is aligned as a number. title: an explanation that appears when it is pointed at.
    """

    text: str
    beside: str = ""
    sort: str = ""
    numeric: bool = True
    title: str = ""


@dataclass(frozen=True)
class Table:
    """A table. choose: whether readers can choose the rows of one rule, where there are many. note: a line below it."""

    name: str
    caption: str
    columns: list[str]
    rows: list[list[Cell]]
    choose: bool = False
    note: str = ""


def words(text: str, sort: str | None = None) -> Cell:
    """A cell of words."""
    return Cell(str(text), sort=str(text) if sort is None else sort, numeric=False)


def value(row: pd.Series, name: str, shown: Callable[[float], str], ends: tuple[str, str] | None = None) -> Cell:
    """A number of a row, with its interval where the row has both ends.

    name: the number's column. shown: how it is written. ends: the columns of the ends, `<name>_low` and `<name>_high`
    if they are not given.
    """
    low, high = ends or (f"{name}_low", f"{name}_high")
    bare = bare_share if shown is share else shown
    beside = interval(row.get(low), row.get(high), bare) if low in row else ""
    return Cell(shown(row[name]), beside, "" if pd.isna(row[name]) else repr(float(row[name])))


def whole(count: Any) -> Cell:
    """A count; empty where it is missing."""
    return Cell("") if pd.isna(count) else Cell(f"{int(count)}", sort=f"{int(count)}")


NONE = "no gap, however large, would be found by so few actors"
ALIKE = "unknown: these actors are all alike, so nothing tells how actors vary"


def minimum_detectable_gap(row: pd.Series) -> Cell:
    """The smallest gap between men and women that so few actors would be likely to show."""
    if "minimum_detectable_gap" not in row:
        return Cell(MISSING)
    if pd.isna(row["minimum_detectable_gap"]) and min(row.get("male_actors", 0), row.get("female_actors", 0)) > 1:
        return Cell(MISSING, title=ALIKE)
    if pd.isna(row["minimum_detectable_gap"]) or row["minimum_detectable_gap"] > 1:
        return Cell("none", title=NONE)
    return value(row, "minimum_detectable_gap", bare_share)


def emotion(name: str) -> Cell:
    """An emotion. Emotions are sorted in the order of `EMOTIONS`, after what is over all of them."""
    return words(name, f"{EMOTIONS.index(name) + 1 if name in EMOTIONS else 0:02d}")


@dataclass(frozen=True)
class Context:
    """What the cells of a row need besides the row.

    labels: rule → its label. published: see `store.published_values`. counts: (rule, gender, emotion) → clips. level:
    of the intervals, such as `95%`. metrics: names of the metrics beside accuracy.
    """

    labels: dict[str, str]
    published: dict[str, Any]
    modalities: list[str]
    counts: dict[tuple[str, str, str], int]
    level: str
    metrics: list[str]

    def clips(self, row: pd.Series, rule: str, emotion: str = "all") -> Cell:
        """The test clips of a row: its own count, or else that of the rule and emotion, or else that of the rule."""
        if "clips" in row:
            return whole(row["clips"])
        if "male_clips" in row and "female_clips" in row:
            return whole(row["male_clips"] + row["female_clips"])
        total = self.counts.get((rule, "all", "all"), max(self.counts.values(), default=0))
        return whole(self.counts.get((rule, "all", emotion), total))

    def rule(self, slug: str) -> Cell:
        """The label of a rule or modality."""
        return words(self.labels.get(slug, slug))

    def printed(self, rule: str, part: str, emotion: str, shown: Callable[[float], str] = share) -> Cell:
        """The published value to stand beside a rule's: that of the modality, or of the paper's fusion.

        part: `all`, `male`, `female` or `gap`.
        """
        column = rule if rule in self.modalities else "fusion"
        value = self.published.get(column, {}).get(part, {}).get(emotion)
        return Cell(MISSING) if value is None else Cell(shown(value / 10000), sort=repr(value / 10000))
