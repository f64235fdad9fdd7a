"""RAVDESS: 1,440 clips of spoken sentences, 24 actors (odd = male), eight emotions, two intensities.

Livingstone & Russo (2018), doi 10.5281/zenodo.1188976, PLoS ONE 13(5): e0196391. A name such as
`03-01-05-02-01-02-12.wav` is modality (01 picture and sound, 02 picture, 03 sound), vocal channel (01 speech, 02 song),
emotion, intensity, statement, repetition and actor. Songs are another part of the corpus, with emotions of their own:
they may lie in the root, but are not read. Action units are OpenFace 2's, of the 01 videos (Swanson, Livingstone &
Russo 2019, doi 10.5281/zenodo.3255102), or a table of their means by clip.
"""

import csv
import re
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from emofusion.corpora.common.archives import Entry, entries
from emofusion.corpora.common.reading import Faults, absent, excluded, find, some, table
from emofusion.errors import EmofusionError

if TYPE_CHECKING:
    from pandas import DataFrame

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")  # 01 to 08
INTENSITIES = ("normal", "strong")
STATEMENTS = ("Kids are talking by the door", "Dogs are sitting by the door")
MEANS = "openface_au_mean.csv"
NAMES = "posteriors"  # the medium of which only the clips' names are known, from a table
SOUND, VIDEO, TRACKING = (".wav", ".flac"), (".mp4",), (".csv",)

_NAME = re.compile(r"\d\d(-\d\d){6}")
_FOLDER = re.compile(r"(?:.*_)?Actor_(\d\d)", re.IGNORECASE)
_MODALITIES = {"01": VIDEO + TRACKING, "02": VIDEO + TRACKING, "03": SOUND}
# medium: suffixes of its files, modalities, an example, and where it is to be had
_MEDIA = {
    "audio": (SOUND + VIDEO, "03 01", "03-01-05-02-01-02-12.wav", "Audio_Speech_Actors_01-24.zip of record 1188976"),
    "video": (VIDEO, "02 01", "02-01-05-02-01-02-12.mp4", "Video_Speech_Actor_01.zip to _24.zip of record 1188976"),
    "action_units": (
        TRACKING,
        "01 02",
        f"01-01-05-02-01-02-12.csv or {MEANS}",
        "FacialTracking_Actors_01-24.zip of record 3255102",
    ),
}


def present(root: Path, medium: str, besides: Collection[str] = ()) -> bool:
    """Is any speech file of a medium (audio, video, action_units) there, in the tree or in archives not `besides`?"""
    if medium == "action_units" and (Path(root) / MEANS).is_file():
        return True
    suffixes, modalities, *_ = _MEDIA[medium]
    starts = tuple(f"{modality}-01-" for modality in modalities.split())
    return any(
        _NAME.fullmatch(entry.path.stem) and entry.path.name.startswith(starts)
        for entry in entries(root, suffixes, besides)
    )


def check_present(settings: dict) -> None:
    """Raises `EmofusionError` if one of `settings["media"]` is not at the root at all."""
    if settings["media"] == [NAMES]:  # whoever reads the table says so if it is not there
        return
    lacking = [medium for medium in settings["media"] if not present(settings["root"], medium)]
    if lacking:
        examples = ", ".join(f"{medium} such as {_MEDIA[medium][2]}" for medium in lacking)
        sources = " and ".join(_MEDIA[medium][3] for medium in lacking)
        raise absent(
            settings,
            f"{examples}, nor an archive with it,",
            f"Let it be fetched with corpora.{settings['name']}.download=true, or put {sources} of https://zenodo.org, "
            "or what is in it, there.",
        )


def read(settings: dict, unpacked: Path) -> "DataFrame":
    """The performances of speech for which all of `settings["media"]` is there.

    Sound is the 03 file or else the 01 video, the picture is the 02 video or else the 01 video; a medium that is not
    asked for is null. `repetition` is a column besides the usual ones. Of action units only the names are looked at:
    the features read them where they lie. With action units alone, the clips are those that have them; with posteriors,
    those that `settings["table"]` names. Raises `EmofusionError` besides as `read_corpus` does where a medium lacks for
    some of the clips.
    """
    asked = settings["media"]
    if asked == [NAMES]:
        return _of_table(settings, unpacked)
    faults = Faults(settings)
    suffixes = {suffix for medium in asked for suffix in _MEDIA[medium][0]}
    clips: dict[str, dict] = {}
    files: dict[str, dict[str, Entry | None]] = {medium: {} for medium in asked}
    preference = {}
    for (stem, _), labels, entry in find(settings, suffixes, _parse, faults).values():
        clip = f"03{stem[2:]}"
        clips[clip] = labels
        for medium in asked:
            modalities = _MEDIA[medium][1].split()
            if entry.path.suffix.lower() in _MEDIA[medium][0] and stem[:2] in modalities:
                rank = modalities.index(stem[:2])
                if rank <= preference.get((medium, clip), rank):
                    files[medium][clip], preference[medium, clip] = entry, rank
    if "action_units" in asked and (means := Path(settings["root"]) / MEANS).is_file():
        files["action_units"] = dict.fromkeys(_means(means, settings, clips, faults))
    faults.stop()
    names = set().union(*(files[medium] for medium in asked if medium != "action_units")) or files["action_units"]
    _complete(settings, sorted(names), files)
    opened = [medium for medium in asked if medium != "action_units"]
    rows = [clips[clip] | {"clip": clip} | {medium: files[medium][clip] for medium in opened} for clip in sorted(names)]
    return table(settings, rows, unpacked, faults)


def _parse(entry: Entry) -> tuple[tuple[str, bool], dict] | None:
    stem, suffix = entry.path.stem, entry.path.suffix.lower()
    if not _NAME.fullmatch(stem):
        if suffix in TRACKING:  # some other table
            return None
        raise ValueError("does not have a name such as 03-01-05-02-01-02-12.wav")
    if stem[3:5] == "02":
        return None
    labels = _labels(stem)
    if suffix not in _MODALITIES[stem[:2]]:
        raise ValueError(f"is a {suffix} file, which the modality {stem[:2]} of its name does not have")
    folders = [match[1] for folder in entry.folders if (match := _FOLDER.fullmatch(folder))]
    if folders and folders[-1] != labels["actor"]:
        raise ValueError(f"is in the folder of actor {folders[-1]}")
    return (stem, suffix in TRACKING), labels


def _labels(stem: str) -> dict:
    modality, channel, *codes, actor = stem.split("-")
    emotion, intensity, statement, repetition = map(int, codes)
    if not 1 <= emotion <= 8:
        raise ValueError(f"has the unknown emotion code {codes[0]}")
    for what, code, known in (
        ("modality", modality, ("01", "02", "03")),
        ("vocal channel", channel, ("01", "02")),
        ("intensity", codes[1], ("01", "02") if emotion > 1 else ("01",)),
        ("statement", codes[2], ("01", "02")),
        ("repetition", codes[3], ("01", "02")),
        ("actor", actor, [f"{number:02d}" for number in range(1, 25)]),
    ):
        if code not in known:
            raise ValueError(f"has the unknown {what} code {code}" + (" for neutral" * (what == "intensity")))
    return {
        "actor": actor,
        "gender": "male" if int(actor) % 2 else "female",
        "emotion": EMOTIONS[emotion - 1],
        "intensity": INTENSITIES[intensity - 1],
        "statement": STATEMENTS[statement - 1],
        "repetition": str(repetition),
    }


def _of_table(settings: dict, unpacked: Path) -> "DataFrame":
    """The clips that a table of posteriors names, under the names that the corpus's own clips have."""
    from emofusion.tables import read_foreign

    faults, clips, path = Faults(settings), {}, Path(settings["table"])
    found = read_foreign(path)
    if "clip" not in found:
        raise EmofusionError(f"{path}: has no column clip")
    stems = list(dict.fromkeys(found["clip"]))
    for stem in stems:
        if isinstance(stem, str) and _NAME.fullmatch(stem) and not stem.startswith("03-01"):
            faults.add(path.name, f"has the clip {stem}; as in the corpus's audio, names begin with 03-01")
    names = sorted(set(_named(stems, path, settings, clips, faults)))
    return table(settings, [clips[clip] | {"clip": clip} for clip in names], unpacked, faults)


def _means(path: Path, settings: dict, clips: dict[str, dict], faults: Faults) -> list[str]:
    """The clips that the table of means has a row for; their labels are put into `clips`."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        stems = [row.get("clip") for row in csv.DictReader(file)]
    return _named(stems, path, settings, clips, faults)


def _named(stems: list, path: Path, settings: dict, clips: dict[str, dict], faults: Faults) -> list[str]:
    known = []
    for stem in stems:
        if not isinstance(stem, str) or not _NAME.fullmatch(stem):
            faults.add(path.name, f"has a row whose clip is {stem!r}, which is not such as 03-01-05-02-01-02-12")
        elif stem[3:5] != "02" and not excluded(PurePosixPath(f"{stem}.csv"), settings):
            try:
                clips.setdefault(f"03{stem[2:]}", _labels(stem))
                known.append(f"03{stem[2:]}")
            except ValueError as error:
                faults.add(f"{path.name}: {stem}", str(error))
    return known


def _complete(settings: dict, names: list[str], files: dict[str, dict]) -> None:
    """Raises `EmofusionError` if a medium lacks for some of the clips."""
    lacking = {medium: [name for name in names if name not in files[medium]] for medium in settings["media"]}
    if any(lacking.values()):
        counts = ", ".join(f"{medium} for {len(names) - len(without)}" for medium, without in lacking.items())
        which = "; ".join(f"{medium} lacks for {some(without)}" for medium, without in lacking.items() if without)
        first = next(without[0] for without in lacking.values() if without)
        name = settings["name"]
        raise EmofusionError(
            f"the corpus {name} at {settings['root']} is not complete: of {len(names)} clips there is {counts}. "
            f"{which}. Add the files, ask for less with corpora.{name}.media=[...], or leave the clips out with "
            f'corpora.{name}.exclude=["*{first[2:]}.*", ...].'
        )
