"""What the scripts import: no stage waits for a library that it does not use."""

import json
import subprocess
import sys

import pytest

from emofusion.forkserver import imported_by

HEAVY = {"torch", "torchvision", "pytorch_lightning", "mlflow", "sklearn", "librosa", "matplotlib", "av", "pandas"}
PROGRAM = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps([*sys.modules]))
"""
PLANNING = """
import json, sys
from pathlib import Path
from emofusion import forkserver
from emofusion.devices import has_gpu
from emofusion.plan.currency import examine
from emofusion.plan.make import check_sources, plan_file
from emofusion.plan.publication import stale_publications
from emofusion.tracking import SenderProcess, Tracking, check_store
repository, results = map(Path, sys.argv[1:])
plan = plan_file(repository / "conf", "demo", "speech=cnn1d,lstm", results)
check_sources(plan, results)
examine(plan, results, repository)
for name in plan.stages:
    plan.settings(name)
print(json.dumps([*sys.modules]))
"""


def loaded_by(program: str, *arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


# several in one process: to start each for itself would cost what is to be saved
@pytest.mark.parametrize(
    ("scripts", "late", "used"),
    [
        (["prepare", "prune", "audit", "tracking"], [], set()),
        (
            ["corpus", "posteriors", "ensemble", "fuse_rules", "fuse", "features"],
            ["emofusion.features.pixels", "emofusion.features.action_units"],
            {"pandas"},
        ),
        (["split"], [], {"pandas"}),
        (["fuse", "report", "compare", "train"], [], HEAVY - {"mlflow"}),
    ],
)
def test_scripts_load_nothing_heavy_that_they_do_not_use(repository, scripts, late, used):
    folder = repository / "workflow" / "scripts"
    modules = [module for script in scripts for module in imported_by(folder / f"{script}.py")]
    assert sum(module.startswith("emofusion") for module in modules) >= len(scripts)
    assert loaded_by(PROGRAM, *modules, *late) & HEAVY <= used


def test_planning_loads_nothing_heavy(repository, tmp_path):
    for _ in ("planned", "read"):
        assert not loaded_by(PLANNING, str(repository), str(tmp_path / "results")) & (HEAVY | {"numpy"})
