"""Generated conversations, and silero-vad's own functions to compare with."""

import warnings

import numpy as np
import pytest

from emofusion.corpora.demo.acting import PROSODY
from emofusion.corpora.demo.people import make_person
from emofusion.corpora.demo.phonemes import sentence
from emofusion.corpora.demo.voices import speak

RATE = 16_000
# Seconds of silence before each of four turns, and their syllables. The second turn is short, the last one long.
TURNS = [(1.0, 9), (0.9, 3), (0.8, 9), (1.5, 24)]


@pytest.fixture(scope="session")
def conversation():
    """Sound `(samples,)` at 16 kHz of two people who take turns, and where each of them speaks, in seconds."""
    calm, noise = dict.fromkeys(PROSODY, 0.0), np.random.default_rng(0)
    parts, spoken, length = [], [], 0
    for number, (silence, syllables) in enumerate(TURNS):
        person = make_person("savee", 0, number % 2, ["female", "male"][number % 2], 0.5)
        voice = speak(person.voice, calm, sentence(number, syllables), RATE, syllables / 4, person.rng(number))
        room = 0.001 * noise.standard_normal(round(silence * RATE))
        spoken.append((length + len(room) + 0.1 * RATE, length + len(room) + len(voice) - 0.1 * RATE))
        parts += [room, voice]
        length += len(room) + len(voice)
    sound = np.concatenate([*parts, 0.001 * noise.standard_normal(RATE)]).astype(np.float32)
    return sound, np.array(spoken) / RATE


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
