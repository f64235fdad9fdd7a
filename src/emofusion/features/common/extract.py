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

from emofusion.counted import notes_of_clips, write_notes
from emofusion.errors import BadClips, EmofusionError, Lacking
from emofusion.features.common.array_file import RowFile
from emofusion.features.common.arrays import Array
from emofusion.features.common.feature_set import write_rows
from emofusion.features.common.rows_of_clip import LACKING, SKIPPED, Outcome, RowsOfClip, check_some_are_left
from emofusion.features.common.skipped import write_skipped
from emofusion.features.common.sparse import compute_sparse, write_sparse
from emofusion.features.common.unfinished import Unfinished
from emofusion.settings.kinds import Features
from emofusion.settings.kinds.corpora import SKIP
from emofusion.settings.plugins import import_plugin

_CHUNK = 8  # clips in a task: few enough to share the work evenly, enough to hide the cost of starting a task


def extract(
    clips: pd.DataFrame,
    features: Features,
    out: Path,
    workers: int,
    on_bad_clip: str = "fail",
    recorded: Sequence[pd.DataFrame] = (),
) -> dict[str, dict[str, int]]:
    """Compute the features of every clip, in the order of `clips`, into the folder `out`: see `FeatureSet`.

    A clip that has nothing to compute them from, such as a video without a face, gets none, and is counted. A clip
    whose features fail gets none where bad clips are skipped, and `skipped.csv` lists it; see `common.skipped`.

    Several worker processes with one thread each share the clips. Their number does not change the result. Each
    writes into the file of the result, so that memory stays bounded whatever the number of clips. What is done stays
    done when the process is killed, if `keep_unfinished` was called before.

    Args:
        clips: `tables.CLIPS`.
        features: the features to compute.
        out: the folder of the feature set.
        workers: the number of processes; with 1, this process computes everything.
        on_bad_clip: `fail` or `skip`, the setting of the clips' corpus.
        recorded: `tables.CLIPS` of all corpora of the modality as they were recorded, see `Features.for_recordings`;
            empty where these are the clips.

    Returns:
        Clip that has features → what was left out of it, in words, and how many of it; clips of which all was used are
        missing. The file of notes has the sums.

    Raises:
        Lacking: no clip has anything to compute the features from.
        EmofusionError: names the clip whose features fail, or the kind whose rows have another shape than it declares,
            or says that all clips are skipped, or that the disk is too full. `features.npy` then does not appear.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    if clips.empty:
        raise EmofusionError(f"there are no clips to compute {features.kind} features of.")
    if features.follows_recordings():
        features = features.for_recordings(pd.concat(recorded, ignore_index=True) if recorded else clips)
    number = len(clips)
    clips, compute, without = _prepared(clips, features, on_bad_clip)
    module = sys.modules[type(features).__module__]
    if not _is_importable(module):
        compute = _OfPlugin(compute, module)
    about = f"{features.kind} of {_corpus_of(clips)}"
    row_counts = [features.rows_of(clip) for clip in clips.itertuples(index=False)]
    rows = _numbered_rows(clips, row_counts, features)
    work = Unfinished(out, f"the rows {pd.util.hash_pandas_object(rows).sum()}", in_array=not features.sparse)
    of_clip = RowsOfClip(compute, features.kind, features.dtype(), features.row_shape(), on_bad_clip)

    left_out: dict[str, dict[str, int]] = {}

    def finish(outcomes: list[Outcome]) -> pd.DataFrame:
        """Write what was noted of the clips. Returns the rows that there are."""
        check_some_are_left(outcomes, clips, number, features.kind)
        noted = {**without, **dict(zip(clips["clip"], outcomes, strict=True))}
        write_notes(
            out,
            notes_of_clips(about, [Counter(outcome.counts) for outcome in noted.values()], features.always_counted()),
        )
        write_skipped(out, {clip: outcome.reason for clip, outcome in noted.items()})
        for clip, outcome in noted.items():
            counts = {what: number for what, number in outcome.counts.items() if number and outcome.has_rows}
            left_out.update({clip: counts} if counts else {})
        has_rows = [outcome.has_rows for outcome in outcomes]
        return rows if all(has_rows) else rows[rows["clip"].isin(clips.loc[has_rows, "clip"])]

    if features.sparse:
        outcomes = compute_sparse(clips, row_counts, of_clip, work, workers)
        write_sparse(finish(outcomes), len(clips), of_clip, out, work)
        work.finish(out)
        return left_out

    starts = np.concatenate([[0], np.cumsum(row_counts)])
    work.create_array(features.dtype(), (len(rows), *features.row_shape()))
    left = work.left(range(0, len(clips), _CHUNK))
    tasks = (
        joblib.delayed(_extract_chunk)(
            *(first, of_clip, clips.iloc[first : first + _CHUNK], work.array, starts[first : first + _CHUNK + 1])
        )
        for first in left
    )
    kept = finish(work.compute(tasks, len(left), workers))
    write_rows(kept.assign(row=np.arange(len(kept))), out)
    work.finish(out, None if len(kept) == len(rows) else kept["row"].to_numpy())
    return left_out


def _prepared(
    clips: pd.DataFrame, features: Features, on_bad_clip: str
) -> tuple[pd.DataFrame, Callable[[Any], Any], dict[str, Outcome]]:
    """The clips that features can be computed of, the function that does it, and what is noted of the other clips."""
    without: dict[str, Outcome] = {}
    while True:
        try:
            return clips, features.prepare(clips), without
        except (Lacking, BadClips) as error:
            if isinstance(error, Lacking):
                noted = dict.fromkeys(error.clips, Outcome({LACKING: 1}))
            elif on_bad_clip == SKIP:
                noted = {clip: Outcome({SKIPPED: 1}, reason) for clip, reason in error.reasons.items()}
            else:
                raise
            left = clips[~clips["clip"].isin(noted)]
            if left.empty or len(left) == len(clips):
                raise
            without |= noted
            clips = left.reset_index(drop=True)


def _numbered_rows(clips: pd.DataFrame, counts: list[int], features: Features) -> pd.DataFrame:
    """The columns clip, row, frame and view of all rows. counts: the number of rows of each clip."""
    rows = pd.DataFrame({"clip": np.repeat(clips["clip"].to_numpy(), counts), "row": np.arange(sum(counts))})
    number_within_clip = rows.groupby("clip").cumcount()
    if features.several_rows_are_views():
        return rows.assign(frame=0, view=number_within_clip)
    return rows.assign(frame=number_within_clip, view=0)


def _extract_chunk(
    piece: int, of_clip: RowsOfClip, clips: pd.DataFrame, path: Path, starts: Array
) -> tuple[int, list[Outcome]]:
    """Compute and write the rows of some clips. Returns `piece`, and what is noted of each of them."""
    outcomes = []
    # one thread in every process, this one included: sums then have the same order whatever the number of workers
    with threadpool_limits(1), RowFile(path, writes=True) as array:
        for clip, (start, stop) in zip(clips.itertuples(index=False), pairwise(starts), strict=True):
            rows, outcome = of_clip(clip, int(stop - start), clips)
            if rows is not None:
                array.write(int(start), rows)
            outcomes.append(outcome)
    return piece, outcomes


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
