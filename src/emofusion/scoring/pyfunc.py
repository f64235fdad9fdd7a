"""A fused model as MLflow's python function: a table of recordings in, a table of posteriors out."""

import base64
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST
from mlflow.pyfunc.model import PythonModel
from mlflow.types import ColSpec, Schema

from emofusion.errors import EmofusionError
from emofusion.scoring.recordings import Recording, look_at
from emofusion.scoring.scorer import POSTERIOR, Scorer

# Environment variables of a server.
FOLDER = "EMOFUSION_RECORDINGS"  # paths are accepted inside this folder alone; without it, none are
MOST = "EMOFUSION_MOST_MEGABYTES"  # of one recording that is sent
_MOST_MEGABYTES = 100.0
_SERVES = "_MLFLOW_IS_IN_SERVING_ENVIRONMENT"  # MLflow sets it where it turns what `predict` returns into JSON
# Suffixes that the files of what was sent get; names may have any.
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")
_COLUMNS = ("path", "base64", "bytes")
_LISTED = "path, base64 and bytes"

INPUTS = Schema(
    [
        ColSpec("string", "path", required=False),
        ColSpec("string", "base64", required=False),
        # not binary: MLflow would decode the base64 of JSON itself, and refuse all rows where one has none
        ColSpec("string", "bytes", required=False),
        ColSpec("string", "name", required=False),
        ColSpec("boolean", "enrolment", required=False),
    ]
)


def outputs(classes: list[str]) -> Schema:
    """The columns of the result; see `scorer.Scores.fused`."""
    texts = [ColSpec("string", name) for name in ("name", "emotion", "used", "reason", "left_out")]
    return Schema([*texts, *(ColSpec("double", POSTERIOR + name, required=False) for name in classes)])


class RefusedRequest(EmofusionError, MlflowException):
    """A request that cannot be answered as a whole. MLflow's server answers with the reason, and no traceback."""

    def __init__(self, reason: str) -> None:
        MlflowException.__init__(self, reason, error_code=BAD_REQUEST)

    def serialize_as_json(self) -> str:
        """The server's answer. The server has put the table of the request before the message, which is left out."""
        self.message = str(self)
        return str(super().serialize_as_json())  # type: ignore[no-untyped-call]


class FusedModel(PythonModel):
    """Scores rows, each of which has one of the columns path, base64 and bytes.

    name: what the recording is called in the result; its suffix, such as `.png`, tells pictures from videos. enrolment:
    rows that are true are clips of the speaker that features are normalised on, and are not scored.
    """

    def load_context(self, context: Any) -> None:
        """Read the bundle."""
        self.scorer = Scorer(Path(context.artifacts["bundle"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """A row for each recording, in their order; one that cannot be scored says why, and its posteriors are missing.

        In MLflow's server they are None then, for Python callers NaN.

        Raises `RefusedRequest` where clips for enrolment are lacking or cannot be used, all rows are such clips, or the
        table has none of the columns.
        """
        if not len(model_input.columns):
            raise RefusedRequest(f"no row has one of the columns {_LISTED}. Give one of them in each row.")
        rows = model_input.to_dict("records")
        enrolled = [_is_given(row.get("enrolment")) and bool(row["enrolment"]) for row in rows]
        if rows and all(enrolled):
            raise RefusedRequest(
                'every row has "enrolment": true, so there is nothing to score. Give each row of a request the column '
                "enrolment: where only some have it, MLflow reads true for the others."
            )
        with tempfile.TemporaryDirectory(prefix="emofusion-sent-") as folder:
            recordings = [_recording(row, number, Path(folder)) for number, row in enumerate(rows)]
            tested = [recording for recording, is_asked in zip(recordings, enrolled, strict=True) if not is_asked]
            asked = [recording for recording, is_asked in zip(recordings, enrolled, strict=True) if is_asked]
            try:
                self.scorer.check_enrolment(asked, 'in rows with "enrolment": true')
                scores = self.scorer.score(tested, asked).fused
            except EmofusionError as error:
                raise RefusedRequest(str(error)) from error
            return _for_json(scores) if os.environ.get(_SERVES) else scores


def _for_json(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores with None, which JSON writes as null, for each posterior that is missing: JSON has no NaN (RFC 8259)."""
    posteriors = scores.filter(like=POSTERIOR).astype(object)
    return scores.assign(**posteriors.where(posteriors.notna(), None))


def _is_given(value: Any) -> bool:
    """Whether a row has a value in a column: clients leave the others out, or send null."""
    return not (value is None or (pd.api.types.is_scalar(value) and pd.isna(value)))


def _recording(row: dict[str, Any], number: int, folder: Path) -> Recording:
    """The recording of a row of the input, with a fault where it cannot be used. What was sent is put into `folder`."""
    given = [column for column in _COLUMNS if _is_given(row.get(column))]
    name = str(row["name"]) if _is_given(row.get("name")) else f"recording {number}"
    if len(given) != 1:
        has = f"has {' and '.join(given)}" if given else "has no recording"
        return Recording(name, folder, fault=f"{has}: give one of the columns {_LISTED}")
    (column,) = given
    value = row[column]
    if column == "path":
        return _named(value, name if _is_given(row.get("name")) else str(value))
    try:
        content = _content(value)
    except (TypeError, ValueError) as error:  # those of base64 are of ValueError
        return Recording(name, folder, fault=f"is not {column} ({error})")
    most = float(os.environ.get(MOST, _MOST_MEGABYTES))
    if len(content) > most * 1e6:
        return Recording(name, folder, fault=f"has {len(content) / 1e6:.0f} MB, and at most {most:g} are accepted")
    suffix = Path(name).suffix
    file = folder / f"{number}{suffix if _SUFFIX.fullmatch(suffix) else ''}"
    try:
        file.write_bytes(content)
    except OSError as error:
        return Recording(name, folder, fault=f"cannot be stored on the server ({error.strerror})")
    return look_at(file, name)


def _content(value: Any) -> bytes:
    """What was sent. A text is base64, with line breaks or without. Raises TypeError or ValueError for others."""
    if isinstance(value, str):
        return base64.b64decode("".join(value.split()), validate=True)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise TypeError(f"a value of the type {type(value).__name__}")


def _named(path: Any, name: str) -> Recording:
    """The recording at a path inside the folder that the server may read, with a fault for any other."""
    named = os.environ.get(FOLDER)
    if not named:
        fault = (
            "is a path, and this server reads none. Send base64 or bytes, or start it with --folder FOLDER or the "
            f"variable {FOLDER}"
        )
        return Recording(name, Path(), fault=fault)
    folder = Path(named).resolve()
    try:
        file = (folder / str(path)).resolve()
    except (OSError, ValueError, RuntimeError):  # a NUL, or links in a circle
        return Recording(name, folder, fault="is no path of a file")
    if not file.is_relative_to(folder):
        return Recording(name, folder, fault=f"is not in the folder of --folder or the variable {FOLDER}")
    return look_at(file, name)
