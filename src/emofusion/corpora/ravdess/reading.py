"""The clips of RAVDESS, from its files or from a table that names them."""

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from emofusion.corpora.common.archives import Entry
from emofusion.corpora.common.reading import Faults, clip_table, excluded, excluded_clip, find_recordings, first_few
from emofusion.corpora.common.separated import whole_lines
from emofusion.corpora.ravdess.names import MEDIA, TABLES, clip_of, is_name, is_song, labels_of, names_of_videos, parse
from emofusion.errors import EmofusionError
from emofusion.settings.exclude import leave_out
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd


def read_files(name: str, corpus: Corpus, media: list[str], unpacked: Path) -> "pd.DataFrame":
    """The performances of speech for which all of `media` are there.

    Sound is the 03 file, or else the 01 video; the picture is the 02 video, or else the 01 video. A medium not in
    `media` is null. For action units only the file names are read here. With action units alone, the clips are those
    that have them. Raises `EmofusionError` where a medium is missing for some clips, or files have faults.
    """
    faults = Faults(name, corpus.root, corpus.exclude)
    suffixes = list(dict.fromkeys(suffix for medium in media for suffix in MEDIA[medium].suffixes))
    labels_of_clips: dict[str, dict[str, Any]] = {}
    files: dict[str, dict[str, Entry | None]] = {medium: {} for medium in media}
    ranks: dict[tuple[str, str], int] = {}  # how far the chosen file is from the preferred modality
    for (stem, _), labels, entry in find_recordings(corpus, suffixes, parse, faults):
        clip = clip_of(stem)
        labels_of_clips[clip] = labels
        for medium in media:
            modalities = MEDIA[medium].modalities
            if entry.path.suffix.lower() in MEDIA[medium].suffixes and stem[:2] in modalities:
                rank = modalities.index(stem[:2])
                if rank <= ranks.get((medium, clip), rank):
                    files[medium][clip], ranks[medium, clip] = entry, rank
    tables = {medium: Path(corpus.root) / TABLES[medium] for medium in media if medium in TABLES}
    for medium, table in tables.items():
        if table.is_file():
            files[medium] = dict.fromkeys(_clips_of_table(table, corpus, labels_of_clips, faults))
    faults.stop()
    opened = [medium for medium in media if medium not in TABLES]
    found = set().union(*(files[medium] for medium in opened)) or set().union(*(files[medium] for medium in tables))
    clips = sorted(clip for clip in found if not excluded_clip(clip, corpus))
    _check_complete(name, corpus, clips, files)
    rows = [labels_of_clips[clip] | _names(clip) | {medium: files[medium][clip] for medium in opened} for clip in clips]
    return clip_table(name, corpus.root, rows, unpacked, faults)


def read_names(name: str, corpus: Corpus, path: Path, unpacked: Path) -> "pd.DataFrame":
    """The clips that the column `clip` of a table names, under the names that the corpus's own clips have.

    `path`: a table in .csv, .parquet or .npz. Raises `EmofusionError` where it is no such table, or names other clips.
    """
    from emofusion.foreign import names_in

    faults = Faults(name, corpus.root, corpus.exclude)
    labels_of_clips: dict[str, dict[str, Any]] = {}
    stems = list(dict.fromkeys(names_in(path)))
    for stem in stems:
        if is_name(stem) and not stem.startswith("03-01") and not excluded_clip(stem, corpus):
            reason = f"has the clip {stem}; as in the corpus's audio, names begin with 03-01"
            faults.add(path.name, reason, name=stem)
    clips = sorted(set(_clips_of_names(stems, path, corpus, labels_of_clips, faults)))
    rows = [labels_of_clips[clip] | _names(clip) for clip in clips]
    return clip_table(name, corpus.root, rows, unpacked, faults)


def _names(clip: str) -> dict[str, str]:
    return {"clip": clip, "also_named": names_of_videos(clip)}


def _clips_of_table(
    path: Path, corpus: Corpus, labels_of_clips: dict[str, dict[str, Any]], faults: Faults
) -> list[str]:
    """The clips that a table in the root has a row for; their labels are added to `labels_of_clips`."""
    if path.suffix.lower() == ".npz":
        from emofusion.foreign import names_in

        return _clips_of_names(names_in(path), path, corpus, labels_of_clips, faults)
    stems = [row["clip"] for _, row in whole_lines(path, ["clip"])]
    return _clips_of_names(stems, path, corpus, labels_of_clips, faults)


def _clips_of_names(
    stems: list[Any], path: Path, corpus: Corpus, labels_of_clips: dict[str, dict[str, Any]], faults: Faults
) -> list[str]:
    """The clips of speech that a table's names stand for; their labels are added to `labels_of_clips`."""
    clips = []
    for stem in stems:
        if excluded_clip(str(stem), corpus):
            continue
        if not is_name(stem):
            reason = f"has a row whose clip is {stem!r}, which is not such as 03-01-05-02-01-02-12"
            faults.add(path.name, reason, name=str(stem))
        elif not is_song(stem) and not excluded(PurePosixPath(f"{stem}.csv"), corpus):
            try:
                labels_of_clips.setdefault(clip_of(stem), labels_of(stem))
                clips.append(clip_of(stem))
            except ValueError as error:
                faults.add(f"{path.name}: {stem}", str(error), name=stem)
    return clips


def _check_complete(name: str, corpus: Corpus, clips: list[str], files: dict[str, dict[str, Entry | None]]) -> None:
    """Raise `EmofusionError` if a medium is missing for some of the clips. `files`: medium → clip → file."""
    missing = {medium: [clip for clip in clips if clip not in by_clip] for medium, by_clip in files.items()}
    if any(missing.values()):
        counts = ", ".join(f"{medium} for {len(clips) - len(without)}" for medium, without in missing.items())
        which = "; ".join(f"{medium} lacks for {first_few(without)}" for medium, without in missing.items() if without)
        lacking = sorted(set().union(*missing.values()))
        raise EmofusionError(
            f"the corpus {name} at {corpus.root} is not complete: of {len(clips)} clips there is {counts}. "
            f"{which}. Add the files, ask for less with corpora.{name}.media=[{','.join(list(files)[:1])}], or leave "
            f"the clips out with {leave_out(name, lacking, corpus.exclude)}."
        )
