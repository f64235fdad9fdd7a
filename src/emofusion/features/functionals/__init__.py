"""openSMILE's functionals: statistics over a whole recording, one row of fixed length for each clip."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.errors import EmofusionError
from emofusion.features.common.speeds import FeaturesAtSpeeds
from emofusion.settings.fields import setting

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

VALUES = {"egemaps": 88, "compare_2016": 6373}


@dataclass
class Functionals(FeaturesAtSpeeds):
    """One of openSMILE's sets of functionals. openSMILE is an optional library, licensed for research and teaching."""

    media: ClassVar[tuple[str, ...]] = ("audio",)

    kind: str = "functionals"
    sample_rate: int = setting("Rate in Hz that every recording is resampled to.", 16000, least=1000, most=192_000)
    set: str = setting(
        "openSMILE's set: egemaps (eGeMAPSv02, 88 values) or compare_2016 (ComParE_2016, 6373 values).",
        "egemaps",
        choices=tuple(VALUES),
    )

    def dtype(self) -> "np.dtype[Any]":
        """Single precision."""
        import numpy as np

        return np.dtype(np.float32)

    def row_shape(self) -> tuple[int]:
        """`(88,)` of eGeMAPS, `(6373,)` of ComParE 2016."""
        return (VALUES[self.set],)

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that turns a clip into float32 `(1 + speeds, values)`, over the whole recording.

        Raises `EmofusionError` where openSMILE is not installed, and for clips without sound. The function raises it
        for a recording that is too short for openSMILE's frames.
        """
        from emofusion.features.functionals.compute import prepare

        return prepare(clips, self)

    def check_installed(self, name: str) -> None:
        """Raise `EmofusionError` where openSMILE is not installed. `name`: the node's full name."""
        if find_spec("opensmile") is None:
            raise EmofusionError(
                f"{name}.kind={self.kind}: openSMILE is not installed: run `pip install 'emofusion[functionals]'`, or "
                f"choose other features; its licence covers research and teaching"
            )
