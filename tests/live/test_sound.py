"""Windows over the speech in a microphone's sound."""

import numpy as np
import pytest
import soundfile

from emofusion.features.common.sound.waveform import read
from emofusion.live.sound import Microphone
from emofusion.speech_activity.recording import windows
from emofusion.speech_activity.settings import RATE, SpeechActivity

SETTINGS = SpeechActivity()


def heard(sound, rate, block):
    microphone, found, kept = Microphone(rate, SETTINGS), [], 0
    for start in range(0, len(sound), block):
        found += microphone.push(sound[start : start + block])
        kept = max(kept, len(microphone._samples))
    return found, kept, microphone


@pytest.mark.parametrize("block", [512, 1111, 48_000])
def test_the_windows_are_those_of_a_recording_cut_from_the_sound_as_it_came(conversation, block):
    sound, _ = conversation
    expected = list(windows([sound], SETTINGS))
    found, kept, microphone = heard(sound, RATE, block)
    # without an end of the recording, an utterance at its very end is not over
    assert len(found) >= len(expected) - 1 > 3
    for ours, theirs in zip(found, expected, strict=False):
        assert (ours.end, ours.is_last) == (theirs.end, theirs.is_last)
        np.testing.assert_array_equal(ours.samples, theirs.samples)
    assert kept <= RATE * (SETTINGS.longest_window + SETTINGS.longest_pause + 1) + block
    assert microphone.seconds == pytest.approx(len(sound) / RATE)


def test_frequencies_that_speech_is_not_found_by_stay_in_the_windows(conversation, tmp_path):
    """Of a microphone at 48 kHz: a tone of 12 kHz is in the windows, and their times are those at 16 kHz."""
    sound, _ = conversation
    times = np.arange(3 * len(sound)) / 48_000
    fine = np.interp(times, np.arange(len(sound)) / RATE, sound).astype(np.float32)
    fine += 0.02 * np.sin(2 * np.pi * 12_000 * times).astype(np.float32)
    found, _, _ = heard(fine, 48_000, 2048)
    expected = [window.end for window in windows([sound], SETTINGS)]
    ends = [window.end for window in found]
    assert len(ends) > 3 and max(min(abs(end - one) for one in expected) for end in ends) < 0.1
    for window in found:
        amplitudes = 2 * np.abs(np.fft.rfft(window.samples)) / len(window.samples)
        frequency = np.fft.rfftfreq(len(window.samples), 1 / 48_000)
        tone = amplitudes[abs(frequency - 12_000) < 50]
        assert np.sqrt((tone**2).sum()) == pytest.approx(0.02, rel=0.1)
    found[0].write(tmp_path / "window.wav", 48_000)
    samples, rate = soundfile.read(tmp_path / "window.wav", dtype="float32")
    assert rate == 48_000
    np.testing.assert_array_equal(samples, found[0].samples)
    assert len(read(tmp_path / "window.wav", 48_000, None)) == len(samples)
