"""Read tables of posteriors before anything runs, as their jobs will, so that a clip that one of them lacks is told."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from emofusion.corpora.common.read import read_corpus
from emofusion.errors import EmofusionError, tell
from emofusion.plan.plan_file import PlanFile
from emofusion.predictions.missing import FAIL, USE_OTHERS
from emofusion.predictions.posteriors import read_posteriors
from emofusion.protocols.common.split import make_split
from emofusion.settings.exclude import leave_out
from emofusion.settings.kinds import Corpus

MOST_CELLS = 8  # of a grid; its other cells are likely to read the same tables


def rehearse(plan: PlanFile, results: Path) -> None:
    """Read each table of posteriors of a plan's first cells, and compare the clips of each cell's tables.

    Tables that a job makes, and tables of corpora whose recordings must be read, wait for their jobs.

    Args:
        plan: the plan. All files that it needs exist.
        results: the folder of the results. What has a record there was read before.

    Raises:
        EmofusionError: labels or people do not fit the protocol; a table does not fit its corpus; or it lacks test
        clips that another table of the cell has, and `fusion.missing` is `fail`. Where it is not, a note says so.
        Both say how to leave the clips out.
    """
    read: dict[str, tuple[pd.DataFrame, Mapping[str, Sequence[str]]] | None] = {}
    for cell in list(plan.cells.values())[:MOST_CELLS]:
        inputs = plan.stage(cell.report).inputs
        names = [name for role, name in inputs.items() if role.startswith("predictions_")]
        names = [name for name in names if plan.stage(name).kind == "posteriors"]
        if all((plan.stage(name).folder(results) / "predictions.parquet").is_file() for name in names):
            continue
        for name in names:
            if name not in read:
                read[name] = _read(plan, name)
        tables = {plan.stage(name).label: found for name in names if (found := read[name]) is not None}
        _compare(tables, plan, names, plan.settings(str(inputs["fusion"])).fusion.missing)


def _read(plan: PlanFile, name: str) -> tuple[pd.DataFrame, Mapping[str, Sequence[str]]] | None:
    """The predictions of a table, and corpus → what is excluded from it; None where it has to wait for its job."""
    stage = plan.stage(name)
    split = plan.stage(str(stage.inputs["split"]))
    corpora = [plan.stage(corpus) for corpus in split.inputs["corpora"]]
    if set(stage.inputs) != {"split"} or any(corpus.inputs for corpus in corpora):
        return None
    settings = [plan.settings(corpus.name) for corpus in corpora]
    if any(type(one.corpus).without_recordings is Corpus.without_recordings for one in settings):
        return None
    about = plan.settings(split.name)
    with TemporaryDirectory() as unpacked:
        clips = pd.concat([read_corpus(one.name, one.corpus, Path(unpacked)) for one in settings], ignore_index=True)
    table, _ = make_split(clips, about.protocol, about.emotions, about.closed)
    excluded = {one.name: one.corpus.exclude for one in settings}
    own = plan.settings(name)
    return read_posteriors(own, table, about.emotions.classes, f"{stage.label}.posteriors", excluded), excluded


def _compare(
    tables: dict[str, tuple[pd.DataFrame, Mapping[str, Sequence[str]]]],
    plan: PlanFile,
    names: Sequence[str],
    missing: str,
) -> None:
    """Say where a modality's table lacks test clips that another one has; raise it where `missing` is `fail`."""
    paths = {plan.stage(name).label: plan.settings(name).posteriors.table for name in names}
    tested = {modality: table[table["split"] == "test"] for modality, (table, _) in tables.items()}
    for modality, (_, excluded) in tables.items():
        for other, rows in tested.items():
            lacking = rows[~rows["clip"].isin(tested[modality]["clip"])].drop_duplicates("clip")
            if len(lacking):
                advice = [leave_out(c, part["clip"], excluded.get(c, ())) for c, part in lacking.groupby("corpus")]
                message = (
                    f"{paths[modality]} ({modality}) lacks {len(lacking)} of {rows['clip'].nunique()} test clips that "
                    f"{paths[other]} ({other}) has, as {lacking['clip'].iloc[0]}; add them, or leave them out with "
                    f"{' '.join(advice)}"
                )
                if missing == FAIL:
                    raise EmofusionError(f"{message}, or set fusion.missing={USE_OTHERS}")
                tell(f"note: {message}. As it is, the fusion of these clips rests on the other modalities.")
