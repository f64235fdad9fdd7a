"""Register the fused model of a cell in MLflow's registry."""

import base64
import io
import json
import tempfile
from pathlib import Path
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.publication import contents_of
from emofusion.plan.stage import short_hash
from emofusion.reporting.headline import registered
from emofusion.scoring.bundle import Bundle
from emofusion.scoring.card import FILE as CARD
from emofusion.scoring.card import write_card
from emofusion.scoring.collect import collect_bundle
from emofusion.tracking.address import absolute
from emofusion.tracking.settings import Tracking
from emofusion.tracking.store import clear_store_errors, every, initialise, open_client

NAME = "model"  # of the logged model, and of its folder
# tags that tell registered models apart: the settings, the weights, and the content of what the model was made from
_REPORT, _WEIGHTS, _CONTENT = "emofusion.report", "emofusion.weights", "emofusion.content"


def register(plan: PlanFile, results: Path, tracking: Tracking) -> list[str]:
    """Register the model of a plan's only cell, and return lines that say what was done.

    A model that is registered already is not registered again. It is another one if anything that it was made from
    has changed, such as labels, recordings or code.

    Args:
        plan: the plan; its report is made and published.
        results: the folder of the results.
        tracking: the store, whose registry the model gets into. The model has the name of the experiment.

    Raises:
        EmofusionError: tracking is off, the plan has several cells, or the cell has no model that can score recordings.
    """
    if not tracking.enabled:
        raise EmofusionError(
            "register: tracking is off, and the registry belongs to the tracking store: set tracking=local."
        )
    if len(plan.cells) != 1:
        raise EmofusionError(
            f"register: the command has {len(plan.cells)} cells. Register one of them: give the settings of one cell, "
            "without a sweep or ablation."
        )
    (place,) = plan.cells
    key, name = plan.stage(plan.cells[place].report).key, tracking.experiment
    weights = "all" if plan.facts["deployed"] else "folds"
    content, rule = _content(plan, place, results), registered(results / "reports" / place)
    with clear_store_errors(tracking.store):
        identities = initialise(tracking.store, name, results)
        client = open_client(absolute(tracking.store))
        for version in every(client.search_model_versions, filter_string=f"name = '{name}'"):
            if [version.tags.get(tag) for tag in (_REPORT, _WEIGHTS, _CONTENT)] == [key, weights, content]:
                return _lines(name, version.version, "is registered already", rule)
        with tempfile.TemporaryDirectory(prefix="emofusion-register-", dir=results) as work:
            folder = Path(work) / "bundle"
            folder.mkdir()
            bundle = collect_bundle(plan, place, results, folder)
            card = write_card(bundle, results / "reports" / place, folder)
            number = _log(bundle, folder, name, identities["experiment_id"], absolute(tracking.store))
        tags = {
            _REPORT: key,
            _WEIGHTS: weights,
            _CONTENT: content,
            "emofusion.rule": bundle.rule.kind,
            "emofusion.classes": " ".join(bundle.classes),
            "emofusion.modalities": " ".join(modality.name for modality in bundle.modalities),
            "emofusion.overrides": " ".join(plan.cells[place].overrides)[:4000],
            "emofusion.version": bundle.emofusion,
        }
        for tag, value in tags.items():
            client.set_model_version_tag(name, number, tag, value)
        client.update_model_version(name, number, description=card)
    return _lines(name, number, "is registered", rule)


def _content(plan: PlanFile, place: str, results: Path) -> str:
    """A digest of all results that the fused model of a cell is made from."""
    last = [str(plan.stage(plan.cells[place].report).inputs["fusion"]), *plan.deployed]
    stages = sorted({name for one in last for name in plan.stages_behind(one)})
    return short_hash(json.dumps(contents_of(plan, stages, results), sort_keys=True))


def _log(bundle: Bundle, folder: Path, name: str, experiment: str, address: str) -> str:
    """Log the model in a run of its own, and register it. Returns the number of the version."""
    import mlflow
    import pandas as pd
    from mlflow.models import ModelSignature

    from emofusion.scoring.pyfunc import INPUTS, outputs

    mlflow.set_tracking_uri(address)
    mlflow.set_registry_uri(address)
    tags = {"emofusion.kind": "registration", _REPORT: bundle.report}
    with mlflow.start_run(experiment_id=experiment, run_name=f"register {bundle.report}", tags=tags):
        logged: Any = mlflow.pyfunc.log_model(
            name=NAME,
            python_model=str(Path(__file__).with_name("model_code.py")),
            artifacts={"bundle": str(folder)},
            signature=ModelSignature(INPUTS, outputs(bundle.classes)),
            input_example=pd.DataFrame({"base64": [_tone()], "name": ["tone.wav"]}),
            pip_requirements=[f"emofusion=={bundle.emofusion}"],
            registered_model_name=name,
        )
        mlflow.log_artifact(str(folder / CARD))
    return str(logged.registered_model_version)


def _tone() -> str:
    """A second of a tone as a WAV file in base64: an example of what a model takes."""
    import numpy as np
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, 0.1 * np.sin(2 * np.pi * 220 * np.arange(8000) / 8000), 8000, format="WAV")
    return base64.b64encode(file.getvalue()).decode()


def _lines(name: str, version: str, what: str, rule: list[str]) -> list[str]:
    """What a command ends with. what: was done with the version. rule: what is said of the registered rule."""
    return [
        f"{name}, version {version}, {what}. {rule[0]}",
        *rule[1:],
        "Score recordings with",
        f"  emofusion score <files or folders> --model models:/{name}/{version}",
    ]
