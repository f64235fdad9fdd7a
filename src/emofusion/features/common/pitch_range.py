"""Check, without librosa, that a range of pitch can be found in frames of sound."""

from math import ceil, floor, log2
from typing import TYPE_CHECKING

from emofusion.settings.fields import must

if TYPE_CHECKING:
    from emofusion.features.common.acoustic_settings import AcousticSettings

# librosa's defaults in `pyin`
_PITCHES_IN_A_SEMITONE = 10
_FASTEST_CHANGE = 35.92  # octaves a second


def check_pitch_range(settings: "AcousticSettings", name: str) -> None:
    """Raise `EmofusionError` where librosa's `yin` or `pyin` cannot work with the pitch range, the rate and the frames.

    Where no pitch is computed, the range must only be a valid range. `name`: the node's full name.
    """
    shown = f"{name}.pitch_range=[{','.join(f'{frequency:g}' for frequency in settings.pitch_range)}]"
    ascending = len(settings.pitch_range) == 2 and settings.pitch_range[0] < settings.pitch_range[1]
    must(ascending, f"{shown}: two frequencies in Hz, the lower one first, as in [65,800]")
    if "pitch" not in settings.chosen_features:
        return
    rate, n_fft, (low, high) = settings.sample_rate, settings.n_fft, settings.pitch_range
    must(
        rate / low < n_fft - 1 and high <= rate / 2,
        f"{shown}: above {rate / (n_fft - 1):.1f} Hz, of which one period fills a frame of {name}.n_fft={n_fft}, and "
        f"at most {rate / 2:g} Hz, half of {name}.sample_rate={rate}",
    )
    must(
        min(ceil(rate / low), n_fft - 1) - int(rate / high) >= 2,
        f"{shown}: holds fewer than three periods of whole samples at {name}.sample_rate={rate}; widen it",
    )
    if settings.pitch == "pyin":
        pitches = floor(12 * _PITCHES_IN_A_SEMITONE * log2(high / low)) + 1
        reached = _PITCHES_IN_A_SEMITONE * round(12 * _FASTEST_CHANGE * settings.hop / rate) + 1
        must(
            pitches > 1 and reached <= pitches,
            f"{shown}: too narrow for {name}.pitch=pyin, as pitch can pass through all of it within "
            f"{name}.hop={settings.hop}; widen it, or lower hop",
        )
