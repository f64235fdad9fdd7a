"""The device that networks compute on."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def has_gpu() -> bool:
    """Whether this machine has an NVIDIA GPU. It asks the system, because the import of torch takes seconds."""
    # the second is where Windows puts NVIDIA's driver for Linux programs (WSL)
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/usr/lib/wsl/lib/nvidia-smi").exists()


def compute_device() -> "torch.device":
    """The first NVIDIA GPU that is visible, or the CPU where there is none.

    It sets torch up so that a GPU gives the same result each time, and computes with all 32 bits. By default, a GPU
    adds some numbers in an order that changes from run to run, and rounds the inputs of convolutions to 19 bits
    (TF32). An operation that can only add in a changing order warns; no network of this package uses one.
    """
    import torch

    if not torch.cuda.is_available():
        return torch.device("cpu")
    # cuBLAS reads this when it begins. Without it, its results may change from run to run.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    return torch.device("cuda")


def device_name() -> str:
    """The name of `compute_device`, such as `NVIDIA H200`, or `CPU`."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
