"""Cells of the page's tables: what each shows, and the exact value of the CSV that it is sorted by."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from emofusion.emotions import EMOTIONS
from emofusion.reporting.report_page.numbers import MISSING, interval, share


@dataclass(frozen=True)
class Cell:
    """What is shown, what stands small beside it, what it sorts by (empty: always last), and what it means."""

    text: str
    beside: str = ""
    sort: str = ""
    numeric: bool = True
    title: str = ""


@dataclass(frozen=True)
class Table:
    """A table; `choose` says whether the rows of one rule can be chosen, where there are many; `note` stands below."""

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
    """A number, and its interval where the row has the two ends."""
    low, high = ends or (f"{name}_low", f"{name}_high")
    bare = bare_share if shown is share else shown
    beside = interval(row.get(low), row.get(high), bare) if low in row else ""
    return Cell(shown(row[name]), beside, "" if pd.isna(row[name]) else repr(float(row[name])))


def bare_share(fraction: float) -> str:
    """A share without the sign for percent."""
    return share(fraction, "")


def whole(count) -> Cell:
    """A count; a missing one is left empty."""
    return Cell("") if pd.isna(count) else Cell(f"{int(count)}", sort=f"{int(count)}")


NONE = "no gap, however large, would be found by so few actors"
ALIKE = "unknown: these actors are all alike, so nothing tells how actors vary"


def detectable(row: pd.Series) -> Cell:
    """The smallest gap between men and women that would be found."""
    if "detectable" not in row:
        return Cell(MISSING)
    if pd.isna(row["detectable"]) and min(row.get("male_actors", 0), row.get("female_actors", 0)) > 1:
        return Cell(MISSING, title=ALIKE)
    if pd.isna(row["detectable"]) or row["detectable"] > 1:
        return Cell("none", title=NONE)
    return value(row, "detectable", bare_share)


def emotion(name: str) -> Cell:
    """An emotion, sorted in the one order that emotions have; what is over all of them first."""
    return words(name, f"{EMOTIONS.index(name) + 1 if name in EMOTIONS else 0:02d}")


@dataclass(frozen=True)
class Context:
    """What rows need besides themselves: labels of rules, published values (`store.published_values`), clips of
    (rule, gender, emotion), the level of intervals."""

    labels: dict[str, str]
    published: dict
    modalities: list[str]
    counts: dict[tuple[str, str, str], int]
    level: str

    def clips(self, row: pd.Series, rule: str, emotion: str = "all") -> Cell:
        """The test clips of a row: its own count or, where it has none, all of the rule's or the emotion's."""
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
        """The published value beside a rule's: of the modality, or of the paper's fusion."""
        column = rule if rule in self.modalities else "fusion"
        found = self.published.get(column, {}).get(part, {}).get(emotion)
        return Cell(MISSING) if found is None else Cell(shown(found / 10000), sort=repr(found / 10000))
