"""MELD's tables and file names.

Each of the three tables has a row for each utterance. Its video is called by the numbers of dialogue and utterance, as
in `train_splits/dia0_utt0.mp4`; these begin at 0 in each table, so the folder belongs to the name.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from emofusion.corpora.common.archives import Entry

TABLES = {"train": "train_sent_emo.csv", "dev": "dev_sent_emo.csv", "test": "test_sent_emo.csv"}  # part → its table
COLUMNS = ("Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID", "Season", "Episode")
EMOTIONS = {
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fearful",
    "joy": "happy",
    "neutral": "neutral",
    "sadness": "sad",
    "surprise": "surprised",
}
# The six who speak most. What the others' gender is the tables do not say.
GENDERS = {
    "Chandler": "male",
    "Joey": "male",
    "Ross": "male",
    "Monica": "female",
    "Phoebe": "female",
    "Rachel": "female",
}
_NAME = re.compile(r"dia(\d+)_utt(\d+)", re.IGNORECASE | re.ASCII)
_WORDS = {"train": "train", "dev": "dev", "valid": "dev", "test": "test"}  # in the name of a folder → part


def clip_name(part: str, dialogue: str | int, utterance: str | int) -> str:
    """The name of a clip, such as `train_dia0_utt0`."""
    return f"{part}_dia{int(dialogue)}_utt{int(utterance)}"


def parse(entry: Entry) -> tuple[tuple[str, str], dict[str, str]] | None:
    """A file's clip and suffix, as `reading.find_recordings` needs them; None for a file with another name.

    The test videos of another cut, `final_videos_testdia0_utt0.mp4`, have another name. Raises `ValueError` where no
    folder of the file says which part it is of.
    """
    match = _NAME.fullmatch(entry.path.stem)
    if not match:
        return None
    part = part_of(entry.folders)
    if part is None:
        raise ValueError("is in no folder whose name has train, dev or test in it, so it may be any of three clips")
    return (clip_name(part, match[1], match[2]), entry.path.suffix.lower()), {}


def part_of(folders: Iterable[str]) -> str | None:
    """The part (train, dev, test) that the innermost of some folders belongs to; None where none says it."""
    for folder in reversed(list(folders)):
        parts = {part for word, part in _WORDS.items() if word in folder.lower()}
        if len(parts) == 1:
            return parts.pop()
    return None


def example(clip: str) -> PurePosixPath:
    """The path that a clip's video has in the distributed archives, for messages."""
    part, _, name = clip.partition("_")
    folder = {"train": "train_splits", "dev": "dev_splits_complete", "test": "output_repeated_splits_test"}[part]
    return PurePosixPath(folder, f"{name}.mp4")
