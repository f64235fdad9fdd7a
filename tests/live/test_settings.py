"""How windows lie over the sound that a model hears."""

from emofusion.live.settings import LiveSettings
from emofusion.speech_activity.settings import SpeechActivity


def test_windows_are_no_longer_than_what_a_model_uses():
    settings = LiveSettings(SpeechActivity(shortest_window=1.5, longest_window=3.0))
    assert settings.with_windows_of(None) == settings and settings.with_windows_of(4.0) == settings
    shorter = settings.with_windows_of(2.3).speech
    assert (shorter.shortest_window, shorter.longest_window) == (1.5, 2.3)
    shortest = settings.with_windows_of(0.8).speech
    assert (shortest.shortest_window, shortest.longest_window) == (0.8, 0.8)
