"""The cells of the page's tables: their text, and the exact value of the CSV file that they are sorted by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from emofusion.emotions import RESERVED
from emofusion.reporting.numbers import MISSING, bare_share, interval, share

Row = Mapping[Any, Any]  # a row of a table: column → value


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    text: the text of the cell. beside: small print beside the text. sort: the sort key; cells with an empty key come
    last. numeric: whether the cell is aligned as a number. title: an explanation that the browser shows as a tooltip.
    """

    text: str
    beside: str = ""
    sort: str = ""
    numeric: bool = True
    title: str = ""


@dataclass(frozen=True)
class Table:
    """A table. choose: whether readers can select the rows of one rule in a long table. note: a line below it."""

    name: str
    caption: str
    columns: list[str]
    rows: list[list[Cell]]
    choose: bool = False
    note: str = ""


def words(text: str, sort: str | None = None) -> Cell:
    """A cell of words."""
    return Cell(str(text), sort=str(text) if sort is None else sort, numeric=False)


def value(row: Row, name: str, shown: Callable[[float], str], ends: tuple[str, str] | None = None) -> Cell:
    """A cell with a number of a row, and with its interval where the row has both ends.

    Args:
        row: a row of a table.
        name: the column of the number.
        shown: the function that turns the number into text.
        ends: the columns of the interval's ends; by default `<name>_low` and `<name>_high`.
    """
    low, high = ends or (f"{name}_low", f"{name}_high")
    bare = bare_share if shown is share else shown
    beside = interval(row[low], row[high], bare) if low in row and high in row else ""
    return Cell(
        shown(row[name]), beside, "" if pd.isna(row[name]) else f"{row[name]:.6g}"
    )  # more than is shown, to sort by


def whole(count: Any) -> Cell:
    """A cell with a count; empty where it is missing."""
    return Cell("") if pd.isna(count) else Cell(f"{int(count)}", sort=f"{int(count)}")


NONE = "with so few actors, no gap would be detected, however large"
ALIKE = "unknown: these actors do not differ, so the variation between actors cannot be estimated"


def minimum_detectable_gap(row: Row) -> Cell:
    """A cell with the smallest gap between men and women that a test with these actors is likely to detect."""
    if "minimum_detectable_gap" not in row:
        return Cell(MISSING)
    if pd.isna(row["minimum_detectable_gap"]) and min(row.get("male_actors", 0), row.get("female_actors", 0)) > 1:
        return Cell(MISSING, title=ALIKE)
    if pd.isna(row["minimum_detectable_gap"]) or row["minimum_detectable_gap"] > 1:
        return Cell("none", title=NONE)
    return value(row, "minimum_detectable_gap", bare_share)


@dataclass(frozen=True)
class Context:
    """Facts about the report that the cells of a row need.

    labels: rule → its label. published: see `store.published_values`. modalities: their names. counts: (rule, gender,
    emotion) → the number of clips. level: the level of the intervals, such as `95%`. metrics: the names of the metrics
    besides accuracy. classes: the classes of the experiment, in their order. systems: the configured rule and the
    modalities, see `details.systems_of`.
    """

    labels: dict[str, str]
    published: dict[str, Any]
    modalities: list[str]
    counts: dict[tuple[str, str, str], int]
    level: str
    metrics: list[str]
    classes: list[str]
    systems: list[str]

    def emotion(self, name: str) -> Cell:
        """A cell with an emotion. Rows over all emotions come first, then the classes, then other emotions."""
        places = {emotion: place for place, emotion in enumerate(self.classes, start=1)}
        return words(name, f"{0 if name in RESERVED else places.get(name, len(places) + 1):02d}")

    def clips(self, row: Row, rule: str, emotion: str = "all") -> Cell:
        """A cell with a row's number of test clips: from the row, or from the rule and emotion, or from the rule."""
        if "clips" in row:
            return whole(row["clips"])
        if "male_clips" in row and "female_clips" in row:
            return whole(row["male_clips"] + row["female_clips"])
        total = self.counts.get((rule, "all", "all"), max(self.counts.values(), default=0))
        return whole(self.counts.get((rule, "all", emotion), total))

    def rule(self, slug: str) -> Cell:
        """A cell with the label of a rule or modality."""
        return words(self.labels.get(slug, slug))

    def printed(self, rule: str, part: str, emotion: str, shown: Callable[[float], str] = share) -> Cell:
        """A cell with the published value for a modality; for a fusion rule, the value of the paper's fusion.

        part: `all`, `male`, `female` or `gap`.
        """
        column = rule if rule in self.modalities else "fusion"
        value = self.published.get(column, {}).get(part, {}).get(emotion)
        return Cell(MISSING) if value is None else Cell(shown(value / 10000), sort=repr(value / 10000))
