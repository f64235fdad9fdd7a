"""openSMILE's functionals: statistics over a whole recording.

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
from emofusion.features.common.arrays import Array
from emofusion.features.common.sound import waveform
from emofusion.features.functionals import Functionals

_OPENSMILE_NAMES = {"egemaps": "eGeMAPSv02", "compare_2016": "ComParE_2016"}

# An extractor must not be used by two threads at once (opensmile-python issue 41); each process makes its own.
_LOCK = Lock()


def prepare(clips: pd.DataFrame, settings: Functionals) -> Callable[[Any], Array]:
    """The function that turns a clip into float32 `(1 + speeds, values)`; see `Functionals.prepare`.

    Values are openSMILE's, in its order and units. They are always finite: openSMILE has defaults where values do not
    occur, such as pitch in silence.
    """
    settings.check_installed("features")
    waveform.require_recordings(clips, "functionals")
    return partial(_of_clip, settings=settings)


def compute(samples: Array, settings: Functionals) -> Array:
    """The functionals of a waveform `(samples,)`: float32 `(values,)`, NaN where it is too short."""
    with _LOCK, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Segment too short")
        values = _extractor(_OPENSMILE_NAMES[settings.set])(samples, settings.sample_rate)
        return values[0, :, 0].astype(np.float32)


def _of_clip(clip: Any, settings: Functionals) -> Array:
    samples = waveform.load(clip.audio, settings.sample_rate, duration=None)
    versions = waveform.at_speeds(samples, settings.sample_rate, settings.speeds)
    values = np.stack([compute(version, settings) for version in versions])
    if not np.isfinite(values).all():
        seconds = len(samples) / settings.sample_rate
        raise EmofusionError(
            f"openSMILE finds no finite functionals in {clip.audio}, which lasts {seconds:.3f} s: it is too short or "
            "damaged. Replace the file or leave the clip out."
        )
    return values


@lru_cache
def _extractor(name: str) -> Callable[[Array, int], Array]:
    import opensmile  # takes a second, and only this kind of features needs it

    extractor: Callable[[Array, int], Array] = opensmile.Smile(
        opensmile.FeatureSet[name], opensmile.FeatureLevel.Functionals
    )
    return extractor
