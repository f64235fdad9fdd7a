"""What hardware this machine has to compute on."""

from pathlib import Path


def has_gpu() -> bool:
    """Whether this machine has an NVIDIA GPU. It asks the system, because importing torch to ask takes seconds."""
    return any(Path("/dev").glob("nvidia[0-9]*"))
