"""The weight curves of a grid: the fusion's accuracy on test clips for each weight. Equal curves are stored once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as compute
import pyarrow.parquet as parquet
from numpy.typing import NDArray
from pyarrow import ArrowException

from emofusion.errors import EmofusionError
from emofusion.reporting.grid.cells import GridCell
from emofusion.tables import WEIGHT

# With three or more modalities a sweep has thousands of points. The summary keeps coarser ones: at most so many.
MOST_POINTS = 500


@dataclass(frozen=True)
class Curve:
    """The recognised clips of a pool at each combination of weights.

    pool: its name. modalities: the M modalities. weights: (points, M), sorted. correct: (points,), the number of
    recognised test clips. clips: the number of test clips.
    """

    pool: str
    modalities: tuple[str, ...]
    weights: NDArray[Any]
    correct: NDArray[Any]
    clips: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Curve) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    @property
    def _content(self) -> tuple[object, ...]:
        return self.pool, self.modalities, self.weights.tobytes(), self.correct.tobytes(), self.clips


def weight_curves(cells: list[GridCell]) -> tuple[list[Curve], list[int | None]]:
    """The distinct curves of a grid, and the position of each cell's curve among them.

    A cell has the curve of its rule's pool. A cell with one modality has none.

    Args:
        cells: the cells of the grid.

    Raises:
        EmofusionError: the file of a sweep cannot be read.
    """
    read: dict[Path, dict[str, Curve]] = {}
    positions: dict[Curve, int] = {}
    chosen: list[int | None] = []
    for cell in cells:
        path = cell.sweep.resolve()
        if path not in read:
            read[path] = _read(path)
        curve = read[path].get(cell.pool)
        chosen.append(None if curve is None else positions.setdefault(curve, len(positions)))
    return list(positions), chosen


def _read(path: Path) -> dict[str, Curve]:
    """Pool → its curve; nothing where there is no weight to choose."""
    try:
        with parquet.ParquetFile(path) as file:
            weights = [name for name in file.schema_arrow.names if name.startswith(WEIGHT)]
            keys = {"split": "test", "gender": "all", "emotion": "all"}
            table = file.read(columns=["rule", *weights, *keys, "correct", "clips"], use_threads=False)
        for column, value in keys.items():
            table = table.filter(compute.equal(table[column], value))
    except (OSError, ValueError, KeyError, ArrowException) as error:
        raise EmofusionError(f"cannot read the sweep {path}: {error}") from error
    if len(weights) < 2:
        return {}
    pools, points = np.array(table["rule"].to_pylist(), dtype=object), np.column_stack([table[w] for w in weights])
    correct, clips = table["correct"].to_numpy(), table["clips"].to_numpy()
    modalities = tuple(name.removeprefix(WEIGHT) for name in weights)
    curves = {}
    for pool in dict.fromkeys(pools):
        rows = np.flatnonzero(pools == pool)
        rows = rows[np.lexsort(points[rows].T[::-1])]
        if len(weights) > 2:
            rows = rows[_coarse(points[rows])]
        curves[str(pool)] = Curve(str(pool), modalities, points[rows], correct[rows], int(clips[rows[0]]))
    return curves


def _coarse(points: NDArray[Any]) -> NDArray[np.bool_]:
    """Which points are on the finest grid that has at most `MOST_POINTS` of them."""
    steps = round(1 / points[points > 0].min())
    chosen = np.ones(len(points), dtype=bool)
    for coarser in (step for step in range(steps, 0, -1) if steps % step == 0):
        on_grid = points * coarser
        chosen = (np.abs(on_grid - on_grid.round()) < 1e-6).all(axis=1)
        if chosen.sum() <= MOST_POINTS:
            break
    return chosen
