"""Read and check a paper's tables from a file in `conf/published/`. Every printed value is kept exactly."""

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from emofusion.audit.rounding import decimals_of
from emofusion.errors import EmofusionError

EVERYONE = "all"
SCALES = {"percent": 100, "fraction": 1}
KEYS = {
    "source",
    "unit",
    "decimals",
    "table1",
    "table2",
    "labels",
    "names",
    "corpus",
    "clips",
    "maximum",
    "claims",
    "fusion",
    "results",  # figures that reports show and the audit ignores
    "people",
}
CORPUS_KEYS = {"name", "source", "clips_per_actor", "actors"}


@dataclass(frozen=True)
class Paper:
    """A paper's tables.

    source: where the tables are printed. scale: 100 for percent, 1 for fractions. decimals: the number of printed
    decimals. rows: (group, emotion) → column → printed value; the group of the first table is `all`.
    labels: `table1` and `table2` → the paper's names of the tables. names: emotion, group or column → the paper's name.
    corpus: the name of the test corpus. clips_per_actor: emotion → the number of its clips that each actor has. actors:
    group → the number of its actors in the corpus. The last two are empty where they are unknown.
    clips: (group, emotion) → the number of clips, where the paper states it. maximum: the largest number of clips of a
    row to try, where nothing is known about the corpus. claims: statements of the paper's text about the tables, see
    `claims`.
    """

    source: str
    scale: int
    decimals: int
    rows: dict[tuple[str, str], dict[str, Decimal]]
    labels: dict[str, str]
    names: dict[str, str]
    corpus: str = ""
    clips_per_actor: dict[str, int] = field(default_factory=dict)
    actors: dict[str, int] = field(default_factory=dict)
    clips: dict[tuple[str, str], int] = field(default_factory=dict)
    maximum: int = 1000
    claims: tuple[dict[str, Any], ...] = ()

    @property
    def groups(self) -> list[str]:
        """The groups of the second table, in the printed order, without `all`."""
        return [group for group in dict.fromkeys(group for group, _ in self.rows) if group != EVERYONE]

    @property
    def emotions(self) -> list[str]:
        """The emotions of both tables, in the printed order."""
        return list(dict.fromkeys(emotion for _, emotion in self.rows))

    @property
    def columns(self) -> list[str]:
        """The columns of both tables, in the printed order."""
        return list(dict.fromkeys(column for row in self.rows.values() for column in row))

    def table(self, group: str) -> str:
        """The table that has a group: `table1` or `table2`."""
        return "table1" if group == EVERYONE else "table2"

    def say(self, name: str) -> str:
        """The paper's name of an emotion, a group or a column."""
        return self.names.get(name, name.replace("_", " "))

    def show(self, value: Decimal) -> str:
        """A value as the paper prints it, such as `58.33 %`; `0.583` if the paper prints fractions."""
        return f"{value:.{self.decimals}f}" + (" %" if self.scale == 100 else "")

    def location(self, group: str, emotion: str, column: str = "") -> str:
        """Where a value is printed, such as `Table 2, male, angry, face`."""
        words = [self.say(name) for name in (group if group != EVERYONE else "", emotion, column) if name]
        return ", ".join([self.labels[self.table(group)], *words])


def only_one(nodes: list[Any]) -> dict[str, Any]:
    """The content of the file in `conf/published/` that a command names.

    nodes: the contents of all named files. Raises `EmofusionError` where the command names none or several.
    """
    if len(nodes) > 1:
        raise EmofusionError("published: a command can audit only one paper; name one file of conf/published/")
    if not nodes or nodes[0] is None:
        raise EmofusionError(
            "published=none: there are no published tables to audit; name a file of conf/published/, "
            'as in --config override="published=paper"'
        )
    paper: dict[str, Any] = nodes[0]
    return paper


def read_paper(node: dict[str, Any]) -> Paper:
    """Read and check a paper's tables.

    Args:
        node: the content of a file in `conf/published/`.

    Raises:
        EmofusionError: a setting does not exist; a value is not an accuracy in its unit, or has more decimals than
            stated; or the corpus lacks an emotion or a group of the tables. The message names the setting.
    """
    check_known(node, KEYS, "published")
    unit = node.get("unit", "percent")
    if unit not in SCALES:
        raise EmofusionError(f"published.unit={unit}: {' or '.join(SCALES)}")
    tables = {EVERYONE: _mapping(node, "table1"), **_mapping(node, "table2")}
    values = {
        (group, emotion): {
            column: _number(value, SCALES[unit], _setting(group, emotion, column))
            for column, value in _mapping(row, "", _setting(group, emotion)).items()
            if value is not None
        }
        for group, rows in tables.items()
        for emotion, row in _mapping(rows, "", _setting(group)).items()
    }
    values = {key: row for key, row in values.items() if row}
    if not values:
        raise EmofusionError("published: neither table1 nor table2 has a value")
    printed = max(decimals_of(value) for row in values.values() for value in row.values())
    decimals = node.get("decimals")
    decimals = max(printed, 0) if decimals is None else _whole(decimals, "published.decimals", 0)
    step = Decimal(1).scaleb(-decimals)
    for key, row in values.items():
        for column, value in row.items():
            if value != value.quantize(step):
                raise EmofusionError(f"{_setting(*key, column)}={value}: more than published.decimals={decimals}")
            row[column] = value.quantize(step)
    corpus = _mapping(node, "corpus")
    check_known(corpus, CORPUS_KEYS, "published.corpus")
    paper = Paper(
        source=str(node.get("source", "source not stated")).strip(),
        scale=SCALES[unit],
        decimals=decimals,
        rows=values,
        labels={"table1": "Table 1", "table2": "Table 2", **_mapping(node, "labels")},
        names=_mapping(node, "names"),
        corpus=corpus.get("name", "the test corpus"),
        clips_per_actor=_whole_each(corpus, "clips_per_actor", "published.corpus"),
        actors=_whole_each(corpus, "actors", "published.corpus"),
        clips={
            (group, emotion): _whole(clips, f"published.clips.{group}.{emotion}", 1)
            for group, row in _mapping(node, "clips").items()
            for emotion, clips in _mapping(row, "", f"published.clips.{group}").items()
        },
        maximum=_whole(node.get("maximum", 1000), "published.maximum", 1),
        claims=tuple(node.get("claims") or ()),
    )
    _check_corpus(paper)
    return paper


def _check_corpus(paper: Paper) -> None:
    """Raise `EmofusionError` where the facts about the corpus do not cover all rows of the tables."""
    if bool(paper.clips_per_actor) != bool(paper.actors):
        raise EmofusionError("published.corpus: clips_per_actor and actors are needed both, or neither")
    if not paper.actors:
        return
    for setting, needed, known in (
        ("clips_per_actor", paper.emotions, paper.clips_per_actor),
        ("actors", paper.groups, paper.actors),
    ):
        if missing := [name for name in needed if name not in known]:
            raise EmofusionError(f"published.corpus.{setting}: the tables have {', '.join(missing)}; add it here")


def _setting(group: str, *rest: str) -> str:
    """The full name of a setting within a group, such as `published.table2.male.sad`."""
    return ".".join(["published", *(["table1"] if group == EVERYONE else ["table2", group]), *rest])


def check_known(node: dict[str, Any], known: Collection[str], name: str) -> None:
    """Raise `EmofusionError` for a key that does not exist. name: the full name of the node."""
    if unknown := sorted(set(node) - set(known)):
        raise EmofusionError(f"{name}.{unknown[0]}: no such setting; known here: {', '.join(sorted(known))}")


def _mapping(node: Any, key: str, name: str = "") -> dict[Any, Any]:
    """The value of a key, which must be a map; an empty map where the key is missing.

    key: empty for the node itself. name: the full name of the map, for the message.
    """
    content = (node.get(key) or {}) if key else node
    if not isinstance(content, dict):
        raise EmofusionError(
            f"{name or f'published.{key}'}={content}: this must be a map of names and values, as in "
            "conf/published/paper.yaml"
        )
    return content


def _number(value: Any, scale: int, name: str) -> Decimal:
    """A printed accuracy as an exact number. Raises `EmofusionError` where the value is no accuracy."""
    try:
        number = Decimal(str(value)).normalize()
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or not 0 <= number <= scale:
        raise EmofusionError(f"{name}={value}: an accuracy from 0 to {scale}, or null where none is printed")
    return number


def _whole(value: Any, name: str, least: int) -> int:
    """The value, if it is a whole number of at least `least`; otherwise raise `EmofusionError`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise EmofusionError(f"{name}={value}: a whole number of at least {least}")
    return value


def _whole_each(node: dict[str, Any], key: str, name: str) -> dict[str, int]:
    """A map whose values are whole numbers of at least 1."""
    return {item: _whole(value, f"{name}.{key}.{item}", 1) for item, value in _mapping(node, key, name).items()}
