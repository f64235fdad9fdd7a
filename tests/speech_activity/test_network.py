"""The network judges frames as silero-vad's own does."""

import numpy as np
import pytest

from emofusion.errors import EmofusionError
from emofusion.speech_activity import network
from emofusion.speech_activity.network import SpeechNetwork


@pytest.mark.parametrize("frames", [1, 7, 100_000])
def test_probabilities_are_those_of_silero_whatever_the_blocks_are(conversation, silero, frames):
    import torch

    sound = conversation[0][: len(conversation[0]) // 512 * 512]
    ours = SpeechNetwork()
    found = np.concatenate(
        [ours.probabilities(sound[start : start + 512 * frames]) for start in range(0, len(sound), 512 * frames)]
    )
    with torch.no_grad():
        theirs = silero.network.audio_forward(torch.from_numpy(sound)[None], 16000)[0].numpy()
    assert found.dtype == np.float32 and found.shape == theirs.shape
    np.testing.assert_allclose(found, theirs, atol=1e-4)
    assert found.min() < 0.01 and found.max() > 0.99


def test_two_recordings_know_nothing_of_each_other(conversation):
    sound = conversation[0][: 512 * 200]
    one, other = SpeechNetwork(), SpeechNetwork()
    first = one.probabilities(sound)
    other.probabilities(sound[: 512 * 50])
    np.testing.assert_array_equal(SpeechNetwork().probabilities(sound), first)
    assert len(one.probabilities(sound[:0])) == 0


def test_a_missing_network_is_told_with_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(network, "find_spec", lambda name: None)
    with pytest.raises(EmofusionError, match=r"pip install 'silero-vad>=6\.2\.3'"):
        network._path()

    class Spec:  # of an old version, which has another file
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(network, "find_spec", lambda name: Spec)
    with pytest.raises(EmofusionError, match=r"silero_vad_16k_sequence\.onnx.* is not installed"):
        network._path()
