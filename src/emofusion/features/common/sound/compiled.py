"""Librosa and our own kernels with their compiled functions in place: import both from here.

They compile some functions on import, into a cache that all processes share. Processes that fill it at the same
time can mix their halves and die of a segmentation fault (numba issue 10128), so one at a time may come in here.
"""

import getpass
import tempfile
from pathlib import Path

from filelock import FileLock

_LOCK = Path(tempfile.gettempdir()) / f"emofusion-librosa-{getpass.getuser()}.lock"

with FileLock(_LOCK):
    import librosa
    import librosa.core.audio
    import librosa.core.pitch
    import librosa.util.utils

    from emofusion.features.common.sound import kernels

__all__ = ["kernels", "librosa"]
