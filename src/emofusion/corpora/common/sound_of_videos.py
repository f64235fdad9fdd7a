"""A video is a recording of sound too, in every corpus."""

from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.corpora.common import media
from emofusion.corpora.common.bad_clips import skip
from emofusion.corpora.common.reading import Faults
from emofusion.counted import count
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd


def with_sound_of_videos(name: str, corpus: Corpus, clips: "pd.DataFrame") -> "pd.DataFrame":
    """The clip table, where a clip without a sound file has its video in the column `audio`.

    A video without a sound track is no fault: its clip has no sound then.

    Raises `EmofusionError` that names the videos whose sound has a fault, such as silence, unless they are skipped.
    """
    from emofusion.recordings.sound import NoTrack

    without = clips.index[clips["audio"].isna() & clips["video"].notna()]
    if without.empty:
        return clips
    videos = clips.loc[without, "video"]
    faults, mute = Faults(name, corpus.root, corpus.exclude), str(NoTrack())
    reasons = media.faults((video, "audio") for video in videos)
    for clip, video, reason in zip(clips.loc[without, "clip"], videos, reasons, strict=True):
        if reason == mute:
            count("videos without a sound track")
        elif reason and not skip(clip, f"{Path(video).name} {reason}"):
            faults.add(f"{video}, of the clip {clip},", reason, name=clip)
    faults.stop()
    heard = [reason is None for reason in reasons]
    return clips.assign(audio=clips["audio"].where(clips["audio"].notna(), videos[heard]))
