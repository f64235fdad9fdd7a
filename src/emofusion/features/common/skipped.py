"""Clips whose features fail, where the setting `on_bad_clip` of their corpus skips them.

A feature set lists them in `skipped.csv`. The split reads it and takes these clips out, in all modalities.
"""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from emofusion.corpora.common.bad_clips import joined
from emofusion.whole_files import replacing

FILE = "skipped.csv"


def write_skipped(out: Path, reasons: Mapping[str, str]) -> None:
    """Write the list of a feature set. reasons: clip → why it is skipped; empty where it is not."""
    with replacing(out / FILE) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("clip", "reason"), *((clip, reason) for clip, reason in reasons.items() if reason)])


def read_skipped(folders: Iterable[Path]) -> dict[str, str]:
    """Clip → why its features fail, in one or several feature sets."""
    return joined(_read(folder / FILE) for folder in folders)


def _read(path: Path) -> dict[str, str]:
    with path.open(newline="", encoding="utf-8") as file:
        return {row["clip"]: row["reason"] for row in csv.DictReader(file)}
