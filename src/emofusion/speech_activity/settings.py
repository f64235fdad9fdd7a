"""The settings of speech activity, of windows over speech, and of smoothing over time."""

from dataclasses import dataclass

from emofusion.settings.fields import must, setting

RATE = 16_000  # Hz, of all sound that comes in
FRAME = 512  # samples that the network judges at a time: 32 ms


@dataclass
class SpeechActivity:
    """What counts as speech, how windows lie over it, and how long posteriors are averaged.

    An utterance is speech whose pauses are shorter than `longest_pause`. Windows begin with its first `shortest_window`
    seconds, grow to `longest_window`, and then slide; see `windows.of_utterance`.
    """

    threshold: float = setting(
        "Speech begins at this probability of speech; it ends 0.15 below.", 0.5, above=0, below=1
    )
    shortest_speech: float = setting(
        "Speech that lasts no longer than so many seconds is taken for noise.", 0.25, least=0, most=10
    )
    longest_pause: float = setting("So many seconds without speech end an utterance.", 0.5, least=0.064, most=10)
    margin: float = setting(
        "Seconds before and after an utterance that belong to it; at most half of longest_pause.", 0.03, least=0, most=1
    )
    shortest_window: float = setting(
        "Seconds of an utterance that are heard before its first window; at least shortest_speech. An utterance that "
        "is shorter has one window, when it is over.",
        1.5,
        least=0.1,
        most=60,
    )
    longest_window: float = setting("Seconds that a window has at most.", 3.0, least=0.1, most=60)
    step: float = setting("Seconds between the ends of two windows of an utterance.", 0.5, least=0.05, most=60)
    smoothing: float = setting(
        "Time constant in seconds of the mean of posteriors over time: a window that ended so long ago has 1/e of the "
        "weight of the last one. 0: no mean.",
        2.0,
        least=0,
        most=600,
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` where values do not fit together. `name`: the node's full name."""
        must(
            2 * self.margin <= self.longest_pause,
            f"{name}.margin={self.margin}: at most half of {name}.longest_pause={self.longest_pause}, so that "
            "utterances do not overlap",
        )
        must(
            self.shortest_speech <= self.shortest_window,
            f"{name}.shortest_window={self.shortest_window}: at least {name}.shortest_speech={self.shortest_speech}",
        )
        must(
            self.shortest_window <= self.longest_window,
            f"{name}.longest_window={self.longest_window}: at least {name}.shortest_window={self.shortest_window}",
        )

    @property
    def end_threshold(self) -> float:
        """Below this probability, speech may be over: 0.15 below `threshold`, as in silero-vad, and at least 0.01."""
        return max(self.threshold - 0.15, 0.01)
