"""Compute the features of every clip of a table, in several processes, and write them as a feature set."""

import pickle
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import joblib
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from emofusion.counted import counting, notes_of_clips, write_notes
from emofusion.errors import EmofusionError, Lacking
from emofusion.features.common.array_file import RowFile
from emofusion.features.common.arrays import Array
from emofusion.features.common.feature_set import write_rows
from emofusion.features.common.rows_of_clip import check_finite, rows_of
from emofusion.features.common.sparse import write_sparse
from emofusion.features.common.unfinished import Unfinished
from emofusion.settings.kinds import Features
from emofusion.settings.plugins import import_plugin

# What is counted of clips without features.
LACKING = "clips that have nothing to compute it from: the modality is missing there"
_CHUNK = 8  # clips in a task: few enough to share the work evenly, enough to hide the cost of starting a task


def extract(
    clips: pd.DataFrame, features: Features, out: Path, workers: int, beside: Sequence[pd.DataFrame] = ()
) -> None:
    """Compute the features of every clip, in the order of `clips`, into the folder `out`: see `FeatureSet`.

    A clip that has nothing to compute them from, such as a video without a face, gets none, and is counted.

    Several worker processes with one thread each share the clips. Their number does not change the result. Each
    writes into the file of the result, so that memory stays bounded whatever the number of clips. What is done stays
    done when the process is killed, if `keep_unfinished` was called before.

    Args:
        clips: `tables.CLIPS`.
        features: the features to compute.
        out: the folder of the feature set.
        workers: the number of processes; with 1, this process computes everything.
        beside: `tables.CLIPS` of the other corpora of the modality, see `Features.for_recordings`.

    Raises:
        Lacking: no clip has anything to compute the features from.
        EmofusionError: names the clip's file, or the kind whose rows have another shape than it declares, or the
            disk is too full. `features.npy` then does not appear.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    if clips.empty:
        raise EmofusionError(f"there are no clips to compute {features.kind} features of.")
    if features.follows_recordings():
        features = features.for_recordings(pd.concat([clips, *beside], ignore_index=True))
    number = len(clips)
    clips, compute = _prepared(clips, features)
    lacking = [Counter({LACKING: 1})] * (number - len(clips))
    module = sys.modules[type(features).__module__]
    if not _is_importable(module):
        compute = _OfPlugin(compute, module)
    about = f"{features.kind} of {_corpus_of(clips)}"
    row_counts = [features.rows_of(clip) for clip in clips.itertuples(index=False)]
    rows = _numbered_rows(clips, row_counts, features)
    work = Unfinished(out, f"the rows {pd.util.hash_pandas_object(rows).sum()}", in_array=not features.sparse)
    if features.sparse:
        counts = write_sparse(clips, rows, compute, features, out, work, workers)
        write_notes(out, notes_of_clips(about, [*lacking, *counts], features.always_counted()))
        work.finish(out)
        return

    starts = np.concatenate([[0], np.cumsum(row_counts)])
    work.create_array(features.dtype(), (len(rows), *features.row_shape()))
    left = work.left(range(0, len(clips), _CHUNK))
    tasks = (
        joblib.delayed(_extract_chunk)(
            *(first, compute, features.kind, clips.iloc[first : first + _CHUNK]),
            *(work.array, starts[first : first + _CHUNK + 1]),
        )
        for first in left
    )
    counts = work.compute(tasks, len(left), workers)
    write_notes(out, notes_of_clips(about, [*lacking, *counts], features.always_counted()))

    has_some = [not one[LACKING] for one in counts]
    if not any(has_some):
        raise Lacking(f"none of the {number} clips has anything to compute {features.kind} features from.")
    kept = rows[rows["clip"].isin(clips.loc[has_some, "clip"])]
    write_rows(kept.assign(row=np.arange(len(kept))), out)
    work.finish(out, None if all(has_some) else kept["row"].to_numpy())


def _prepared(clips: pd.DataFrame, features: Features) -> tuple[pd.DataFrame, Callable[[Any], Any]]:
    """The clips that have something to compute features from, and the function that does it."""
    while True:
        try:
            return clips, features.prepare(clips)
        except Lacking as error:
            left = clips[~clips["clip"].isin(error.clips)]
            if left.empty or len(left) == len(clips):
                raise
            clips = left.reset_index(drop=True)


def _numbered_rows(clips: pd.DataFrame, counts: list[int], features: Features) -> pd.DataFrame:
    """The columns clip, row, frame and view of all rows. counts: the number of rows of each clip."""
    rows = pd.DataFrame({"clip": np.repeat(clips["clip"].to_numpy(), counts), "row": np.arange(sum(counts))})
    number_within_clip = rows.groupby("clip").cumcount()
    if features.several_rows_are_views():
        return rows.assign(frame=0, view=number_within_clip)
    return rows.assign(frame=number_within_clip, view=0)


def _extract_chunk(
    piece: int, compute: Callable[[Any], Array], kind: str, clips: pd.DataFrame, path: Path, starts: Array
) -> tuple[int, list[Counter[str]]]:
    """Compute and write the rows of some clips. Returns `piece`, and what was counted as left out, for each of them."""
    counted = []
    # one thread in every process, this one included: sums then have the same order whatever the number of workers
    with threadpool_limits(1), RowFile(path, writes=True) as array:
        for clip, (start, stop) in zip(clips.itertuples(index=False), pairwise(starts), strict=True):
            with counting() as counts:
                try:
                    rows, declared = rows_of(clip, compute, clips), (int(stop - start), *array.shape[1:])
                except Lacking:
                    counts[LACKING] += 1
            counted.append(counts)
            if counts[LACKING]:
                continue
            if rows.shape != declared:
                raise EmofusionError(
                    f"features of kind {kind}: {clip.clip} has rows of shape {rows.shape}, but rows_of and row_shape "
                    f"declare {declared}: make them agree."
                )
            with np.errstate(over="ignore"):  # of another type; the check follows
                rows = rows.astype(array.dtype, copy=False)
            check_finite(rows, kind, clip, clips)
            array.write(int(start), rows)
    return piece, counted


def _corpus_of(clips: pd.DataFrame) -> str:
    return str(clips["corpus"].iloc[0]) if "corpus" in clips else "clips"


class _OfPlugin:
    """A function of a plug-in file that another process can unpickle: it runs the file first."""

    def __init__(self, compute: Callable[[Any], Array], module: ModuleType) -> None:
        self.compute, self.module = compute, module

    def __call__(self, clip: Any) -> Array:
        return self.compute(clip)

    def __reduce__(self) -> tuple[Callable[[str, bytes], Any], tuple[str, bytes]]:
        return _unpickle, (str(self.module.__file__), pickle.dumps(self.compute))


def _unpickle(file: str, pickled: bytes) -> Any:
    import_plugin(file)
    return pickle.loads(pickled)


def _is_importable(module: ModuleType) -> bool:
    """Whether another process can import the module by its name. This is not possible for a plug-in file."""
    top_level = module.__name__.partition(".")[0]
    return top_level == "__main__" or any(finder.find_spec(top_level, None) for finder in sys.meta_path)
