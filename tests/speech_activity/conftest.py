"""silero-vad's own functions to compare with."""

import warnings

import numpy as np
import pytest


@pytest.fixture(scope="session")
def silero():
    """The package silero-vad, which uses PyTorch, and its network. PyTorch's threads stay as they are."""
    import torch

    threads = torch.get_num_threads()
    import silero_vad

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the form in which it stores the network
        silero_vad.network = silero_vad.load_silero_vad()
    torch.set_num_threads(threads)
    return silero_vad


@pytest.fixture(scope="session")
def their_utterances(silero):
    """Where silero-vad finds speech in sound: `(utterances, 2)` in samples."""
    import torch

    def find(sound, settings):
        found = silero.get_speech_timestamps(
            torch.from_numpy(sound),
            silero.network,
            threshold=settings.threshold,
            min_speech_duration_ms=1000 * settings.shortest_speech,
            min_silence_duration_ms=1000 * settings.longest_pause,
            speech_pad_ms=1000 * settings.margin,
        )
        return np.array([(one["start"], one["end"]) for one in found]).reshape(-1, 2)

    return find
