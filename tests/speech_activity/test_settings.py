"""Settings that do not fit together are refused."""

import pytest

from emofusion.errors import EmofusionError
from emofusion.settings.fields import check
from emofusion.speech_activity.settings import SpeechActivity


def test_the_defaults_are_allowed():
    check(SpeechActivity(), "speech_activity")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"threshold": 0}, "live.threshold=0: above 0 and below 1"),
        ({"step": 0}, "live.step=0: from 0.05 to 60"),
        ({"margin": 0.3}, "live.margin=0.3: at most half of live.longest_pause=0.5"),
        ({"shortest_speech": 2}, "live.shortest_window=1.5: at least live.shortest_speech=2"),
        ({"longest_window": 1}, "live.longest_window=1: at least live.shortest_window=1.5"),
        ({"smoothing": -1}, "live.smoothing=-1: from 0 to 600"),
    ],
)
def test_what_does_not_fit_is_refused(changed, words):
    with pytest.raises(EmofusionError, match=words):
        check(SpeechActivity(**changed), "live")


def test_speech_ends_below_the_threshold_of_its_beginning():
    assert SpeechActivity().end_threshold == pytest.approx(0.35)
    assert SpeechActivity(threshold=0.1).end_threshold == 0.01
