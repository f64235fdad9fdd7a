"""The hardware of this machine."""

from pathlib import Path


def has_gpu() -> bool:
    """Whether this machine has an NVIDIA GPU. It asks the system, because the import of torch takes seconds."""
    return any(Path("/dev").glob("nvidia[0-9]*"))
