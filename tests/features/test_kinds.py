"""What planning needs of every kind of features: quick to import, with defaults that hold and ranges that refuse."""

import dataclasses
import subprocess
import sys

import pytest
from omegaconf import OmegaConf

from emofusion.errors import EmofusionError
from emofusion.features.acoustic import Acoustic
from emofusion.features.acoustic_statistics import AcousticStatistics
from emofusion.features.action_units import ActionUnits
from emofusion.features.functionals import Functionals
from emofusion.features.pixels import Pixels
from emofusion.settings import registry
from emofusion.settings.fields import about, check

KINDS = [Acoustic, AcousticStatistics, Functionals, Pixels, ActionUnits]
MEDIA = {"pixels": ("image", "video"), "action_units": ("action_units",)}
NAN, INFINITE = float("nan"), float("inf")

# kinds and settings that are refused; the message names the last of the settings
BAD = [
    *(
        (kind, change)
        for kind in (Acoustic, AcousticStatistics)
        for change in (
            {"sample_rate": -1},
            {"sample_rate": 999},
            {"sample_rate": 1_000_000},
            {"duration": 0},
            {"duration": -3.0},
            {"duration": 601},
            {"duration": NAN},
            {"duration": INFINITE},
            {"duration": 0.001},
            {"trim": 0},
            {"trim": -25},
            {"trim": INFINITE},
            {"padding": "reflect"},
            {"floor": 0},
            {"floor": 10.0},
            {"floor": -INFINITE},
            {"n_fft": 0},
            {"n_fft": 15},
            {"n_fft": 1_000_000},
            {"n_fft": 1023},
            {"hop": 0},
            {"hop": 1025},
            {"mfcc": 0},
            {"mfcc": 129},
            {"mfcc": 500},
            {"mfcc": 513},
            {"mel": 0},
            {"mel": 513},
            {"n_fft": 256, "mel": 130},
            {"mfcc": 8, "mel": 8, "hop": 32, "pitch": None, "n_fft": 64},
            {"pitch": "crepe"},
            {"pitch_range": []},
            {"pitch_range": [65.0]},
            {"pitch_range": [65.0, 200.0, 800.0]},
            {"pitch_range": [800.0, 65.0]},
            {"pitch_range": [65.0, 65.0]},
            {"pitch_range": [0.0, 800.0]},
            {"pitch_range": [-65.0, 800.0]},
            {"pitch_range": [65.0, 8001.0]},
            {"pitch_range": [15.0, 800.0]},
            {"pitch_range": [7000.0, 8000.0]},
            {"pitch_range": [65.0, NAN]},
            {"pitch": "pyin", "pitch_range": [200.0, 240.0]},
            {"features": []},
            {"features": ["loudness"]},
            {"features": ["mel", "mel"]},
            {"pitch": None, "features": ["pitch"]},
            {"duration": 600.0, "hop": 1},
        )
    ),
    (AcousticStatistics, {"duration": 0.07}),
    *(
        (kind, change)
        for kind in (AcousticStatistics, Functionals)
        for change in ({"speeds": speeds} for speeds in ([0], [0.4], [1.1, 2.5], [NAN], [1.1, 1.1]))
    ),
    *((Functionals, {"sample_rate": rate}) for rate in (0, -16000, 10**6)),
    *((Functionals, {"set": word}) for word in ("gemaps", "", "eGeMAPSv02")),
    *((Pixels, {"size": size}) for size in (0, -224, 7, 4096)),
    *((Pixels, {"frames": frames}) for frames in (0, -1, 10_000)),
    *((ActionUnits, {"statistics": words}) for words in ([], ["median"], ["mean", "mean"], ["mean", ""])),
]


@pytest.mark.parametrize(("kind", "change"), BAD, ids=[f"{kind.__name__}-{change}" for kind, change in BAD])
def test_bad_values_are_refused_with_the_setting(kind, change):
    with pytest.raises(EmofusionError, match=rf"^modality\.features\.{list(change)[-1]}="):
        check(kind(**change), "modality.features")


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_are_accepted_and_known_to_hydra(kind):
    check(kind(), "modality.features")
    assert OmegaConf.to_object(OmegaConf.structured(kind)) == kind()
    assert all(about(field).meaning for field in dataclasses.fields(kind) if field.name != "kind")
    assert registry.kinds("features")[kind().kind] is kind


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_plan_is_told(kind):
    assert kind.media == MEDIA.get(kind().kind, ("audio",))
    assert kind.standardised is (kind is not Pixels)
    assert not kind().several_rows_are_views() and kind().for_corpus("root").kind == kind().kind
    kind().check_installed("modality.features")


def test_settings_on_the_edge_of_their_range_are_accepted():
    edges = [
        Acoustic(hop=1024),
        Acoustic(mfcc=128),
        Acoustic(mel=512, mfcc=512, n_fft=1022),
        Acoustic(pitch="pyin"),
        Acoustic(pitch_range=[200.0, 240.0]),
        Acoustic(features=["mel"], mel=8),  # mfcc is not used
        Acoustic(sample_rate=1000, features=["mel"]),  # nor is the range of pitch
        Acoustic(pitch=None),
        AcousticStatistics(speeds=[0.5, 2]),
        Pixels(size=8, frames=1000),
        ActionUnits(statistics=["mean", "root", "share"]),
    ]
    for features in edges:
        check(features, "modality.features")


HEAVY = {"numpy", "pandas", "scipy", "torch", "librosa", "numba", "soundfile", "opensmile", "av", "PIL", "joblib"}


def test_importing_the_kinds_is_quick():
    modules = ", ".join(kind.__module__ for kind in KINDS)
    program = f"""
import sys
import {modules}
from emofusion.settings.fields import check
for kind in ({", ".join(f"{kind.__module__}.{kind.__name__}" for kind in KINDS)}):
    check(kind(), "x")
    kind().planned_shape(), kind().sources(), kind().check_installed("x")
print(*sorted(set(sys.modules) & {HEAVY!r}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
