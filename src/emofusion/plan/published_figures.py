"""Figures of others that reports show beside ours: the lists `results` and `people` of a file in `conf/published/`."""

from dataclasses import dataclass
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.settings.fields import must, shown

LISTS = {"results": "published", "people": "people"}  # list → the kind of its figures
_KEYS = {"what": str, "accuracy": (int, float), "about": bool, "modalities": list, "clips": int, "folds": list}
_KEYS |= {"protocol": str, "source": str, "as_one": list, "gap": (int, float)}
_NEEDED = ("what", "accuracy", "protocol", "source")


@dataclass(frozen=True)
class PublishedFigure:
    """An accuracy that others have published, or that people have reached.

    kind: `published` or `people`. what: the model or the people. accuracy: in percent. gap: the accuracy for men minus
    the accuracy for women, in points; None where it is not known. about: whether the source only says about how much
    the accuracy is. modalities: what they had. clips: the number of tested clips; None where it is not known.
    folds: lists of test actors, one for each fold; empty where they are not known. as_one: groups of emotions that the
    source counts as right for each other. protocol: how it was tested, in words. source: where it stands.
    """

    kind: str
    what: str
    accuracy: float
    protocol: str
    source: str
    gap: float | None = None
    about: bool = False
    modalities: tuple[str, ...] = ()
    clips: int | None = None
    folds: tuple[tuple[str, ...], ...] = ()
    as_one: tuple[tuple[str, ...], ...] = ()


def published_figures(published: dict[str, Any] | None) -> list[PublishedFigure]:
    """The figures of a file in `conf/published/`, in its order.

    published: the content of the file. Raises `EmofusionError` for an entry that is not complete or has a wrong value.
    """
    figures = []
    for name, kind in LISTS.items():
        entries = (published or {}).get(name) or []
        must(isinstance(entries, list), f"published.{name}={shown(entries)}: this must be a list of figures")
        for number, entry in enumerate(entries):
            _check(entry, f"published.{name}[{number}]")
            lists = {key: tuple(tuple(map(str, group)) for group in entry.get(key, ())) for key in ("folds", "as_one")}
            modalities = tuple(map(str, entry.get("modalities", ())))
            figures.append(PublishedFigure(**{"kind": kind, **entry, **lists, "modalities": modalities}))
    return figures


def _check(entry: Any, where: str) -> None:
    from emofusion.audit.published import check_known  # imported here, because most experiments have no such figures

    must(isinstance(entry, dict), f"{where}: this must be a map with {', '.join(_NEEDED)}")
    check_known(entry, _KEYS, where)
    if missing := [name for name in _NEEDED if entry.get(name) in (None, "")]:
        raise EmofusionError(f"{where}.{missing[0]} is missing; each figure needs {', '.join(_NEEDED)}")
    for name, value in entry.items():
        kind: Any = _KEYS[name]
        is_right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        must(is_right, f"{where}.{name}={shown(value)}: not a value of this setting")
    must(0 <= entry["accuracy"] <= 100, f"{where}.accuracy={entry['accuracy']}: in percent, from 0 to 100")
    must(abs(entry.get("gap", 0)) <= 100, f"{where}.gap={entry.get('gap')}: in points, from -100 to 100")
    must(
        all(isinstance(fold, list) for fold in entry.get("folds", ())),
        f"{where}.folds: lists of test actors, as in [[1, 2], [3, 4]]",
    )
    groups = entry.get("as_one", [])
    named = [emotion for group in groups if isinstance(group, list) for emotion in group]
    must(
        all(isinstance(group, list) and len(group) > 1 for group in groups)
        and all(isinstance(emotion, str) for emotion in named)
        and len(named) == len(set(named)),
        f"{where}.as_one={shown(groups)}: lists of two or more emotions, each emotion once, as in [[neutral, calm]]",
    )
