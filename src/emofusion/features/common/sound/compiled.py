"""Librosa and our own kernels, compiled: import both from this module.

They compile some functions on import, into a cache that all processes share. Processes that fill the cache at the same
time can write mixed files and then die of a segmentation fault (numba issue 10128). A lock therefore lets one process
at a time import them.
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
