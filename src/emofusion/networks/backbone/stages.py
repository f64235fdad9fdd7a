"""The work before a backbone is trained: prepare its weights, and store the output of its frozen blocks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from emofusion.errors import EmofusionError
from emofusion.settings.kinds import FrozenPart, Preparation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emofusion.features.common.feature_set import FeatureSet

NO_FILES = ("imagenet", "none")


@dataclass(frozen=True)
class BackboneWeights(Preparation):
    """The weights that a backbone starts from.

    weights: `imagenet`, `none` or a file. url: the folder that the published files are fetched from. seed: draws the
    weights where they are `none`, and is 0 otherwise.
    """

    architecture: str
    weights: str
    url: str
    seed: int

    @property
    def label(self) -> str:
        return f"{self.architecture}-{Path(self.weights).stem}"

    def check_present(self) -> None:
        if self.weights not in NO_FILES and not Path(self.weights).is_file():
            raise EmofusionError(f"network.weights={self.weights}: not imagenet, not none, and no such file")

    def sources(self) -> list[Path]:
        file = Path(self.weights)
        return [file] if self.weights not in NO_FILES and file.is_file() else []

    def run(self, out: Path) -> None:
        """Write `weights.safetensors` into the folder `out`; see `weights.prepare` for the errors."""
        from emofusion.networks.backbone.weights import prepare

        prepare(self.architecture, self.weights, Path(out) / "weights.safetensors", self.url, self.seed)


@dataclass(frozen=True)
class FrozenBlocks(FrozenPart):
    """The first `frozen` blocks of a backbone, whose output is stored; see `BackboneLayers` and `FeatureCache`."""

    architecture: str
    normalise: str
    pooling: str
    frozen: int
    precision: str
    views: int
    shift: float
    scale: float
    threads: int

    @property
    def label(self) -> str:
        return self.architecture

    def store(self, features: "FeatureSet", weights: Path | None, out: Path) -> None:
        """Write the output of the blocks for every row of `features`, pictures `(3, height, width)` of uint8."""
        from emofusion.networks.backbone.feature_cache import store_frozen_blocks

        store_frozen_blocks(self, features, weights, Path(out))

    def loaded(self, shape: tuple[int, ...], weights: Path | None) -> "Callable[[NDArray[Any]], NDArray[Any]]":
        """The function from pictures, uint8 `(rows, 3, height, width)`, to the output of the blocks."""
        from emofusion.networks.backbone.feature_cache import load_frozen_blocks

        return load_frozen_blocks(self, shape, weights)

    def for_scoring(self) -> Self:
        """A copy that stores each picture as it is."""
        return replace(self, views=1, shift=0.0, scale=0.0)
