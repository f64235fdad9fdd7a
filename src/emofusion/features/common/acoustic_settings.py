"""The settings of all features of short frames of sound, and the names of their channels."""

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar, Self

from emofusion.features.common import contrast_bands
from emofusion.features.common.pitch_range import check_pitch_range
from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Features

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FEATURES = ("mfcc", "pitch", "mel", "centroid", "flatness", "zero_crossing_rate", "contrast")

_LONGEST = 600  # seconds
_MOST_VALUES = 100_000_000  # of one clip: 400 MB


@dataclass
class AcousticSettings(Features):
    """The settings that `acoustic` and `acoustic_statistics` share. `common.sound.channels` computes the values."""

    media: ClassVar[tuple[str, ...]] = ("audio",)

    sample_rate: int = setting("Rate in Hz that every recording is resampled to.", 16000, least=1000, most=192_000)
    duration: float | None = setting(
        "Seconds of a recording that are used; the rest is cut off. null: as many as the longest recording of all "
        "corpora has, so that nothing is.",
        None,
        above=0,
        most=_LONGEST,
    )
    trim: float | None = setting(
        "Silence at both ends, this many dB below the loudest part, is cut off first; null: nothing is.",
        None,
        above=0,
        most=200,
    )
    padding: str = setting(
        "What fills up a recording that is too short: zeros, or repeat (the recording itself, again and again).",
        "zeros",
        choices=["zeros", "repeat"],
    )
    floor: float = setting(
        "Least value in dB of the mel spectrogram; below it is the recorder's noise and not the voice.",
        -100.0,
        least=-200,
        below=0,
    )
    n_fft: int = setting("Samples in a frame, an even number.", 1024, least=16, most=65536)
    hop: int = setting("Samples between the starts of two frames; at most n_fft.", 256, least=1)
    mfcc: int = setting("Number of MFCCs; at most the number of mel bands.", 40, least=1, most=512)
    mel: int = setting("Number of mel bands; at most n_fft // 2 + 1.", 128, least=1, most=512)
    pitch: str | None = setting(
        "How pitch is found: yin, or pyin, which is slower by a factor of a hundred; null: without pitch.",
        "yin",
        choices=["yin", "pyin"],
    )
    pitch_range: list[float] = setting("The lowest and the highest pitch in Hz.", [65.0, 800.0], above=0, shortest=2)
    features: list[str] = setting(
        "Which features are computed, in this order.", list(FEATURES), choices=FEATURES, shortest=1, distinct=True
    )

    def dtype(self) -> "np.dtype[Any]":
        """Single precision."""
        import numpy as np

        return np.dtype(np.float32)

    @property
    def seconds(self) -> float:
        """The duration, which must have a value; see `for_recordings`."""
        if self.duration is None:
            raise ValueError("the duration follows the recordings, and for_recordings was not called")
        return self.duration

    @property
    def samples(self) -> int:
        """The number of samples in the duration."""
        return round(self.sample_rate * self.seconds)

    @property
    def frames(self) -> int:
        """The number of frames in the duration."""
        return 1 + self.samples // self.hop

    @property
    def chosen_features(self) -> list[str]:
        """The setting `features`, without pitch where `pitch` is null."""
        return [feature for feature in self.features if feature != "pitch" or self.pitch]

    def channel_names(self) -> list[str]:
        """The name of each channel in order, such as `mfcc_1` …, `pitch`, `mel_1` …; features are in chosen order."""
        channels = {"mfcc": self.mfcc, "mel": self.mel, "contrast": contrast_bands.octaves(self.sample_rate) + 1}
        names = []
        for feature in self.chosen_features:
            count = channels.get(feature, 1)
            names += [feature] if count == 1 else [f"{feature}_{number}" for number in range(1, count + 1)]
        return names

    def planned_shape(self) -> tuple[int, ...]:
        """The shape of one row. Where its length follows the recordings, it is that of the longest possible ones."""
        return replace(self, duration=self.duration or float(_LONGEST)).row_shape()

    def follows_recordings(self) -> bool:
        """Whether the duration does."""
        return self.duration is None

    def for_recordings(self, clips: "pd.DataFrame") -> Self:
        """A copy whose duration is that of the longest recording, rounded up to a tenth of a second.

        Raises `EmofusionError` where a recording cannot be read, or is so long that rows would be too large.
        """
        if self.duration is not None:
            return self
        from emofusion.features.common.sound.lengths import longest

        path, seconds = longest(clips)
        chosen = replace(self, duration=ceil(10 * seconds) / 10)
        must(
            chosen.seconds <= _LONGEST and chosen.size <= _MOST_VALUES,
            f"{path} lasts {seconds:.1f} s, which is too long for the length of all rows. Set the features' duration "
            "to the seconds that are to be used, or leave the recording out",
        )
        return chosen

    def most_seconds(self) -> float | None:
        """The length of the window."""
        return self.seconds

    def always_counted(self) -> tuple[str, ...]:
        """Recordings that are longer than the window, whose length the words name."""
        return (f"ends of recordings, beyond the window of {self.seconds:g} s",)

    @property
    def size(self) -> int:
        """The number of values of one clip over the whole duration."""
        return self.frames * len(self.channel_names())

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` where frames, features and pitch do not fit together. `name`: the node's full name."""
        features = self.chosen_features
        must(self.n_fft % 2 == 0, f"{name}.n_fft={self.n_fft}: an even number")
        must(self.hop <= self.n_fft, f"{name}.hop={self.hop}: at most the length of a frame, {name}.n_fft={self.n_fft}")
        must(
            self.duration is None or self.samples >= self.hop,
            f"{name}.duration={self.duration}: at least one hop, {self.hop / self.sample_rate:g} s; "
            f"raise it, or lower {name}.hop={self.hop}",
        )
        must(
            bool(features),
            f"{name}.features=[pitch]: {name}.pitch=null leaves pitch out, so that nothing remains; "
            f"name other features, or set {name}.pitch=yin",
        )
        if "mel" in features or "mfcc" in features:
            most = self.n_fft // 2 + 1
            must(self.mel <= most, f"{name}.mel={self.mel}: at most {name}.n_fft // 2 + 1, which is {most}")
        if "mfcc" in features:
            must(
                self.mfcc <= self.mel,
                f"{name}.mfcc={self.mfcc}: at most the number of mel bands, {name}.mel={self.mel}",
            )
        if "contrast" in features:
            enough = all(band.has_enough_bins for band in contrast_bands.bands(self.sample_rate, self.n_fft // 2 + 1))
            must(
                enough,
                f"{name}.n_fft={self.n_fft}: too short a frame for contrast, of which a band has no frequency of its "
                f"own at {name}.sample_rate={self.sample_rate}; raise it, or leave contrast out of {name}.features",
            )
        check_pitch_range(self, name)
        if self.duration is not None:
            must(
                self.size <= _MOST_VALUES,
                f"{name}.hop={self.hop}: a clip would have {self.size:,} values, more than {_MOST_VALUES:,}; raise it, "
                f"or lower {name}.duration={self.duration}",
            )
