"""System metrics of a training."""

import time
from types import SimpleNamespace

import psutil
import pytest
from mlflow import MlflowClient

from emofusion.tracking import Tracking, machine, open_run


def burn(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """NVML's library, as far as it is used, with two GPUs."""
    library = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetMemoryInfo=lambda number: SimpleNamespace(used=(number + 1) * 1e9, total=10e9),
        nvmlDeviceGetUtilizationRates=lambda number: SimpleNamespace(gpu=40 + number),
    )
    monkeypatch.setattr(machine, "import_module", {"pynvml": library}.__getitem__)


def test_they_have_mlflows_names_and_say_what_the_process_does(
    tools, client: MlflowClient, tracking: Tracking, two_gpus: None
):
    with open_run("model", "watched", {}, tracking, {}) as run, machine.watched(run, interval=0.2):
        burn(1.0)
    tools.send(tracking)
    (found,) = tools.runs(client, "watched")
    metrics = found.data.metrics
    assert set(metrics) == {
        "system/cpu_utilization_percentage",
        "system/system_memory_usage_megabytes",
        "system/system_memory_usage_percentage",
        "system/process_cpu_percentage",
        "system/process_memory_megabytes",
        *(f"system/gpu_{number}_utilization_percentage" for number in (0, 1)),
        *(f"system/gpu_{number}_memory_usage_megabytes" for number in (0, 1)),
        *(f"system/gpu_{number}_memory_usage_percentage" for number in (0, 1)),
    }
    steps, values = zip(*tools.points(client, found.info.run_id, "system/process_cpu_percentage"), strict=True)
    assert steps == tuple(range(len(steps))) and len(steps) >= 2
    assert max(values) > 10, "the process was busy"
    held = psutil.Process().memory_info().rss / 1e6
    assert metrics["system/process_memory_megabytes"] == pytest.approx(held, rel=0.2)
    assert metrics["system/system_memory_usage_megabytes"] < psutil.virtual_memory().total / 1e6
    assert metrics["system/gpu_1_memory_usage_megabytes"] == 2000
    assert metrics["system/gpu_1_memory_usage_percentage"] == pytest.approx(20)
    assert metrics["system/gpu_0_utilization_percentage"] == 40


def test_without_nvml_there_are_none_of_a_gpu(
    tools, client: MlflowClient, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
):
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(machine, "import_module", missing)
    with open_run("model", "no-gpu", {}, tracking, {}) as run, machine.watched(run):
        pass
    tools.send(tracking)
    (found,) = tools.runs(client, "no-gpu")
    assert len(found.data.metrics) == 5 and not any("gpu" in name for name in found.data.metrics)
