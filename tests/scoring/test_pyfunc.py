"""What clients send, as recordings, and what they get back."""

import json

import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc.scoring_server import predictions_to_json

from emofusion.scoring import pyfunc
from emofusion.scoring.pyfunc import FusedModel
from emofusion.scoring.scorer import Scores


class Scored:
    """A scorer that knows all that has media, and remembers what it was given."""

    def __init__(self):
        self.recordings, self.enrolment = [], []

    def check_enrolment(self, enrolment, how=""):
        pass

    def score(self, recordings, enrolment):
        self.recordings, self.enrolment = recordings, enrolment
        known = [bool(one.media) for one in recordings]
        columns = {
            "name": [one.name for one in recordings],
            "emotion": ["sad" if one else "" for one in known],
            "used": ["speech" if one else "" for one in known],
            "reason": [one.fault for one in recordings],
            "left_out": "",
            "posterior_happy": np.where(known, 0.25, np.nan),
            "posterior_sad": np.where(known, 0.75, np.nan),
        }
        return Scores(pd.DataFrame(columns), {})


@pytest.fixture
def model():
    model = FusedModel()
    model.scorer = Scored()
    return model


@pytest.fixture
def sound(tmp_path):
    """A second of noise, as the bytes of a WAV file."""
    import soundfile

    soundfile.write(tmp_path / "noise.wav", np.random.default_rng(0).normal(0, 0.1, 16000), 16000)
    return (tmp_path / "noise.wav").read_bytes()


def strictly(text):
    """JSON as RFC 8259 has it: NaN and Infinity are errors."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_what_is_missing_is_null_in_json_and_nan_in_python(model, sound, monkeypatch, tmp_path):
    rows = pd.DataFrame([{"bytes": sound, "name": "good.wav"}, {"bytes": b"RIFF", "name": "bad.wav"}])
    given = model.predict(None, rows)
    assert given["posterior_sad"].dtype == float and list(given["posterior_sad"].isna()) == [False, True]
    monkeypatch.setenv(pyfunc._SERVES, "true")
    with (tmp_path / "out.json").open("w") as file:
        predictions_to_json(model.predict(None, rows), file)
    good, bad = strictly((tmp_path / "out.json").read_text())["predictions"]
    assert (good["posterior_happy"], good["posterior_sad"]) == (0.25, 0.75)
    assert (bad["posterior_happy"], bad["posterior_sad"]) == (None, None) and "cannot be read" in bad["reason"]
