"""The floating-point precision. A setting decides it, and not the machine."""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

from emofusion.errors import EmofusionError


def lightning_precision(precision: str) -> Literal["32-true", "16-mixed"]:
    """Lightning's name for the setting `training.precision` (`full` or `half`). Raises as `check_precision` does."""
    check_precision(precision)
    return "16-mixed" if precision == "half" else "32-true"


def autocast(precision: str) -> AbstractContextManager[object]:
    """A context manager in which torch computes with this precision. Raises the same as `check_precision`."""
    check_precision(precision)
    return torch.autocast("cuda", torch.float16) if precision == "half" else nullcontext()


def check_precision(precision: str) -> None:
    """Raise `EmofusionError` for half precision where there is no GPU."""
    if precision == "half" and not torch.cuda.is_available():
        raise EmofusionError(
            "training.precision=half: this needs an NVIDIA GPU, and none is available here; set training.precision=full"
        )
