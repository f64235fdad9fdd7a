"""`emofusion score`: score files and folders, and print a table."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from emofusion.scoring.scorer import Scorer, Scores


def run(given: argparse.Namespace) -> int:
    """Score, print and write. Returns 0 where all recordings could be scored, 1 where some could not."""
    say(f"loading {given.model}")
    from emofusion.commands.model import bundle_folder
    from emofusion.errors import EmofusionError
    from emofusion.scoring.recordings import find, look_at_all

    if given.output is not None and given.output.suffix not in (".csv", ".parquet"):
        raise EmofusionError(f"--output {given.output}: a name that ends in .csv or .parquet")
    paths = find(given.paths)
    folder = bundle_folder(given.model, given.registry)
    from tqdm import tqdm

    from emofusion.scoring.scorer import Scorer

    scorer = Scorer(folder)
    say(_about(scorer))
    workers = given.workers or os.cpu_count() or 1
    with tqdm(total=len(paths), desc="files", unit="file", disable=None) as bar:
        recordings = look_at_all(paths, workers, bar.update)
    scores = scorer.score(recordings, look_at_all(given.enrol, 1), workers, progress=say)
    _show(scores, given.format)
    if given.output is not None:
        _write(scores.fused, given)
    if scores.failed:
        say(f"{scores.failed} of {len(recordings)} recordings could not be scored; the column reason says why")
    return 1 if scores.failed else 0


def say(line: str) -> None:
    """Write a line for people: what goes to the standard output is for programs too."""
    print(line, file=sys.stderr, flush=True)


def _about(scorer: "Scorer") -> str:
    bundle = scorer.bundle
    names = ", ".join(modality.name for modality in bundle.modalities)
    return f"{bundle.title}: {names}; {bundle.rule.label}; {', '.join(bundle.classes)}"


def _show(scores: "Scores", how: str) -> None:
    table = scores.fused
    if how == "csv":
        print(table.to_csv(index=False), end="")
    elif how == "jsonl":
        print(table.to_json(orient="records", lines=True, force_ascii=False), end="")
    else:
        print(_for_people(table).to_string(index=False, na_rep="–"))


def _for_people(table: "pd.DataFrame") -> "pd.DataFrame":
    """Posteriors in percent, with the class alone as their heading."""
    from emofusion.scoring.scorer import POSTERIOR

    columns = [column for column in table if column.startswith(POSTERIOR)]
    shown = table.assign(**{column: (100 * table[column]).round(1) for column in columns})
    told = [name for name in ("reason", "left_out") if (table[name] != "").any()]
    order = ["name", "emotion", *columns, "used", *told]
    return shown[order].rename(columns={column: f"{column.removeprefix(POSTERIOR)} %" for column in columns})


def _write(table: "pd.DataFrame", given: argparse.Namespace) -> None:
    from emofusion.disk import unwritable
    from emofusion.whole_files import replacing

    try:
        with replacing(given.output) as partial:
            if given.output.suffix == ".csv":
                table.to_csv(partial, index=False)
            else:
                table.to_parquet(partial, index=False)
    except OSError as error:
        raise (unwritable(error, given.output) or error) from error
    say(f"written: {given.output}")
