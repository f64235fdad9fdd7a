"""The probability of speech in each frame of 32 ms, by the network of silero-vad.

The package silero-vad ships the network in several forms. This one is `silero_vad_16k_sequence.onnx`, which judges many
frames in a call. silero-vad itself is not imported: that would set the number of PyTorch's threads to one.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.errors import EmofusionError
from emofusion.speech_activity.settings import FRAME

CONTEXT = 64  # samples before a frame that the network also sees
_FILE = "silero_vad_16k_sequence.onnx"
_STATE = (1, 1, 128)

Samples = NDArray[np.float32]


class SpeechNetwork:
    """Judges the frames of one recording after the other. It remembers what it heard before."""

    def __init__(self) -> None:
        self._session = _session()
        self._context = np.zeros(CONTEXT, np.float32)
        self._hidden = self._cell = np.zeros(_STATE, np.float32)

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """The probability of speech in each of the next frames.

        samples: float32 `(frames * 512,)` at 16 kHz, full scale 1.0, that follow the samples of the last call. The
        result is float32 `(frames,)`.
        """
        if not len(samples):
            return np.zeros(0, np.float32)
        heard = np.concatenate([self._context, samples])
        frames = np.lib.stride_tricks.sliding_window_view(heard, CONTEXT + FRAME)[::FRAME]
        inputs = {"input": np.ascontiguousarray(frames), "h": self._hidden, "c": self._cell}
        found, self._hidden, self._cell = self._session.run(["speech_probs", "hn", "cn"], inputs)
        self._context = heard[-CONTEXT:]
        return np.asarray(found, np.float32).reshape(-1)


@cache
def _session() -> Any:
    """The network in memory, once for all recordings: it keeps nothing between two calls. It works in one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; the file has parts that nothing uses, which would be told as warnings
    return onnxruntime.InferenceSession(str(_path()), options, providers=["CPUExecutionProvider"])


def _path() -> Path:
    """The file of the network. Raises `EmofusionError` where it is not installed."""
    package = find_spec("silero_vad")
    folders = (package.submodule_search_locations if package else None) or []
    for folder in folders:
        if (path := Path(folder) / "data" / _FILE).is_file():
            return path
    raise EmofusionError(
        f"silero-vad, which ships the network that finds speech ({_FILE}), is not installed in version 6.2.3 or later. "
        "Install it: pip install 'silero-vad>=6.2.3'"
    )
