"""Our figures beside those of others: published results and people, each with its protocol."""

import pandas as pd

from emofusion.people import normal
from emofusion.plan.published_figures import PublishedFigure, published_figures
from emofusion.plan.settings import ReportSettings
from emofusion.reporting.details import name_of, systems_of
from emofusion.reporting.facts import Facts
from emofusion.reporting.headline import CHOSEN
from emofusion.reporting.numbers import with_interval
from emofusion.reporting.wording import escaped, percent

COLUMNS = (
    "what",
    "kind",
    "modalities",
    "accuracy",
    "low",
    "high",
    "about",
    "clips",
    "same_folds",
    "protocol",
    "source",
)
OURS = "ours"


def beside_table(rules: pd.DataFrame, tested: pd.DataFrame, settings: ReportSettings) -> pd.DataFrame:
    """Our modalities, configured rule and chosen rule, and the figures of others; without rows where there are none.

    Columns: what, kind (`ours`, `published` or `people`), modalities (joined by +), accuracy (0–1) with its interval
    low and high (ours alone), about (whether the source only says about how much it is), clips (missing where not
    known), same_folds (whether the test folds have the same actors as ours: yes, no, or not known; people have no
    training), protocol, source.

    Args:
        rules: the report's table of rules and modalities.
        tested: the test rows of a prediction table, with the folds that were tested.
        settings: the settings of the report.

    Raises:
        EmofusionError: an entry of `published` is not complete.
    """
    figures = published_figures(settings.published)
    if not figures:
        return pd.DataFrame(columns=list(COLUMNS))
    by_rule = rules.set_index("rule")
    rows = []
    systems = list(reversed(systems_of(settings)))
    if len(settings.modalities) > 1 and CHOSEN in by_rule.index and CHOSEN not in systems:
        systems.append(CHOSEN)
    for system in systems:
        row = by_rule.loc[system]
        of_modalities = [system] if system in settings.modalities else settings.modalities
        rows.append(
            {
                "what": _ours(system, settings),
                "kind": OURS,
                "modalities": " + ".join(of_modalities),
                **{name: row[column] for name, column in _OURS.items()},
                "about": False,
                "same_folds": "yes",
                "protocol": settings.protocol_description or settings.protocol,
                "source": "this report",
            }
        )
    own = _folds(tested.groupby("fold")["actor"].unique())
    rows += [_of(figure, own) for figure in figures]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"clips": "Int64", "accuracy": float, "low": float, "high": float})


_OURS = {"accuracy": "accuracy", "low": "accuracy_low", "high": "accuracy_high", "clips": "clips"}


def _ours(system: str, settings: ReportSettings) -> str:
    if system in settings.modalities:
        return name_of(system, settings)
    return "Fusion, as configured" if system == settings.rule else "Fusion, the rule chosen on other folds"


def _of(figure: PublishedFigure, own: frozenset[frozenset[str]]) -> dict[str, object]:
    same = "not known" if not figure.folds else "yes" if _folds(figure.folds) == own else "no"
    return {
        "what": figure.what,
        "kind": figure.kind,
        "modalities": " + ".join(figure.modalities),
        "accuracy": figure.accuracy / 100,
        "about": figure.about,
        "clips": figure.clips,
        "same_folds": "no training" if figure.kind == "people" else same,
        "protocol": figure.protocol,
        "source": figure.source,
    }


def _folds(folds: "pd.Series | tuple[tuple[str, ...], ...]") -> frozenset[frozenset[str]]:
    """Folds that can be compared: sets of actors, without the corpus before an actor's name."""
    return frozenset(frozenset(normal(str(actor).rpartition("-")[2]) for actor in fold) for fold in folds)


def beside_markdown(table: pd.DataFrame, facts: Facts) -> str:
    """`beside_table` as Markdown; empty without rows."""
    if table.empty:
        return ""
    rows = [
        {
            "": f"**{escaped(row['what'])}**" if row["kind"] == OURS else escaped(row["what"]),
            "Modalities": row["modalities"],
            "Accuracy": accuracy_in_words(row),
            "Clips": "–" if pd.isna(row["clips"]) else f"{row['clips']}",
            "Same test folds": row["same_folds"],
            "Protocol": escaped(row["protocol"]),
            "Source": escaped(row["source"]),
        }
        for row in table.to_dict("records")
    ]
    body = pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)
    return f"{body}\n\n{NOTE}\n"


NOTE = (
    "Ours have intervals over actors. A figure of other folds, clips or classes is not comparable; the "
    "protocols say what was tested. People were not trained on the clips."
)


def accuracy_in_words(row: "pd.Series | dict[str, float]") -> str:
    """An accuracy with its interval, or with `about` before it."""
    if row["about"]:
        return about(row["accuracy"])
    return with_interval((row["accuracy"], row["low"], row["high"]), percent)


def about(accuracy: float) -> str:
    """An accuracy of which the source only says about how much it is, without the decimals that it does not have."""
    return f"about {100 * accuracy:g}%"
