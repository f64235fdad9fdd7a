"""openSMILE's functionals: statistics over a whole recording, one fixed-length row a clip.

eGeMAPS (Eyben et al., "The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective
computing", IEEE Transactions on Affective Computing 7(2), 2016) and ComParE 2016 (Schuller et al., "The INTERSPEECH
2016 computational paralinguistics challenge", 2016), computed by openSMILE (Eyben, Wöllmer and Schuller, "openSMILE",
ACM Multimedia 2010). Its licence covers research and teaching, not products.
"""

import warnings
from collections.abc import Callable
from functools import lru_cache, partial
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.features.common.sound import waveform

SOURCE = "the sound of each clip (column `audio`)"
DTYPE = np.float32

# By our name: openSMILE's name, and how many values it has.
_SETS = {"egemaps": ("eGeMAPSv02", 88), "compare_2016": ("ComParE_2016", 6373)}

# An extractor must not be used by two threads at once (opensmile-python issue 41); each process makes its own.
_LOCK = Lock()


def row_shape(settings: dict) -> tuple[int]:
    """`(88,)` of eGeMAPS, `(6373,)` of ComParE 2016."""
    return (_chosen(settings)[1],)


def rows_of(clip: Any, settings: dict) -> int:
    """One row a clip, and one for each of the `speeds`."""
    return 1 + len(settings["speeds"])


def prepare(clips: pd.DataFrame, settings: dict) -> Callable[[Any], np.ndarray]:
    """The function that turns a clip into float32 `(rows, values)`, of the whole recording, and as if played at
    each of the `speeds`.

    Values are openSMILE's, in its order and units, and always finite: it has defaults where something does not occur,
    such as pitch in silence. Raises `EmofusionError` for an unknown `set`, for clips without sound, and, from the
    function, for a recording that is too short for openSMILE's frames.
    """
    _chosen(settings)
    waveform.require_recordings(clips, "functionals")
    return partial(_of_clip, settings=settings)


def compute(samples: np.ndarray, settings: dict) -> np.ndarray:
    """The functionals of a waveform `(samples,)`: float32 `(values,)`, NaN where it is too short."""
    name, _ = _chosen(settings)
    with _LOCK, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Segment too short")
        return _extractor(name)(samples, settings["sample_rate"])[0, :, 0].astype(DTYPE)


def _of_clip(clip: Any, settings: dict) -> np.ndarray:
    samples = waveform.load(clip.audio, settings["sample_rate"], duration=None)
    versions = waveform.at_speeds(samples, settings["sample_rate"], settings["speeds"])
    values = np.stack([compute(version, settings) for version in versions])
    if not np.isfinite(values).all():
        seconds = len(samples) / settings["sample_rate"]
        raise EmofusionError(
            f"openSMILE finds no finite functionals in {clip.audio}, which lasts {seconds:.3f} s: it is too short or "
            "damaged. Replace the file or leave the clip out."
        )
    return values


def _chosen(settings: dict) -> tuple[str, int]:
    if settings["set"] not in _SETS:
        raise EmofusionError(f"the setting `set` is {settings['set']}; choose out of {', '.join(_SETS)}.")
    return _SETS[settings["set"]]


@lru_cache
def _extractor(name: str) -> Callable[[np.ndarray, int], np.ndarray]:
    import opensmile  # takes a second, and only this kind of features needs it

    return opensmile.Smile(opensmile.FeatureSet[name], opensmile.FeatureLevel.Functionals)
