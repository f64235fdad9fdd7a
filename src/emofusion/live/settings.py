"""The settings of a model that watches and listens."""

from dataclasses import dataclass, field, replace

from emofusion.speech_activity.settings import SpeechActivity


@dataclass(frozen=True)
class LiveSettings:
    """How windows lie over sound and frames, and how long what was seen and heard counts.

    speech: the windows over speech, and the time constant of the mean of what is heard. face_smoothing: the time
    constant in seconds of the mean of what is seen; 0: none. See docs/live.md for how both were measured. face_window:
    seconds of frames that features with a past look at. frame_rate: of the videos that the model learnt from, in frames
    a second. hold_speech, hold_face: so many seconds, a posterior counts after speech was last heard and a face seen;
    fusion then rests on the other modalities.
    """

    speech: SpeechActivity = field(default_factory=SpeechActivity)
    face_smoothing: float = 0.5
    face_window: float = 3.0
    frame_rate: float = 30.0
    hold_speech: float = 2.0
    hold_face: float = 0.5

    def with_windows_of(self, most: float | None) -> "LiveSettings":
        """A copy whose windows over speech are not longer than this, in seconds; None: a window of any length is used.

        Features that use the beginning of a longer window alone would not hear what was said last.
        """
        if most is None or most >= self.speech.longest_window:
            return self
        shortest = min(most, self.speech.shortest_window)
        return replace(self, speech=replace(self.speech, longest_window=most, shortest_window=shortest))
