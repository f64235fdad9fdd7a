"""Feature sets of several kinds, read as if they were one: see the kind `joined`."""

from collections.abc import Sequence
from functools import reduce
from math import prod
from pathlib import Path

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.features.common.arrays import Array
from emofusion.features.common.feature_set import FeatureSet


class JoinedFeatures:
    """The rows of several feature sets, side by side. It has the interface of a dense `FeatureSet`.

    Rows belong together that have the same clip and view. A part without altered views has its only row of a clip
    beside all views of the others. Clips that a part lacks are left out.

    Attributes:
        parts: name → the feature set.
        columns: name → the columns of its values in a row.
        rows: clip, row, frame and view of every row.
    """

    is_sparse = False
    dtype = np.dtype(np.float32)

    def __init__(self, parts: dict[str, FeatureSet]) -> None:
        """Raises `EmofusionError` where a part has several frames of a clip, or no clip has all parts."""
        self.parts = parts
        widths = [prod(part.shape) for part in parts.values()]
        ends = np.cumsum([0, *widths])
        self.columns = {
            name: slice(int(start), int(end)) for name, start, end in zip(parts, ends[:-1], ends[1:], strict=True)
        }
        views = sorted({view for part in parts.values() for view in part.rows["view"].unique()})
        tables = [_numbered(name, part, views) for name, part in parts.items()]
        joined = reduce(lambda left, right: left.merge(right, on=["clip", "view"]), tables)
        if joined.empty:
            raise EmofusionError(f"no clip has all of the joined features {', '.join(parts)}; leave a part out.")
        self._numbers = joined[list(parts)].to_numpy()
        self.rows = joined[["clip", "view"]].assign(row=np.arange(len(joined)), frame=0)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row."""
        return (sum(prod(part.shape) for part in self.parts.values()),)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, indices: Sequence[int] | Array) -> Array:
        """The rows with these numbers, in this order: float32 `(len(indices), values)`."""
        numbers = self._numbers[np.asarray(indices, dtype=int)]
        return np.concatenate(
            [
                part.take(numbers[:, position]).reshape(len(numbers), -1).astype(np.float32, copy=False)
                for position, part in enumerate(self.parts.values())
            ],
            axis=1,
        )

    def stamp(self) -> list[list[str | int]]:
        """The stamps of all parts; see `FeatureSet.stamp`."""
        return [stamp for part in self.parts.values() for stamp in part.stamp()]


def open_features(folders: Sequence[Path], parts: Sequence[str]) -> FeatureSet | JoinedFeatures:
    """The features that a model reads.

    Args:
        folders: of feature sets: all corpora of the first part, then all of the next.
        parts: the names of joined parts; empty where the features are one.

    Raises:
        EmofusionError: see `FeatureSet.open` and `JoinedFeatures`.
    """
    if not parts:
        return FeatureSet.open(folders)
    corpora = len(folders) // len(parts)
    return JoinedFeatures(
        {part: FeatureSet.open(folders[number * corpora : (number + 1) * corpora]) for number, part in enumerate(parts)}
    )


def _numbered(name: str, part: FeatureSet, views: Sequence[int]) -> pd.DataFrame:
    """Clip, view, and the number of the row of a part in a column of the part's name."""
    rows = part.rows
    if rows.duplicated(["clip", "view"]).any():
        raise EmofusionError(
            f"the features {name} have several frames of a clip, and cannot be joined with others; leave them out."
        )
    if set(rows["view"]) == {0}:
        rows = rows.drop(columns="view").merge(pd.DataFrame({"view": views}), how="cross")
    return rows.rename(columns={"row": name})[["clip", "view", name]]
