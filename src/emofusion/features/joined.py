"""Features of several kinds that one model reads together: of one modality, or of several (early fusion)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, cast

from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Features
from emofusion.settings.names import check_name

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass
class Joined(Features):
    """Features of several kinds, one after the other in a row.

    Each part is computed by itself, and shared with the other models that read it. Parts may come from different media
    of a clip, as a voice and a face do: a model that reads both is early fusion. A clip that lacks a part is left out.
    Parts may be joined features themselves; `kernel_ridge` uses this.
    """

    nested: ClassVar[dict[str, str]] = {"parts": "features"}
    media: ClassVar[tuple[str, ...]] = ("the media of its parts",)

    kind: str = "joined"
    parts: dict[str, Any] = setting("Name → features of any kind, in the order of a row.", {}, shortest=1)

    def leaves(self) -> dict[str, Features]:
        """The parts, and the parts of parts by names such as `speech.statistics`."""
        found: dict[str, Features] = {}
        for name, part in self.parts.items():
            inside = cast(Features, part).leaves()
            found |= {f"{name}.{leaf}": features for leaf, features in inside.items()} or {name: part}
        return found

    def dtype(self) -> "np.dtype[Any]":
        """Single precision."""
        import numpy as np

        return np.dtype(np.float32)

    def row_shape(self) -> tuple[int]:
        """`(values,)`, the values of all parts."""
        return (sum(prod(part.row_shape()) for part in self.leaves().values()),)

    def planned_shape(self) -> tuple[int, ...] | None:
        """The shape of a row; None where a file decides that of a part."""
        shapes = [part.planned_shape() for part in self.leaves().values()]
        return None if None in shapes else (sum(prod(shape) for shape in shapes if shape is not None),)

    def several_rows_are_views(self) -> bool:
        """Whether a part has altered copies of a clip."""
        return any(part.several_rows_are_views() for part in self.leaves().values())

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """Each part has a stage of its own, so this is never called."""
        raise NotImplementedError

    def medium_of(self, provided: Sequence[str]) -> str | None:
        """The medium of the first part; each part asks for its own."""
        return next(iter(self.leaves().values())).medium_of(provided)

    def check_installed(self, name: str) -> None:
        """Raise `EmofusionError` where a part needs an optional library that is not installed."""
        for part, features in self.parts.items():
            features.check_installed(f"{name}.parts.{part}")

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` where parts cannot stand in one row, or their altered copies differ."""
        speeds: dict[str, list[float]] = {}
        for part in self.parts:
            check_name(part, f"{name}.parts")
            must("." not in part, f"{name}.parts.{part}: the name of a part has no point")
        for part, features in self.leaves().items():
            where = f"{name}.parts.{part.replace('.', '.parts.')}"
            must(
                features.standardised and not features.sparse,
                f"{where}.kind={features.kind}: pictures and sparse features cannot be joined with others; choose a "
                "modality of their own",
            )
            if features.several_rows_are_views():
                speeds[where] = getattr(features, "speeds", [])
        must(
            len({tuple(one) for one in speeds.values()}) < 2,
            f"{', '.join(f'{where}.speeds={one}' for where, one in speeds.items())}: altered copies are joined one by "
            "one; set the same speeds, or [] in some",
        )
