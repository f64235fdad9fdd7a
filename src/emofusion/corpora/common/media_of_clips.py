"""Which files of a clip are its media, where a corpus has sound files and videos with the same names."""

from collections.abc import Mapping, Sequence

from emofusion.corpora.common.archives import Entry

SOUND, VIDEO = (".wav", ".flac", ".mp3"), (".mp4", ".flv", ".mkv", ".avi", ".mov")
SUFFIXES = {"audio": SOUND + VIDEO, "video": VIDEO}  # medium → what it may be taken from, the preferred suffix first


def suffixes_of(media: Sequence[str]) -> list[str]:
    """The suffixes of files that some media may be taken from, the preferred one first. media: empty for all."""
    return list(dict.fromkeys(suffix for medium in media or SUFFIXES for suffix in SUFFIXES[medium]))


def chosen_files(by_suffix: Mapping[str, Entry], media: Sequence[str]) -> dict[str, Entry | None]:
    """Medium → the file of a clip.

    A clip without a sound file has its video, where sound is asked for: `read_corpus` takes the video's sound then.

    Args:
        by_suffix: suffix → file of the clip.
        media: audio, video, both or none.
    """
    sound = next((by_suffix[suffix] for suffix in SOUND if suffix in by_suffix), None) if "audio" in media else None
    is_shown = "video" in media or ("audio" in media and not sound)
    video = next((by_suffix[suffix] for suffix in VIDEO if suffix in by_suffix), None) if is_shown else None
    return {"audio": sound, "video": video}
