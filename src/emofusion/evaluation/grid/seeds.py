"""The figures of every rule and modality over the seeds of a setting: mean, standard deviation and interval.

They are what the tables of a single report show, for a command with several seeds: accuracy by gender and emotion,
unweighted average recall, and the gender gap. The tables of actors that the cells' evaluations wrote are their source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.emotions import GENDERS, RESERVED, in_order
from emofusion.evaluation.actors import strata_of
from emofusion.evaluation.grid.crossed import crossed
from emofusion.evaluation.grid.measures import ACCURACY, RECALL, deviations, value, values_by_actor
from emofusion.evaluation.grid.settings import Setting
from emofusion.evaluation.schemas import evaluation_schemas
from emofusion.tables import read_table

GAP = "male - female"
COLUMNS = (
    *("setting", "system", "gender", "emotion", "seeds", "clips", "actors"),
    *("mean", "deviation", "least", "most", "low", "high"),
)
_ALL, _UAR = RESERVED


def seed_table(
    settings: Sequence[Setting], files: Mapping[str, Sequence[Path]], order: Sequence[str], confidence: float
) -> pd.DataFrame:
    """The figures of each setting that has several seeds.

    Columns: setting (its number, from 0), system (rule or modality), gender (`all`, a gender, or `male - female` for
    the gap), emotion (`all`, `unweighted average recall`, or one); seeds, clips, actors; mean, deviation (the standard
    deviation over seeds, n - 1), least and most (of the seeds); low and high (the interval of the mean over seeds and
    actors, see `crossed.crossed`; missing with too few actors). A setting whose seeds were tested on different clips
    has no rows, nor has a system that some of its cells lack.

    Args:
        settings: of the grid.
        files: name of a cell → the files with its tables of actors, see `evaluation.by_actor.actor_table`.
        order: the classes, in their order.
        confidence: the level of the intervals, such as 0.95.

    Raises:
        EmofusionError: a file is missing or damaged.
    """
    read = cache(lambda path: read_table(path, evaluation_schemas([])["actors"]))
    rows: list[dict[str, Any]] = []
    for number, setting in enumerate(settings):
        if len(setting.cells) < 2:
            continue
        cells = [pd.concat([read(path) for path in files[cell]]) for cell in setting.cells.values()]
        for system in dict.fromkeys(cells[0]["system"]):
            of_system = [cell[cell["system"] == system] for cell in cells]
            seeds = _Seeds.of(of_system, order)
            if seeds is not None:
                rows += [{"setting": number, "system": system, **row} for row in seeds.rows(confidence)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


@dataclass(frozen=True)
class _Seeds:
    """One system with S seeds on the same clips of A actors and K emotions.

    genders: (A,). emotions: K names. clips: (A, K). correct: (S, A, K).
    """

    genders: NDArray[Any]
    emotions: list[str]
    clips: NDArray[Any]
    correct: NDArray[Any]

    @classmethod
    def of(cls, tables: Sequence[pd.DataFrame], order: Sequence[str]) -> "_Seeds | None":
        """The counts of tables of actors, one for each seed; None where they are not of the same clips."""
        wide = [
            table[table["emotion"] != _ALL].pivot_table(
                index=["actor", "gender"], columns="emotion", values=["correct", "clips"], fill_value=0
            )
            for table in tables
        ]
        if any(table.empty for table in wide) or not all(table["clips"].equals(wide[0]["clips"]) for table in wide):
            return None
        emotions = in_order(wide[0]["clips"].columns, order)
        return cls(
            wide[0].index.get_level_values("gender").to_numpy(dtype=object),
            emotions,
            wide[0]["clips"][emotions].to_numpy(dtype=np.int64),
            np.stack([table["correct"][emotions].to_numpy(dtype=np.int64) for table in wide]),
        )

    def rows(self, confidence: float) -> list[dict[str, Any]]:
        """A row for each gender and emotion that has clips, and for the gaps."""
        rows = []
        subsets = [(_ALL, ACCURACY, list(range(len(self.emotions)))), (_UAR, RECALL, list(range(len(self.emotions))))]
        subsets += [(name, ACCURACY, [number]) for number, name in enumerate(self.emotions)]
        for gender in (_ALL, *GENDERS, GAP):
            for emotion, measure, columns in subsets:
                row = self._gap(measure, columns, confidence) if gender == GAP else None
                if gender != GAP:
                    row = self._figure(measure, self._of(gender), columns, confidence)
                if row is not None:
                    rows.append({"gender": gender, "emotion": emotion, **row})
        return rows

    def _of(self, gender: str) -> NDArray[np.bool_]:
        return np.ones(len(self.genders), dtype=bool) if gender == _ALL else self.genders == gender

    def _counts(self, chosen: NDArray[Any], columns: list[int]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Clips (A', K') and correct (S, A', K') of the chosen actors who show an emotion, and who they are, (A,)."""
        chosen = chosen & self.clips[:, columns].any(axis=1)
        clips = self.clips[chosen][:, columns]
        shown = clips.any(axis=0)
        return clips[:, shown], self.correct[:, chosen][:, :, columns][:, :, shown], chosen

    def _figure(
        self, measure: str, chosen: NDArray[Any], columns: list[int], confidence: float
    ) -> dict[str, Any] | None:
        clips, correct, chosen = self._counts(chosen, columns)
        if not clips.size:
            return None
        each = value(measure, correct, clips)
        found = crossed(values_by_actor(measure, correct, clips), strata_of(self.genders[chosen]), confidence)
        low, high = found.of_share(int(clips.sum()), confidence)
        return _row(each, clips, len(clips)) | {"low": low, "high": high}

    def _gap(self, measure: str, columns: list[int], confidence: float) -> dict[str, Any] | None:
        """The accuracy of men minus that of women. An average recall is over the emotions that both show."""
        sides = [self.clips[self._of(gender)][:, columns].sum(axis=0) > 0 for gender in ("male", "female")]
        shared = np.array(columns)[sides[0] & sides[1]].tolist()
        if not shared or (measure == ACCURACY and not all(side.any() for side in sides)):
            return None
        columns = shared if measure == RECALL else columns
        parts = [self._counts(self._of(gender), columns) for gender in ("male", "female")]
        each = [value(measure, correct, clips) for clips, correct, _ in parts]
        gaps, actors = each[0] - each[1], sum(len(clips) for clips, _, _ in parts)
        away = [sign * _away(measure, correct, clips) for sign, (clips, correct, _) in zip((1, -1), parts, strict=True)]
        values = actors * np.concatenate(away, axis=1) + gaps.mean()
        strata = np.repeat([0, 1], [len(clips) for clips, _, _ in parts])
        found = crossed(values, strata, confidence)
        clips = np.concatenate([clips.sum(axis=1) for clips, _, _ in parts])
        return _row(gaps, clips, actors) | {"low": np.maximum(found.low, -1), "high": np.minimum(found.high, 1)}


def _away(measure: str, correct: NDArray[Any], clips: NDArray[Any]) -> NDArray[Any]:
    """How far each actor is from the mean actor with each seed, (S, A), see `measures.deviations`."""
    return deviations(measure, correct, clips, correct.mean(axis=0))


def _row(each: NDArray[Any], clips: NDArray[Any], actors: int) -> dict[str, Any]:
    counts = {"seeds": len(each), "clips": int(clips.sum()), "actors": actors}
    return counts | {"mean": each.mean(), "deviation": each.std(ddof=1), "least": each.min(), "most": each.max()}
