"""Check the labels of clips against the classes of an experiment."""

from collections.abc import Collection, Sequence

import pandas as pd

from emofusion.close_words import close_word
from emofusion.errors import EmofusionError

_SHOWN = 8  # labels that a message names; the rest is counted


def check_labels(clips: pd.DataFrame, classes: Sequence[str], closed: Collection[str]) -> None:
    """Check that labels were not left out by mistake.

    Args:
        clips: a table with the columns corpus, clip and emotion, after labels were mapped and merged.
        classes: the classes of the experiment.
        closed: corpora in which every clip has to belong to a class.

    Raises:
        EmofusionError: a clip of a closed corpus has another label; no clip has a class; or no clip has one of the
            classes, and another label is almost the same word.
    """
    others = clips[~clips["emotion"].isin(classes)]
    for corpus in closed:
        if len(found := others[others["corpus"] == corpus]):
            raise EmofusionError(
                f"the corpus {corpus} has labels that are not among emotions.classes=[{','.join(classes)}]: "
                f"{_counted(found)}. Say which class each is with corpora.{corpus}.labels={{label: class}}, or leave "
                f"these clips out with corpora.{corpus}.other_labels=drop"
            )
    if len(others) == len(clips):
        raise EmofusionError(
            f"no clip has one of emotions.classes=[{','.join(classes)}]; the labels are {_counted(others)}. Map them "
            "with corpora.<name>.labels={label: class}, or choose other classes"
        )
    shown = set(clips["emotion"])
    for name in (name for name in classes if name not in shown):
        if label := close_word(name, others["emotion"].unique()):
            raise EmofusionError(
                f"emotions.classes: no clip has the class {name}, and {(others['emotion'] == label).sum()} clips are "
                f"labelled {label}, which is no class. If they are the same, set corpora.<name>.labels={{{label}: "
                f"{name}}}; otherwise remove {name} from emotions.classes"
            )


def _counted(clips: pd.DataFrame) -> str:
    """The labels of clips, each with its number of clips and the first of them, as text."""
    counts = clips.groupby("emotion")["clip"].agg(["size", "min"]).sort_values("size", ascending=False, kind="stable")
    words = [f"{label} ({row['size']} clips, as {row['min']})" for label, row in counts.iterrows()]
    return ", ".join(words[:_SHOWN]) + (f" and {len(words) - _SHOWN} more labels" if len(words) > _SHOWN else "")
