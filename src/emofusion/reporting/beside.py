"""Our figures beside those of others: published results and people, each with its protocol."""

from collections.abc import Mapping

import pandas as pd

from emofusion.evaluation.as_one import counted_as_one
from emofusion.people import normal
from emofusion.plan.published_figures import PublishedFigure, published_figures
from emofusion.plan.settings import ReportSettings
from emofusion.reporting.details import name_of, systems_of
from emofusion.reporting.facts import Facts
from emofusion.reporting.headline import CHOSEN
from emofusion.reporting.numbers import points, with_interval
from emofusion.reporting.wording import escaped, percent

COLUMNS = (
    "what",
    "kind",
    "modalities",
    "accuracy",
    "low",
    "high",
    "gap",
    "gap_low",
    "gap_high",
    "about",
    "clips",
    "same_folds",
    "as_one",
    "protocol",
    "source",
)
FIGURES = ("accuracy", "low", "high", "gap", "gap_low", "gap_high")
OURS = "ours"


def beside_table(rules: pd.DataFrame, tested: Mapping[str, pd.DataFrame], settings: ReportSettings) -> pd.DataFrame:
    """Our modalities, configured rule and chosen rule, and the figures of others; without rows where there are none.

    Where a source counts several emotions as one, ours stand before it a second time, counted in the same way.

    Columns: what, kind (`ours`, `published` or `people`), modalities (joined by +), accuracy (0–1) with its interval
    low and high (ours alone), gap (accuracy of men minus accuracy of women; missing where it is not known) with its
    interval gap_low and gap_high (ours alone), about (whether the source only says about how much the accuracy is),
    clips (missing where not known), same_folds (whether the test folds have the same actors as ours: yes, no, or not
    known; people have no training), as_one (the emotions that count as right for each other, in words; empty where
    there are none), protocol (of ours with a remark where they use all unlabelled clips of a test speaker), source.

    Args:
        rules: the report's table of rules and modalities.
        tested: modality or rule → the test rows of its prediction table; those of the configured rule have the folds
            that were tested.
        settings: the settings of the report.

    Raises:
        EmofusionError: an entry of `published` is not complete.
    """
    figures = published_figures(settings.published)
    if not figures:
        return pd.DataFrame(columns=list(COLUMNS))
    by_rule = rules.set_index("rule")
    systems = list(reversed(systems_of(settings)))
    if len(settings.modalities) > 1 and CHOSEN in by_rule.index and CHOSEN not in systems:
        systems.append(CHOSEN)
    own = _folds(tested[systems_of(settings)[0]].groupby("fold")["actor"].unique())
    rows = []
    for groups, of_way in ways_of_counting(figures, settings.classes).items():
        for system in systems:
            counted = counted_as_one(tested[system], groups, settings.confidence) if groups else {}
            rows.append(_ours(system, by_rule.loc[system], settings) | {"as_one": _in_words(groups)} | counted)
        rows += [_of(figure, own) for figure in of_way]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"clips": "Int64", **dict.fromkeys(FIGURES, float)})


_OURS = {"accuracy": "accuracy", "low": "accuracy_low", "high": "accuracy_high", "clips": "clips"}
_OURS |= {f"gap{end}": f"gender_gap{end}" for end in ("", "_low", "_high")}


def _ours(system: str, row: pd.Series, settings: ReportSettings) -> dict[str, object]:
    """The row of one of our systems. row: its row in the table of rules, where `transductive` may be missing."""
    if system in settings.modalities:
        what = name_of(system, settings)
    else:
        what = "Fusion, as configured" if system == settings.rule else "Fusion, the rule chosen on other folds"
    return {
        "what": what,
        "kind": OURS,
        "modalities": " + ".join([system] if system in settings.modalities else settings.modalities),
        **{name: row[column] for name, column in _OURS.items()},
        "about": False,
        "same_folds": "yes",
        "as_one": "",
        "protocol": (settings.protocol_description or settings.protocol)
        + ("; transductive" if row.get("transductive", False) else ""),
        "source": "this report",
    }


Groups = tuple[tuple[str, ...], ...]


def ways_of_counting(figures: list[PublishedFigure], classes: list[str]) -> dict[Groups, list[PublishedFigure]]:
    """The figures by the way in which their sources count our emotions: groups that count as one, first of all none.

    A group of which only one emotion is among our classes changes nothing for us, and is left out.
    """
    ways: dict[Groups, list[PublishedFigure]] = {(): []}
    for figure in figures:
        ours = (tuple(emotion for emotion in group if emotion in classes) for group in figure.as_one)
        ways.setdefault(tuple(group for group in ours if len(group) > 1), []).append(figure)
    return ways


def _in_words(groups: Groups) -> str:
    return "; ".join(" and ".join(group) for group in groups)


def _of(figure: PublishedFigure, own: frozenset[frozenset[str]]) -> dict[str, object]:
    same = "not known" if not figure.folds else "yes" if _folds(figure.folds) == own else "no"
    return {
        "what": figure.what,
        "kind": figure.kind,
        "modalities": " + ".join(figure.modalities),
        "accuracy": figure.accuracy / 100,
        "gap": None if figure.gap is None else figure.gap / 100,
        "about": figure.about,
        "clips": figure.clips,
        "same_folds": "no training" if figure.kind == "people" else same,
        "as_one": _in_words(figure.as_one),
        "protocol": figure.protocol,
        "source": figure.source,
    }


def _folds(folds: "pd.Series | tuple[tuple[str, ...], ...]") -> frozenset[frozenset[str]]:
    """Folds that can be compared: sets of actors, without the corpus before an actor's name."""
    return frozenset(frozenset(normal(str(actor).rpartition("-")[2]) for actor in fold) for fold in folds)


def beside_described(table: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """`beside_table` with the columns of `Facts.basis`; they are missing in the rows of others.

    The column protocol stays what it is, each row's own.
    """
    basis = {name: value for name, value in facts.basis().items() if name not in table}
    ours = table["kind"] == OURS
    return table.assign(
        **{name: pd.Series(value, table.index, dtype=object).where(ours) for name, value in basis.items()}
    )


def beside_markdown(table: pd.DataFrame, facts: Facts) -> str:
    """`beside_table` as Markdown, below the report's warnings: they say of ours what others do not need to say.

    Empty without rows.
    """
    if table.empty:
        return ""
    rows = [
        {
            "": f"**{escaped(row['what'])}**" if row["kind"] == OURS else escaped(row["what"]),
            "Modalities": row["modalities"],
            "Accuracy": accuracy_in_words(row),
            "Gender gap, points": with_interval((row["gap"], row["gap_low"], row["gap_high"]), points),
            "Clips": "–" if pd.isna(row["clips"]) else f"{row['clips']}",
            "Same test folds": row["same_folds"],
            **({"Count as one": escaped(row["as_one"] or "–")} if table["as_one"].any() else {}),
            "Protocol": escaped(row["protocol"]),
            "Source": escaped(row["source"]),
        }
        for row in table.to_dict("records")
    ]
    body = pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)
    warnings = [f"**{escaped(line)}**" for line in facts.warnings()]
    return "\n\n".join([*warnings, body, note_of(table)]) + "\n"


def note_of(table: pd.DataFrame) -> str:
    """What `beside_table` does not say in its cells."""
    note = (
        "Ours have intervals over actors. The gender gap is the accuracy for men minus the accuracy for women; few "
        "sources give it. A figure of other folds, clips or classes is not comparable; the protocols say what was "
        "tested. People were not trained on the clips."
    )
    return f"{note} Emotions that count as one are right for each other." if table["as_one"].any() else note


def accuracy_in_words(row: "pd.Series | dict[str, float]") -> str:
    """An accuracy with its interval, or with `about` before it."""
    if row["about"]:
        return about(row["accuracy"])
    return with_interval((row["accuracy"], row["low"], row["high"]), percent)


def about(accuracy: float) -> str:
    """An accuracy of which the source only says about how much it is, without the decimals that it does not have."""
    return f"about {100 * accuracy:g}%"
