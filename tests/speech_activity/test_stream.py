"""Windows of a stream: the same ones as of the whole recording, as early as they can be, in little memory."""

import tracemalloc

import numpy as np
import pytest

from emofusion.errors import EmofusionError
from emofusion.speech_activity.recording import utterances, windows
from emofusion.speech_activity.settings import FRAME, RATE, SpeechActivity
from emofusion.speech_activity.stream import SpeechStream
from emofusion.speech_activity.utterances import Utterance
from emofusion.speech_activity.windows import Windows


def spans(found):
    return [(one.utterance, one.begun, one.start, one.end, one.is_last) for one in found]


def expected(begun, ended, settings, number):
    """The windows of an utterance from its beginning and end in seconds, by the definition."""
    ends = np.arange(begun + settings.shortest_window, ended - 1e-9, settings.step)
    rows = [(number, begun, max(begun, end - settings.longest_window), end, False) for end in ends]
    return [*rows, (number, begun, max(begun, ended - settings.longest_window), ended, True)]


@pytest.mark.parametrize(
    ("seconds", "ends"),
    [
        (0.4, [0.4]),
        (1.5, [1.5]),
        (1.6, [1.5, 1.6]),
        (4.2, [1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.2]),
    ],
)
def test_windows_grow_and_then_slide_and_the_last_ends_with_the_utterance(seconds, ends):
    utterance = Utterance(3, 2 * RATE, round((2 + seconds) * RATE))
    found = list(Windows(SpeechActivity()).rest(utterance))
    assert [span.end / RATE for span in found] == [2 + end for end in ends]
    assert [span.start / RATE for span in found] == pytest.approx([2 + max(0, end - 3) for end in ends])
    assert [span.is_last for span in found] == [False] * (len(ends) - 1) + [True]


@pytest.mark.parametrize(
    "settings",
    [
        SpeechActivity(),
        SpeechActivity(shortest_window=1, longest_window=1, step=0.1, longest_pause=0.2),
        SpeechActivity(shortest_window=0.5, longest_window=10, margin=0.25),
    ],
)
def test_windows_are_those_of_the_definition_over_speech_that_silero_finds(conversation, their_utterances, settings):
    sound, _ = conversation
    theirs = their_utterances(sound, settings) / RATE
    wanted = [row for number, ends in enumerate(theirs) for row in expected(*ends, settings, number)]
    found = list(windows([sound], settings))
    assert [row[:1] + row[4:] for row in spans(found)] == [row[:1] + row[4:] for row in wanted]
    np.testing.assert_allclose([row[1:4] for row in spans(found)], [row[1:4] for row in wanted], atol=1 / RATE)
    for window in found:
        np.testing.assert_array_equal(window.samples, sound[round(window.start * RATE) : round(window.end * RATE)])


@pytest.mark.parametrize("most", [300, 5_000, 100_000])
def test_blocks_of_any_length_give_the_windows_of_the_whole(conversation, most):
    sound, _ = conversation
    cuts = np.cumsum(np.random.default_rng(most).integers(0, most, 2 * len(sound) // most))
    for settings in (SpeechActivity(), SpeechActivity(longest_pause=0.1, step=0.05, longest_window=1.5)):
        stream, found = SpeechStream(settings), []
        for block in np.split(sound, cuts[cuts < len(sound)]):
            found += stream.push(block)
        assert stream.seconds == len(sound) / RATE
        found += stream.finish()
        whole = list(windows([sound], settings))
        assert spans(found) == spans(whole) and len(whole) > 10
        for one, other in zip(found, whole, strict=True):
            np.testing.assert_array_equal(one.samples, other.samples)


def test_a_window_is_given_when_it_is_complete_and_the_last_one_after_the_longest_pause(conversation):
    sound, _ = conversation
    settings, frame = SpeechActivity(), FRAME / RATE
    stream, delays, speaks = SpeechStream(settings), {True: [], False: []}, []
    for start in range(0, len(sound), FRAME):
        for window in stream.push(sound[start : start + FRAME]):
            delays[window.is_last].append(stream.seconds - window.end)
        speaks.append((stream.hears_speech, stream.in_pause))
    assert len(delays[False]) > 8 and max(delays[False]) <= frame
    assert len(delays[True]) == 4
    assert settings.longest_pause - settings.margin <= min(delays[True])
    assert max(delays[True]) <= settings.longest_pause + 2 * frame
    speaking, pausing = np.array(speaks).T
    begun = np.unique([window.begun for window in windows([sound], settings)])
    turned_on = np.flatnonzero(np.diff(speaking.astype(int), prepend=0) == 1) * frame
    np.testing.assert_allclose(turned_on, begun + settings.margin, atol=1e-9)
    assert not (pausing & ~speaking).any() and 0.02 < pausing.mean() < 0.3
    assert not speaking[: int(0.9 / frame)].any() and not speaking[-1]


@pytest.mark.parametrize("level", [0, 1e-4, 0.05])
def test_without_speech_there_is_no_window_and_the_stream_says_so(level):
    sound = (level * np.random.default_rng(0).standard_normal(10 * RATE)).astype(np.float32)
    stream, settings = SpeechStream(SpeechActivity()), SpeechActivity()
    for second in np.split(sound, 10):
        assert stream.push(second) == [] and not stream.hears_speech
    assert stream.finish() == []
    assert list(windows([sound], settings)) == []
    assert utterances([sound], settings).shape == (0, 2)


def test_sound_of_no_length_has_no_speech():
    stream = SpeechStream(SpeechActivity())
    assert stream.push(np.zeros(0, np.float32)) == stream.finish() == []
    assert list(windows([], SpeechActivity())) == []


def test_speech_that_the_recording_cuts_off_ends_with_it(conversation):
    sound, spoken = conversation
    cut = sound[: round((spoken[0, 0] + 0.8) * RATE)]
    only = list(windows([cut], SpeechActivity()))
    assert [(one.is_last, one.end) for one in only] == [(True, len(cut) / RATE)]
    assert abs(only[0].start - spoken[0, 0]) < 0.1


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        (np.zeros(100, np.int16), "int16 and shape .*divide integers by their full scale"),
        (np.zeros((2, 100), np.float32), r"shape \(2, 100\).*Average the channels"),
        (np.array([0, np.nan], np.float32), "not finite"),
        (np.array([0, np.inf]), "not finite"),
    ],
)
def test_other_sound_is_refused(sound, words):
    with pytest.raises(EmofusionError, match=words):
        SpeechStream(SpeechActivity()).push(sound)


def test_double_precision_is_taken_and_a_finished_stream_takes_nothing(conversation):
    sound = conversation[0][: 4 * RATE]
    one, other = (spans(windows([kind(sound)], SpeechActivity())) for kind in (np.float32, np.float64))
    assert one == other and one
    stream = SpeechStream(SpeechActivity())
    stream.finish()
    with pytest.raises(ValueError, match="make a new SpeechStream"):
        stream.push(sound)


def test_a_recording_of_two_hours_needs_no_more_memory_than_a_short_one(conversation):
    sound, _ = conversation
    times = round(2 * 3600 * RATE / len(sound))

    def peak(blocks):
        """The most memory in bytes, and what was found, without the samples."""
        tracemalloc.start()
        found = [(window.utterance, window.begun, window.end) for window in windows(blocks, SpeechActivity())]
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most, np.array(found)

    def repeated(count):
        return (sound for _ in range(count))

    list(windows([sound], SpeechActivity()))  # libraries are imported
    short, once = peak(repeated(3))
    long, often = peak(repeated(times))
    assert long < short + 2_000_000  # the sound has 460 MB
    assert often[-1, 0] + 1 == 4 * times
    # each time, the same is heard at its time, up to a frame or two: the network remembers what it heard before
    begun = np.unique(often[:, 1])
    begun_once = np.unique(once[:, 1])[4:8]
    seconds = len(sound) / RATE
    expected_times = begun_once - seconds + seconds * np.arange(times)[:, None]
    np.testing.assert_allclose(begun, expected_times.ravel(), atol=0.1)
