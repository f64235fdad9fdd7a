"""Compute and store the output of a backbone's frozen blocks for each picture. It never changes during training.

The result is a feature set (see `emofusion.features.common.feature_set`) in half or full precision. View 0 is each
picture without changes; further views are altered copies for training.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.v2 import functional

from emofusion.devices import compute_device
from emofusion.errors import EmofusionError
from emofusion.features.common.array_file import RowFile
from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.features.common.matching import leave_out_clips
from emofusion.features.common.unfinished import Unfinished
from emofusion.networks.backbone.network import BackboneNetwork
from emofusion.networks.backbone.settings import TrainedBackbone
from emofusion.networks.backbone.stages import FrozenBlocks

BATCH = 16  # pictures: enough for the convolutions to run at full speed, and little memory
_PIECE = 16 * BATCH  # pictures; an interrupted job loses no more than this


def store_frozen_blocks(settings: FrozenBlocks, features: FeatureSet, weights: Path | None, out: Path) -> None:
    """Write the output of the frozen blocks for every row of `features` as the feature set `out`.

    features: pictures of uint8 `(3, height, width)`. weights: the file that `weights.prepare` wrote, or None for
    weights that are drawn anew. Sets torch's number of threads.
    """
    torch.set_num_threads(settings.threads)
    store(
        _network(settings, features.shape, weights),
        features,
        features.rows,
        out,
        settings.frozen,
        settings.precision,
        settings.views,
        settings.shift,
        settings.scale,
    )


def load_frozen_blocks(
    settings: FrozenBlocks, shape: tuple[int, ...], weights: Path | None
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """The function from pictures, uint8 `(rows, 3, height, width)`, to the output that `store_frozen_blocks` writes.

    shape: of a picture. The function sets torch's number of threads.
    """
    network = _network(settings, shape, weights).eval()
    device = compute_device()
    network.to(device)

    def of_pictures(pictures: NDArray[Any]) -> NDArray[Any]:
        torch.set_num_threads(settings.threads)
        with torch.inference_mode():
            values = network.activations(torch.tensor(pictures, device=device), settings.frozen).float().cpu()
        return _stored(values, settings.precision)

    return of_pictures


def store(
    network: BackboneNetwork,
    features: FeatureSet,
    rows: pd.DataFrame,
    out: Path,
    stop: int,
    precision: str = "half",
    views: int = 1,
    shift: float = 0.0,
    scale: float = 0.0,
) -> None:
    """Write the output of the block before `stop` for rows of `features` as the feature set `out`.

    Memory does not grow with the number of rows. What is done stays done when the process is killed, if
    `keep_unfinished` was called before.

    Args:
        network: the backbone; it is put into evaluation mode.
        features: pictures of uint8 `(3, height, width)`, or the output of an earlier block.
        rows: those rows of `features.rows` that are written (clip, row, frame, view).
        out: the folder.
        stop: the number of a block, from 1; after the last one (5) the output is pooled.
        precision: half or full. In half precision, values beyond its range (65504) are cut to it.
        views: above 1, for pictures only, altered copies of all pictures follow the pictures themselves. They are drawn
            from the number of the row and of the view alone; see `altered`.
        shift, scale: see `altered`.

    Raises:
        EmofusionError: the output for a clip has values that are not finite numbers; or the disk is too full.
    """
    out.mkdir(parents=True, exist_ok=True)
    network.eval()
    device = compute_device()
    network.to(device)
    row_numbers, clip_of = rows["row"].to_numpy(), rows.set_index("row")["clip"]
    pieces = [(view, start) for view in range(views) for start in range(0, len(row_numbers), _PIECE)]
    work = Unfinished(out, f"{views} views of the rows {pd.util.hash_pandas_object(rows).sum()}")
    with torch.inference_mode():
        for number in work.left(range(len(pieces))):
            view, start = pieces[number]
            first = view * len(row_numbers) + start
            for batch in _batches(row_numbers[start : start + _PIECE]):
                inputs = _pictures(features, batch, view, shift, scale)
                values = network.activations(inputs.to(device), stop).float().cpu()
                _check_finite(values, clip_of.loc[batch], stop)
                array = _stored(values, precision)
                work.create_array(array.dtype, (views * len(row_numbers), *array.shape[1:]))
                with RowFile(work.array, writes=True) as file:
                    file.write(first, array)
                first += len(batch)
            work.note(number)
    network.cpu()
    rows_of_views = [
        rows.assign(row=np.arange(len(rows)) + view * len(rows), view=rows["view"] + view) for view in range(views)
    ]
    write_rows(pd.concat(rows_of_views, ignore_index=True), out)
    work.finish(out)


def altered(picture: Tensor, shift: float, scale: float, random: np.random.Generator) -> Tensor:
    """An altered copy of a picture: flipped or not, moved and scaled, on black.

    Args:
        picture: uint8 `(3, height, width)`.
        shift: the largest shift, horizontally and vertically, as a share of the width.
        scale: it is scaled by a factor from 1 - `scale` to 1 + `scale`.
        random: decides the flip, then the move across and down, then the scale.
    """
    flipped = bool(random.integers(2))
    across, down = random.uniform(-shift, shift, size=2) * picture.shape[-1]
    size = 1 + random.uniform(-scale, scale)
    if flipped:
        picture = functional.horizontal_flip(picture)
    moved: Tensor = functional.affine(
        picture,
        angle=0.0,
        translate=[float(across), float(down)],
        scale=float(size),
        shear=[0.0, 0.0],
        interpolation=functional.InterpolationMode.BILINEAR,
    )
    return moved


def _network(settings: FrozenBlocks, shape: tuple[int, ...], weights: Path | None) -> BackboneNetwork:
    layers = TrainedBackbone(
        architecture=settings.architecture, normalise=settings.normalise, pooling=settings.pooling, hidden=[]
    )
    return BackboneNetwork(layers, shape, 1, weights)


def _stored(values: Tensor, precision: str) -> NDArray[Any]:
    """Output in single precision, in the precision that is stored."""
    if precision == "half":
        limit = torch.finfo(torch.float16).max
        values = values.clamp(-limit, limit).half()
    array: NDArray[Any] = values.numpy()
    return array


def _batches(row_numbers: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for start in range(0, len(row_numbers), BATCH):
        yield row_numbers[start : start + BATCH]


def _check_finite(values: Tensor, clips: "pd.Series[str]", stop: int) -> None:
    """Raise `EmofusionError` that names the first clip with outputs that are not finite numbers.

    values: the output of the block before `stop` for a batch. clips: the name of each row's clip.
    """
    bad = clips[~torch.isfinite(values).flatten(1).all(dim=1).numpy()]
    if len(bad):
        raise EmofusionError(
            f"frozen blocks of the network: the output of block {stop - 1} for the clip {bad.iloc[0]} has values "
            f"that are not finite numbers, as for {len(bad)} of the {len(values)} pictures computed with "
            "it. Where these are all, the weights are damaged: name others in <modality>.network.weights. Otherwise "
            f"look at the picture, or leave the clip out with {leave_out_clips(bad.to_frame(), [bad.iloc[0]])}"
        )


def _pictures(features: FeatureSet, batch: NDArray[Any], view: int, shift: float, scale: float) -> Tensor:
    """The rows with these numbers, altered for all views but the first."""
    inputs = torch.from_numpy(features.take(batch))
    if not view:
        return inputs
    generators = [np.random.default_rng([int(number), view]) for number in batch]
    return torch.stack(
        [altered(picture, shift, scale, random) for picture, random in zip(inputs, generators, strict=True)]
    )
