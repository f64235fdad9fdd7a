from dataclasses import replace

import numpy as np
import pytest

from emofusion.corpora.demo.acting import PROSODY
from emofusion.corpora.demo.people import Voice
from emofusion.corpora.demo.phonemes import PHONEMES, RAVDESS_STATEMENTS, sentence
from emofusion.corpora.demo.voices import UNITS, loudness, speak
from emofusion.features.common.sound.compiled import librosa

RATE = 16_000
PLAIN = dict.fromkeys(PROSODY, 0.0)
MAN = Voice(pitch=120.0, formants=1.0, rate=1.0, breath=0.1, brightness=0.0, level=0.0)


def say(voice=MAN, phonemes=RAVDESS_STATEMENTS[1], seconds=1.5, **prosody):
    return speak(voice, PLAIN | prosody, list(phonemes), RATE, seconds, np.random.default_rng(1), background=-70.0)


def median_pitch(samples):
    pitch, voiced, _ = librosa.pyin(samples, fmin=60, fmax=600, sr=RATE)
    return np.nanmedian(pitch[voiced])


@pytest.mark.parametrize(("pitch", "raised"), [(120.0, 0.0), (120.0, 1.0), (200.0, 0.0)])
def test_the_pitch_is_the_voices_raised_by_the_prosody(pitch, raised):
    expected = pitch * 2 ** (raised * UNITS["pitch"] / 12)
    samples = say(replace(MAN, pitch=pitch), pitch=raised, pitch_range=-3.0)
    assert median_pitch(samples) == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("vowel", ["AA", "IY", "EH"])
@pytest.mark.parametrize("scale", [1.0, 1.12])
def test_a_vowels_formants_are_where_they_should_be(vowel, scale):
    samples = say(replace(MAN, formants=scale, pitch=90.0), phonemes=[vowel] * 6)
    middle = librosa.effects.preemphasis(samples)[8_000:14_000] * np.hamming(6_000)
    roots = np.roots(librosa.lpc(middle, order=14))
    roots = roots[(roots.imag > 0) & (np.abs(roots) > 0.9)]
    resonances = np.sort(np.angle(roots)) * RATE / (2 * np.pi)
    for formant in PHONEMES[vowel][3][:2]:
        # harmonics 90 Hz apart show a resonance no more sharply than to half of that
        assert np.abs(resonances - scale * formant).min() < 45 + 0.04 * scale * formant


def test_energy_rate_and_brightness():
    plain = say()
    gain = 20 * np.log10(np.std(say(energy=0.5)) / np.std(plain))
    assert gain == pytest.approx(0.5 * UNITS["energy"], abs=0.3)
    assert (len(say(rate=1.0)) - 0.2 * RATE) / (len(plain) - 0.2 * RATE) == pytest.approx(np.exp(-UNITS["rate"]), 0.01)


def test_brightness_lifts_what_is_high():
    def high_to_low(**prosody):
        samples = say(phonemes=["EH", "IY"], **prosody)
        power = np.abs(np.fft.rfft(samples)) ** 2
        frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
        return 10 * np.log10(power[frequency > 2500].sum() / power[frequency < 700].sum())

    lifted = high_to_low(brightness=1.0) - high_to_low(brightness=-1.0)
    # twice a shelf of that height, less what it lifts at the top of the low band too
    assert UNITS["brightness"] < lifted < 2 * UNITS["brightness"]


def test_samples_are_within_full_scale_and_silent_at_the_ends():
    samples = say(replace(MAN, level=20.0), energy=3.0)
    assert samples.dtype == np.float32 and np.abs(samples).max() <= 0.9
    quiet = say()
    assert np.std(quiet[: RATE // 12]) < 0.01 * np.std(quiet)


def test_loudness_follows_the_sound():
    samples = np.concatenate([np.zeros(RATE), 0.5 * np.sin(np.arange(RATE))]).astype(np.float32)
    assert loudness(samples, RATE, np.array([0.5, 1.0, 1.5])) == pytest.approx([0, np.sqrt(0.5), 1], abs=0.01)


def test_sentences_are_the_same_every_time_and_differ():
    assert sentence(3) == sentence(3) != sentence(4)
    assert set(sentence(3)) <= set(PHONEMES)
