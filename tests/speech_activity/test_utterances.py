"""Utterances are those that silero-vad finds."""

import numpy as np
import pytest

from emofusion.speech_activity.recording import utterances
from emofusion.speech_activity.settings import FRAME, RATE, SpeechActivity
from emofusion.speech_activity.utterances import Utterances

SETTINGS = [
    SpeechActivity(),
    SpeechActivity(longest_pause=0.1),
    SpeechActivity(longest_pause=1.0, margin=0.5),
    SpeechActivity(threshold=0.1, shortest_speech=0, longest_pause=0.064, margin=0),
    SpeechActivity(threshold=0.9, shortest_speech=1.0, margin=0.1),
]


def found(probabilities, length, settings):
    followed = Utterances(settings)
    over = followed.follow(probabilities) + followed.finish(length)
    assert [one.number for one in over] == list(range(len(over)))
    return [{"start": one.start, "end": one.end} for one in over]


@pytest.mark.parametrize("settings", SETTINGS)
def test_utterances_of_any_probabilities_are_those_of_silero(silero, settings):
    random, several = np.random.default_rng(0), 0
    for _ in range(60):
        frames = int(random.integers(1, 400))
        # wanders up and down slowly, so that there are pauses and speech of all lengths, and jumps now and then
        steps = random.normal(0, random.choice([0.3, 1.0, 3.0]), frames)
        probabilities = 1 / (1 + np.exp(-np.cumsum(steps) * random.choice([-1, 1]) - random.normal(0, 2, frames)))
        length = frames * FRAME - int(random.integers(0, FRAME))
        theirs = silero.get_speech_timestamps_from_probs(
            list(probabilities),
            threshold=settings.threshold,
            min_speech_duration_ms=1000 * settings.shortest_speech,
            min_silence_duration_ms=1000 * settings.longest_pause,
            speech_pad_ms=1000 * settings.margin,
            audio_length_samples=length,
        )
        assert found(probabilities, length, settings) == theirs
        several += len(theirs) > 1
    assert several > 3  # with more than one utterance


@pytest.mark.parametrize("settings", SETTINGS)
def test_utterances_of_sound_are_those_of_silero(conversation, their_utterances, settings):
    sound, _ = conversation
    for length in (len(sound), 5 * RATE + 77, 1600, 0):
        theirs = their_utterances(sound[:length], settings) if length else np.zeros((0, 2))
        np.testing.assert_array_equal(utterances([sound[:length]], settings), theirs / RATE)


def test_utterances_are_where_somebody_speaks(conversation):
    sound, spoken = conversation
    np.testing.assert_allclose(utterances([sound], SpeechActivity()), spoken, atol=0.15)


def test_a_pause_belongs_to_an_utterance_up_to_its_longest():
    speech, pause = [0.9] * 20, [0.1] * 15  # 640 and 480 ms
    both = speech + pause + speech + [0.1] * 40
    assert found(both, len(both) * FRAME, SpeechActivity(margin=0)) == [{"start": 0, "end": 55 * FRAME}]
    assert found(both, len(both) * FRAME, SpeechActivity(margin=0, longest_pause=0.4)) == [
        {"start": 0, "end": 20 * FRAME},
        {"start": 35 * FRAME, "end": 55 * FRAME},
    ]


@pytest.mark.parametrize("number", range(1, 25, 3))
def test_utterances_of_real_recordings_are_those_of_silero(real_data, their_utterances, number):
    import soundfile

    folder = real_data / "ravdess" / "speech_16khz" / f"Actor_{number:02}"
    for path in sorted(folder.glob("*.flac"))[number::30]:
        sound, _ = soundfile.read(path, dtype="float32")
        theirs = their_utterances(sound, SpeechActivity())
        np.testing.assert_array_equal(utterances([sound], SpeechActivity()), theirs / RATE)
        assert len(theirs) == 1 and 0.8 < np.ptp(theirs) / RATE < 4
