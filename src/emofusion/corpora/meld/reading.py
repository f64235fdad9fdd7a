"""The utterances of MELD: a row of its tables for each, with its recording where one is asked for."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emofusion.corpora.common.archives import Entry, entries, unpack
from emofusion.corpora.common.media_of_clips import chosen_files, suffixes_of
from emofusion.corpora.common.reading import (
    Faults,
    clip_table,
    excluded,
    excluded_clip,
    find_recordings,
    first_few,
)
from emofusion.corpora.common.separated import is_number, whole_lines
from emofusion.corpora.meld.names import COLUMNS, EMOTIONS, GENDERS, TABLES, clip_name, example, parse
from emofusion.counted import count
from emofusion.errors import EmofusionError
from emofusion.settings.exclude import leave_out
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd


def read_utterances(
    name: str, corpus: Corpus, media: list[str], genders: dict[str, str], unpacked: Path
) -> "pd.DataFrame":
    """The utterances, each with a file of each of `media`. Recordings without a row in a table do not belong to them.

    Args:
        name: what the experiment calls the corpus.
        corpus: its folder, and the files to leave out.
        media: audio, video, both or none.
        genders: the gender of speakers besides the six main ones.
        unpacked: a folder into which archives are extracted.

    Raises:
        EmofusionError: a table is missing or has a fault, or an utterance has no recording.
    """
    faults = Faults(name, corpus.root, corpus.exclude)
    files: dict[str, dict[str, Entry]] = {}  # clip → suffix → file
    for (clip, suffix), _, entry in find_recordings(corpus, suffixes_of(media), parse, faults) if media else []:
        files.setdefault(clip, {})[suffix] = entry
    rows, without = [], []
    known = GENDERS | genders
    for part, path in _tables(name, corpus, unpacked).items():
        for number, line in _lines(path):
            clip = clip_name(part, line["Dialogue_ID"], line["Utterance_ID"])
            by_suffix = files.pop(clip, {})
            if excluded_clip(clip, corpus) or excluded(example(clip), corpus):
                continue
            if line["Emotion"] not in EMOTIONS:
                faults.add(f"line {number} of {path.name}", f"has the unknown emotion {line['Emotion']}")
                continue
            chosen = chosen_files(by_suffix, media)
            without += [clip] if media and not (chosen["video"] or (chosen["audio"] and "video" not in media)) else []
            rows.append(_about(clip, part, line, known) | chosen)
    faults.stop()
    if without:
        raise EmofusionError(
            f"the corpus {name} at {corpus.root} has no {' or no '.join(media)} for {len(without)} of {len(rows)} "
            f"utterances: {first_few(without)}. Add their files, such as {example(without[0])}, or leave the "
            f"utterances out with {leave_out(name, without, corpus.exclude)}."
        )
    count("recordings that no table has", len(files))
    return clip_table(name, corpus.root, rows, unpacked, faults)


def _about(clip: str, part: str, line: dict[str, str], genders: dict[str, str]) -> dict[str, Any]:
    """The columns of the clip table that follow from a row of a table."""
    return {
        "clip": clip,
        "actor": line["Speaker"],
        "gender": genders.get(line["Speaker"]),
        "emotion": EMOTIONS[line["Emotion"]],
        "statement": line["Utterance"],
        "split": part,
        "dialogue": f"{part}_{int(line['Dialogue_ID'])}",
        "season": line["Season"],
        "episode": line["Episode"],
        "sentiment": line["Sentiment"],
    }


def _tables(name: str, corpus: Corpus, unpacked: Path) -> dict[str, Path]:
    """Part → where its table can be opened. Raises `EmofusionError` where one is missing."""
    found: dict[str, Entry] = {}
    for entry in entries(Path(corpus.root), (".csv",)):
        found.setdefault(entry.path.name, entry)  # a file in the tree comes before the same file in an archive
    if lacking := [table for table in TABLES.values() if table not in found]:
        raise EmofusionError(f"the corpus {name} at {corpus.root} lacks the table {', '.join(lacking)}")
    paths = unpack([found[table] for table in TABLES.values()], unpacked)
    return {part: paths[found[table]] for part, table in TABLES.items()}


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and values of each line of a table. Raises `EmofusionError` where the table has a fault."""
    for number, line in whole_lines(path, COLUMNS):
        if not (is_number(line["Dialogue_ID"]) and is_number(line["Utterance_ID"])):
            raise EmofusionError(f"{path}, line {number}: Dialogue_ID or Utterance_ID is no number")
        yield number, line
