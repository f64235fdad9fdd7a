"""What the machine computes on."""

from pathlib import Path


def has_gpu() -> bool:
    """Whether an NVIDIA GPU is visible here; asks the system, since importing torch to ask it takes seconds."""
    return any(Path("/dev").glob("nvidia[0-9]*"))
