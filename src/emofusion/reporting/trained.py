"""Who trained each modality: from which corpus, and how many people and clips of each group."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from emofusion.evaluation.levels import level_names
from emofusion.reporting.wording import heading
from emofusion.tables import FACTS, SPLIT, read_table

GENDER = "gender"
_ELSEWHERE = "a model from elsewhere, with unknown people"
_COLUMNS = ["modality", "corpus", "group", "level", "people", "clips"]


def trained_table(
    splits: Mapping[str, Path], groups: Sequence[str], bands: Mapping[str, Sequence[float]]
) -> pd.DataFrame:
    """The training clips of each modality, by corpus and level of each group. A clip of several folds counts once.

    Args:
        splits: modality that is trained → file of its split; `facts.parquet` is beside it.
        groups: columns of the clip table besides gender.
        bands: column of numbers → the bounds of its bands.

    Returns:
        A table with the columns modality, corpus, group, level (empty where it is not known), people and clips.

    Raises:
        EmofusionError: a file is missing or damaged.
    """
    rows = []
    for modality, path in splits.items():
        split = read_table(path, SPLIT)
        clips = split.loc[split["split"] == "train", ["clip", "corpus", "actor"]].drop_duplicates()
        about = read_table(path.parent / "facts.parquet", FACTS).set_index("clip").reindex(clips["clip"])
        for group in dict.fromkeys([GENDER, *groups]):
            values = about[group] if group in about else pd.Series(None, about.index, dtype="str")
            level, names = level_names(values.reset_index(drop=True), group, bands)
            parts = clips.reset_index(drop=True).assign(level=level.fillna(""))
            order = {name: number for number, name in enumerate([*names, ""])}
            for (corpus, name), part in sorted(
                parts.groupby(["corpus", "level"]), key=lambda item: (item[0][0], order[item[0][1]])
            ):
                rows.append((modality, corpus, group, name, part["actor"].nunique(), len(part)))
    return pd.DataFrame(rows, columns=_COLUMNS)


def trained_in_words(table: pd.DataFrame, modalities: Sequence[str], groups: Sequence[str]) -> dict[str, str]:
    """Group → a sentence that says who trained each modality, to stand beside the gaps of the group.

    Args:
        table: from `trained_table`.
        modalities: all modalities. One without training clips was scored by a model from elsewhere.
        groups: the groups besides gender.
    """
    sentences = {}
    for group in dict.fromkeys([GENDER, *groups]):
        parts = []
        for modality in modalities:
            rows = table[(table["modality"] == modality) & (table["group"] == group)]
            corpora = [
                f"{corpus} ({', '.join(_people(row) for row in of_corpus.to_dict('records'))})"
                for corpus, of_corpus in rows.groupby("corpus", sort=False)
            ]
            # each fold trains on a part of these people
            people = f"{' and '.join(corpora)}, over all folds" if corpora else _ELSEWHERE
            parts.append(f"{heading(modality)}: {people}")
        sentences[group] = f"Trained on: {'; '.join(parts)}."
    return sentences


def _people(row: Mapping[str, object]) -> str:
    return f"{row['people']} {row['level'] or 'unknown'}"
