"""What the scripts import: no stage waits for a library that it does not use."""

import json
import subprocess
import sys

import pytest

from emofusion.forkserver import imported_by
from emofusion.tracking import late_imports

TRACKED = late_imports({"enabled": True, "uri": "sqlite:///mlflow.db"})
HEAVY = {"torch", "torchvision", "pytorch_lightning", "mlflow", "sklearn", "librosa", "matplotlib", "av", "pandas"}
PROGRAM = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps([*sys.modules]))
"""


def loaded(*modules: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, *modules], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


# several in one process: to start each for itself would cost what is to be saved
@pytest.mark.parametrize(
    ("scripts", "late", "used"),
    [
        (["demo", "download", "publish", "tracking", "audit"], [], set()),
        (
            ["corpus", "posteriors", "ensemble", "fuse", "evaluate", "features"],
            ["emofusion.features.pixels.compute", "emofusion.features.action_units.compute"],
            {"pandas"},
        ),
        (["split"], [], {"pandas", "sklearn"}),
        (["tracking", "fuse", "report", "compare"], TRACKED, {"mlflow", "pandas", "matplotlib"}),
    ],
)
def test_scripts_load_nothing_heavy_that_they_do_not_use(repository, scripts, late, used):
    folder = repository / "workflow" / "scripts"
    modules = [module for script in scripts for module in imported_by(folder / f"{script}.py")]
    assert sum(module.startswith("emofusion") for module in modules) >= len(scripts)
    assert loaded(*modules, *late) & HEAVY <= used


def test_planning_loads_nothing_heavy():
    modules = ["emofusion.plan.plan", "emofusion.plan.stages", "emofusion.tracking", "emofusion.forkserver"]
    assert not loaded(*modules) & (HEAVY | {"numpy"})
