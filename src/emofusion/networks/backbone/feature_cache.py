"""What the frozen blocks of a backbone put out for each picture: it never changes, so it is computed once and stored.

The result is a feature set (see `emofusion.features.common.feature_set`) in half precision or in full, beside view 0, each picture as it
is, with altered views of it to train on.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.networks.backbone.network import Backbone

PRECISIONS = {"half": torch.float16, "full": torch.float32}
BATCH = 16  # pictures: enough for the convolutions to run at full speed, and little memory


def store_frozen(features: FeatureSet, weights: Path, settings: dict, out: Path) -> None:
    """Write the activations of the frozen blocks for every row of `features` as the feature set `out`.

    `settings` has the network's `architecture`, `normalise` and `pooling`, the number of `frozen` blocks, and the
    options of `store`.
    """
    options = {name: settings[name] for name in ("architecture", "normalise", "pooling")}
    network = Backbone(features.shape, 1, weights=weights, hidden=[], **options)
    stored = {name: settings[name] for name in ("precision", "views", "shift", "scale")}
    store(network, features, features.rows, out, settings["frozen"], **stored)


def store(
    network: Backbone,
    features: FeatureSet,
    rows: pd.DataFrame,
    out: Path,
    stop: int,
    precision: str = "half",
    views: int = 1,
    shift: float = 0.0,
    scale: float = 0.0,
) -> None:
    """Write what the block before `stop` puts out for `rows` of `features` as the feature set `out`.

    `rows` (clip, row, frame, view) choose from `features`, pictures of uint8 `(3, height, width)` or activations.
    With `views` > 1, pictures only, further views are added after all recorded ones: flipped or not, moved by at most
    `shift` of their size and scaled by at most 1 ± `scale`, drawn from the number of the row and of the view alone. In
    half precision values beyond its range (65504) are cut to it. Memory does not grow with the number of rows.
    """
    out.mkdir(parents=True, exist_ok=True)
    network.eval()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)
    numbers = rows["row"].to_numpy()
    partial, shape = out / "features.npy.partial", None
    with partial.open("wb") as file, torch.inference_mode():
        for view in range(views):
            for inputs in _batches(features, numbers, view, shift, scale):
                values = network.activations(inputs.to(device), stop).float().cpu()
                if precision == "half":
                    limit = torch.finfo(torch.float16).max
                    values = values.clamp(-limit, limit).half()
                if shape is None:
                    shape = (views * len(numbers), *values.shape[1:])
                    described = {"descr": values.numpy().dtype.str, "fortran_order": False, "shape": shape}
                    np.lib.format.write_array_header_1_0(file, described)
                # not through a memory map, whose pages would count as memory in use
                values.contiguous().numpy().tofile(file)
    network.cpu()
    stored = [
        rows.assign(row=np.arange(len(rows)) + view * len(rows), view=rows["view"] + view) for view in range(views)
    ]
    write_rows(pd.concat(stored, ignore_index=True), out)
    partial.replace(out / "features.npy")


def altered(picture: Tensor, shift: float, scale: float, random: np.random.Generator) -> Tensor:
    """A picture uint8 `(3, height, width)`, flipped at random, moved and scaled by up to these shares, on black."""
    flipped = bool(random.integers(2))
    across, down = random.uniform(-shift, shift, size=2) * picture.shape[-1]
    size = 1 + random.uniform(-scale, scale)
    if flipped:
        picture = functional.horizontal_flip(picture)
    return functional.affine(
        picture,
        angle=0.0,
        translate=[float(across), float(down)],
        scale=float(size),
        shear=[0.0, 0.0],
        interpolation=functional.InterpolationMode.BILINEAR,
    )


def _batches(features: FeatureSet, numbers: np.ndarray, view: int, shift: float, scale: float) -> Iterator[Tensor]:
    for start in range(0, len(numbers), BATCH):
        part = numbers[start : start + BATCH]
        inputs = torch.from_numpy(features.take(part))
        if view:
            drawn = [np.random.default_rng([int(number), view]) for number in part]
            inputs = torch.stack(
                [altered(picture, shift, scale, random) for picture, random in zip(inputs, drawn, strict=True)]
            )
        yield inputs
