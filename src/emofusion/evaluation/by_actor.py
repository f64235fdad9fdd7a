"""The accuracy of each actor: which speakers a system recognises, and which it does not."""

import numpy as np
import pandas as pd

from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.systems import Systems


def actor_table(systems: Systems, counts: Counts) -> pd.DataFrame:
    """The recognised clips of each actor, by system and emotion.

    Columns: system, actor, gender, emotion (`all` for the total), correct, clips, accuracy (0–1). An actor has no row
    for an emotion that the actor does not show. There are no intervals: a row is about this actor alone, and the clips
    of one actor are not independent.
    """
    clips = np.concatenate([counts.clips.sum(axis=1, keepdims=True), counts.clips], axis=1)
    correct = np.concatenate([counts.correct.sum(axis=2, keepdims=True), counts.correct], axis=2)
    actor, emotion = np.nonzero(clips)
    names = np.array(["all", *systems.emotions], dtype=object)
    rows, number = len(actor), len(systems.names)
    return pd.DataFrame(
        {
            "system": np.repeat(np.array(systems.names, dtype=object), rows),
            "actor": np.tile(systems.actors["actor"].to_numpy(dtype=object)[actor], number),
            "gender": np.tile(systems.genders[actor], number),
            "emotion": np.tile(names[emotion], number),
            "correct": correct[:, actor, emotion].ravel().astype("int64"),
            "clips": np.tile(clips[actor, emotion], number).astype("int64"),
            "accuracy": ratio(correct, clips)[:, actor, emotion].ravel(),
        }
    ).astype(dict.fromkeys(("system", "actor", "gender", "emotion"), "str"))
