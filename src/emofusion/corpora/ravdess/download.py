"""Download RAVDESS from Zenodo into the corpus's root."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emofusion.corpora.common.zenodo import RecordFile, fetch_files
from emofusion.corpora.ravdess.names import has_medium
from emofusion.settings.kinds import Preparation
from emofusion.whole_files import write_whole

RECORDINGS, TRACKING = 1188976, 3255102  # the records of sound and video, and of action units
_FILES = {
    "audio": [RecordFile(RECORDINGS, "Audio_Speech_Actors_01-24.zip", 208_468_073, "bc696df654c87fed845eb13823edef8a")],
    "video": [RecordFile(RECORDINGS, f"Video_Speech_Actor_{actor:02d}.zip") for actor in range(1, 25)],
    "action_units": [RecordFile(TRACKING, "FacialTracking_Actors_01-24.zip")],
    "landmarks": [RecordFile(TRACKING, "FacialTracking_Actors_01-24.zip")],
}


@dataclass(frozen=True)
class Download(Preparation):
    """Downloads the archives of media that are missing in the root.

    Args:
        url: address of the server, such as https://zenodo.org.
        known_files: file → `size` (bytes) and `md5`, which replace the values in this module.
        root: the corpus's folder.
        media: audio, video, action_units, landmarks.
        name: the name of the corpus in the experiment.
    """

    url: str
    known_files: dict[str, Any]
    root: str
    media: list[str]
    name: str

    @property
    def label(self) -> str:
        return f"{self.name}-{self.media[0]}"

    def run(self, out: Path) -> None:
        """Fetch, and write `receipt.json` into the folder `out`; see `download` for what it lists and for errors."""
        receipt = download(self.url, self.known_files, self.media, Path(self.root))
        write_whole(out / "receipt.json", json.dumps(receipt, indent=2))


def needed_files(media: list[str]) -> list[RecordFile]:
    """The files that hold the media (audio, video, action_units, landmarks)."""
    return list(dict.fromkeys(file for medium in media for file in _FILES[medium]))


def download(url: str, known_files: dict[str, Any], media: list[str], root: Path) -> list[dict[str, Any]]:
    """Download the archives of media that are missing in `root`, and return a receipt, as `fetch_files` does.

    A medium is there if one file of it is, in the tree or in an archive of another name than the records'. An archive
    with a record's name and the right checksum is not fetched again. See `Download` for the arguments.
    """
    # the records' own archives are checked by checksum: an incomplete copy does not count as the medium
    record_archives = [file.name for files in _FILES.values() for file in files]
    missing = [medium for medium in media if not has_medium(root, medium, record_archives)]
    files = needed_files(missing)
    replaced = [
        RecordFile(file.record, file.name, known_files[file.name].get("size"), known_files[file.name].get("md5"))
        if file.name in known_files
        else file
        for file in files
    ]
    return fetch_files(url, replaced, root)
