"""The figures of every rule and modality over the seeds of a setting: mean, standard deviation and interval.

They are what the tables of a single report show, for a command with several seeds: accuracy by gender and emotion,
unweighted average recall, the gender gap, and the other metrics of all clips (`seed_metrics`). Their source are the
tables of actors and of subsets that the cells' evaluations wrote.
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
from emofusion.evaluation.grid.seed_metrics import metric_rows
from emofusion.evaluation.grid.settings import Setting
from emofusion.evaluation.schemas import evaluation_schemas
from emofusion.settings.kinds import Metric
from emofusion.tables import read_table

GAP = "male - female"
COLUMNS = (
    *("setting", "system", "gender", "emotion", "metric", "seeds", "clips", "actors"),
    *("mean", "deviation", "least", "most", "low", "high"),
)
_ALL, _UAR = RESERVED


@dataclass(frozen=True)
class Evaluated:
    """The evaluation of a cell.

    folders: each with `actors.parquet` and `subsets.parquet` of some of its rules and modalities. classes: the classes,
    in their order. metrics: the metrics besides accuracy that these tables have, in the order of tables.
    """

    folders: tuple[Path, ...]
    classes: Sequence[str]
    metrics: tuple[type[Metric], ...] = ()


def seed_table(settings: Sequence[Setting], evaluated: Mapping[str, Evaluated], confidence: float) -> pd.DataFrame:
    """The figures of each setting that has several seeds.

    Columns: setting (its number, from 0), system (rule or modality), gender (`all`, a gender, or `male - female` for
    the gap), emotion (`all`, `unweighted average recall`, or one), metric (`accuracy`, `unweighted_average_recall`; and
    the other metrics, of all clips); seeds, clips, actors; mean, deviation (the standard deviation over seeds, n - 1),
    least and most (of the seeds); low and high (the interval of the mean over seeds and actors, see `crossed.crossed`;
    missing with too few actors, and for the metrics that `seed_metrics.metric_rows` names). A setting whose seeds were
    tested on different clips has no rows, nor has a system that some of its cells lack.

    Args:
        settings: of the grid.
        evaluated: name of a cell → its evaluation; the cells of a setting have the same classes and metrics.
        confidence: the level of the intervals, such as 0.95.

    Raises:
        EmofusionError: a file is missing or damaged.
    """

    @cache
    def read(name: str, folder: Path, metrics: tuple[type[Metric], ...]) -> pd.DataFrame:
        return read_table(folder / f"{name}.parquet", evaluation_schemas(metrics)[name])

    rows: list[dict[str, Any]] = []
    for number, setting in enumerate(settings):
        if len(setting.cells) < 2:
            continue
        of_cells = [evaluated[cell] for cell in setting.cells.values()]
        actors, subsets = (
            [pd.concat([read(name, folder, one.metrics) for folder in one.folders]) for one in of_cells]
            for name in ("actors", "subsets")
        )
        for system in dict.fromkeys(actors[0]["system"]):
            of_system = [table[table["system"] == system] for table in actors]
            seeds = _Seeds.of(of_system, of_cells[0].classes)
            if seeds is None:
                continue
            found = seeds.rows(confidence)
            whole = [table[(table[["gender", "emotion"]] == _ALL).all(axis=1)] for table in subsets]
            figures = [table[table["system"] == system].squeeze() for table in whole]
            overall = [table[table["emotion"] == _ALL].sort_values(["actor", "gender"]) for table in of_system]
            about = {key: found[0][key] for key in ("gender", "emotion", "seeds", "clips", "actors")}
            found += [about | row for row in metric_rows(of_cells[0].metrics, figures, overall, confidence)]
            rows += [{"setting": number, "system": system, **row} for row in found]
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
                    rows.append({"gender": gender, "emotion": emotion, "metric": measure, **row})
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
        values, strata = values_by_actor(measure, correct, clips), strata_of(self.genders[chosen])
        found = crossed(values, strata, confidence, clips=clips.sum(axis=1))
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
        clips = np.concatenate([clips.sum(axis=1) for clips, _, _ in parts])
        found = crossed(values, strata, confidence, unequal=True, clips=clips)
        return _row(gaps, clips, actors) | {"low": np.maximum(found.low, -1), "high": np.minimum(found.high, 1)}


def _away(measure: str, correct: NDArray[Any], clips: NDArray[Any]) -> NDArray[Any]:
    """How far each actor is from the mean actor with each seed, (S, A), see `measures.deviations`."""
    return deviations(measure, correct, clips, correct.mean(axis=0))


def _row(each: NDArray[Any], clips: NDArray[Any], actors: int) -> dict[str, Any]:
    counts = {"seeds": len(each), "clips": int(clips.sum()), "actors": actors}
    return counts | {"mean": each.mean(), "deviation": each.std(ddof=1), "least": each.min(), "most": each.max()}
