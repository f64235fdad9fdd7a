"""A fused model as MLflow's python function: a table of recordings in, a table of posteriors out."""

import base64
import binascii
import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
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

INPUTS = Schema(
    [
        ColSpec("string", "path", required=False),
        ColSpec("string", "base64", required=False),
        ColSpec("binary", "bytes", required=False),
        ColSpec("string", "name", required=False),
        ColSpec("boolean", "enrolment", required=False),
    ]
)


def outputs(classes: list[str]) -> Schema:
    """The columns of the result; see `scorer.Scores.fused`."""
    texts = [ColSpec("string", name) for name in ("name", "emotion", "used", "reason", "left_out")]
    return Schema([*texts, *(ColSpec("double", POSTERIOR + name, required=False) for name in classes)])


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

        Raises `EmofusionError` where a row has none or several of the columns.
        """
        with tempfile.TemporaryDirectory(prefix="emofusion-sent-") as folder:
            rows = model_input.to_dict("records")
            recordings = [_recording(row, number, Path(folder)) for number, row in enumerate(rows)]
            enrolled = [pd.notna(row.get("enrolment")) and bool(row["enrolment"]) for row in rows]
            tested = [recording for recording, is_asked in zip(recordings, enrolled, strict=True) if not is_asked]
            asked = [recording for recording, is_asked in zip(recordings, enrolled, strict=True) if is_asked]
            scores = self.scorer.score(tested, asked).fused
            return _for_json(scores) if os.environ.get(_SERVES) else scores


def _for_json(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores with None, which JSON writes as null, for each posterior that is missing: JSON has no NaN (RFC 8259)."""
    posteriors = scores.filter(like=POSTERIOR).astype(object)
    return scores.assign(**posteriors.where(posteriors.notna(), None))


def _recording(row: dict[str, Any], number: int, folder: Path) -> Recording:
    """The recording of a row of the input. What was sent is written into `folder`."""
    given = [column for column in ("path", "base64", "bytes") if pd.notna(row.get(column))]
    if len(given) != 1:
        raise EmofusionError(
            f"row {number} has {' and '.join(given) or 'no recording'}: give one of the columns path, base64 and bytes."
        )
    if given == ["path"]:
        path = str(row["path"])
        name = str(row["name"]) if pd.notna(row.get("name")) else path
        return look_at(_inside(path), name)
    name = str(row["name"]) if pd.notna(row.get("name")) else f"recording {number}"
    try:
        content = base64.b64decode(row["base64"], validate=True) if given == ["base64"] else bytes(row["bytes"])
    except (binascii.Error, ValueError) as error:
        return Recording(name, folder, fault=f"is not base64 ({error})")
    most = float(os.environ.get(MOST, _MOST_MEGABYTES))
    if len(content) > most * 1e6:
        return Recording(name, folder, fault=f"has {len(content) / 1e6:.0f} MB, and at most {most:g} are accepted")
    file = folder / f"{number}{Path(name).suffix if Path(name).suffix.isascii() else ''}"
    file.write_bytes(content)
    return look_at(file, name)


def _inside(path: str) -> Path:
    """A path inside the folder that the server may read. Raises `EmofusionError` for any other."""
    named = os.environ.get(FOLDER)
    if not named:
        raise EmofusionError(
            f"paths are not accepted. Send base64 or bytes, or set {FOLDER} to a folder of recordings."
        )
    folder = Path(named).resolve()
    file = (folder / path).resolve()
    if not file.is_relative_to(folder):
        raise EmofusionError(f"{path} is not in the folder that {FOLDER} names.")
    return file
