"""What the face benchmarks share: pictures to train on, the work of a network, and how a time is measured."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from emofusion.features.common.feature_set import FeatureSet, write_rows

SIZE = 224


def made_pictures(folder: Path, count: int, size: int = SIZE) -> tuple[FeatureSet, pd.DataFrame]:
    """`count` random pictures as a feature set, and a split of them in which every fifth validates."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    np.save(folder / "features.npy", random.integers(0, 256, (count, 3, size, size), dtype=np.uint8))
    clips = [f"{number:04}" for number in range(count)]
    write_rows(pd.DataFrame({"clip": clips, "row": range(count), "frame": 0, "view": 0}), folder)
    number = np.arange(count)
    split = pd.DataFrame({"clip": clips, "corpus": "made", "actor": "made-1", "gender": "female", "fold": 0})
    split["emotion"] = np.array(["happy", "sad"])[number // 5 % 2]
    split["split"] = np.where(number % 5 == 0, "validation", "train")
    return FeatureSet.open([folder]), split


def seconds(work: Callable[[], object]) -> float:
    """The wall-clock time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleaved(works: list[Callable[[], object]], rounds: int) -> list[float]:
    """The median time of each work, called in turn, so that other load on the machine affects all of them alike."""
    times = [[seconds(work) for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def multiply_adds(network: torch.nn.Module, inputs: torch.Tensor) -> int:
    """Multiplications (each with its addition) in the convolutions of one forward pass."""
    total = 0

    def count(layer: torch.nn.Conv2d, _, output: torch.Tensor) -> None:
        nonlocal total
        total += output.numel() * layer.weight[0].numel()

    handles = [layer.register_forward_hook(count) for layer in network.modules() if isinstance(layer, torch.nn.Conv2d)]
    with torch.inference_mode():
        network(inputs)
    for handle in handles:
        handle.remove()
    return total
