"""What clients send, as recordings, and what they get back."""

import base64
import json

import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc.scoring_server import predictions_to_json

from emofusion.errors import EmofusionError
from emofusion.scoring import pyfunc
from emofusion.scoring.pyfunc import FusedModel, RefusedRequest
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


def text_of(content):
    return base64.b64encode(content).decode()


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


@pytest.fixture
def ask(model, sound, monkeypatch, tmp_path):
    """Score a row beside a good one. Returns what is said of it; the good one is scored all the same."""
    folder = tmp_path / "open"
    folder.mkdir()
    (folder / "voice.wav").write_bytes(sound)
    (folder / "folder.wav").mkdir()
    (folder / "circle").symlink_to("circle")
    (tmp_path / "secret.wav").write_bytes(sound)
    monkeypatch.setenv(pyfunc.FOLDER, str(folder))

    def ask(row):
        answer = model.predict(None, pd.DataFrame([{"base64": text_of(sound), "name": "good.wav"}, row]))
        assert list(answer["name"][:1]) == ["good.wav"] and answer["emotion"][0] == "sad" and len(answer) == 2
        return answer.iloc[1]

    return ask


LIST = "give one of the columns path, base64 and bytes"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"name": "none"}, f"has no recording: {LIST}"),
        ({"name": "null", "base64": None}, f"has no recording: {LIST}"),
        ({"name": "two", "base64": "UklG", "path": "voice.wav"}, f"has path and base64: {LIST}"),
        ({"name": "number", "base64": 5}, "is not base64 (a value of the type int)"),
        ({"name": "list", "base64": ["UklG", "UklG"]}, "is not base64 (a value of the type list)"),
        ({"name": "letters", "base64": "ä"}, "is not base64 (string argument should contain only ASCII characters)"),
        ({"name": "signs", "base64": "!"}, "is not base64 (Only base64 data is allowed)"),
        ({"name": "bytes", "bytes": {"a": 1}}, "is not bytes (a value of the type dict)"),
        ({"path": "voice\0.wav"}, "is no path of a file"),
        ({"path": "circle"}, "is no path of a file"),
        ({"path": "x" * 400}, "cannot be opened (File name too long)"),
        ({"path": "folder.wav"}, "is a folder, and no recording"),
        ({"path": "../secret.wav"}, "is not in the folder of --folder or the variable EMOFUSION_RECORDINGS"),
    ],
)
def test_an_odd_row_has_a_reason_and_the_others_are_scored(ask, row, reason):
    answer = ask(row)
    assert answer["name"] == row.get("name", row.get("path")) and answer["reason"] == reason
    assert answer["used"] == "" and np.isnan(answer["posterior_sad"])


def test_a_path_is_refused_where_no_folder_is_named(ask, monkeypatch):
    monkeypatch.delenv(pyfunc.FOLDER)
    assert "this server reads none. Send base64 or bytes, or start it with --folder" in ask({"path": "a.wav"})["reason"]


@pytest.mark.parametrize("name", ["a.w\0av", f"a.{'x' * 400}", "a. of b/c", "no suffix", "good.wav"])
def test_a_name_may_be_anything_and_stand_twice(ask, sound, name):
    answer = ask({"base64": text_of(sound), "name": name})
    assert (answer["name"], answer["emotion"], answer["reason"]) == (name, "sad", "")


@pytest.mark.parametrize(
    "row",
    [
        lambda sound: {"base64": base64.encodebytes(sound).decode()},  # with line breaks
        lambda sound: {"base64": text_of(sound).replace("A", "A\r\n ")},
        lambda sound: {"bytes": text_of(sound)},  # as MLflow's clients send bytes in JSON
        lambda sound: {"bytes": sound},
        lambda sound: {"path": "voice.wav"},
    ],
)
def test_a_recording_can_be_sent_in_several_ways(ask, model, sound, row):
    assert ask(row(sound))["emotion"] == "sad"
    assert [one.media for one in model.scorer.recordings] == [("audio",)] * 2


def test_what_cannot_be_stored_is_one_row_with_its_reason(ask, sound, monkeypatch):
    write = pyfunc.Path.write_bytes

    def full(path, content):
        if path.name.startswith("1"):
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(pyfunc.Path, "write_bytes", full)
    reason = ask({"base64": text_of(sound), "name": "second.wav"})["reason"]
    assert reason == "cannot be stored on the server (No space left on device)"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"base64": "UklG", "enrolment": True}], 'every row has "enrolment": true, so there is nothing to score'),
        ([{}, {}], "no row has one of the columns path, base64 and bytes"),
    ],
)
def test_a_request_that_asks_for_nothing_says_so(model, rows, said):
    with pytest.raises(EmofusionError, match=said):
        model.predict(None, pd.DataFrame(rows))


def test_a_table_without_rows_has_an_answer_without_rows(model):
    assert len(model.predict(None, pd.DataFrame({"base64": []}))) == 0


def test_a_refused_request_has_the_reason_as_its_message_and_no_traceback(model, monkeypatch):
    def refuse(enrolment, how):
        raise EmofusionError(f"give two clips {how}")

    monkeypatch.setattr(model.scorer, "check_enrolment", refuse)
    with pytest.raises(RefusedRequest) as raised:
        model.predict(None, pd.DataFrame([{"base64": "UklG"}]))
    raised.value.message = "Failed to predict data: a table"  # as MLflow's server does
    answer = strictly(raised.value.serialize_as_json())
    assert answer["message"] == 'give two clips in rows with "enrolment": true' and "stack_trace" not in answer
    assert raised.value.get_http_status_code() == 400
