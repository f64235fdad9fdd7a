"""What the machine does while a model is trained, as MLflow's system metrics."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

import psutil

from emofusion.tracking.run import Run

INTERVAL = 10.0  # s, as MLflow's own
_MEGABYTE = 1e6  # as MLflow counts


@contextmanager
def watched(run: Run, interval: float = INTERVAL) -> Iterator[None]:
    """Log what the machine and this process do, from time to time and at the end.

    The names are those of MLflow's own system metrics, for the whole machine: `system/cpu_utilization_percentage`,
    `system/system_memory_usage_megabytes`, `system/system_memory_usage_percentage`, and for each GPU, where the library
    pynvml (distribution nvidia-ml-py) is installed, `system/gpu_0_utilization_percentage`,
    `system/gpu_0_memory_usage_megabytes` and `system/gpu_0_memory_usage_percentage`. `system/process_cpu_percentage`
    (100 is one core) and `system/process_memory_megabytes` are those of this process with its children.

    Args:
        run: the run to log to.
        interval: seconds between two samples.
    """
    if run.journal is None:
        yield
        return
    machine, stop = _Machine(), threading.Event()

    def sample() -> None:
        step = 0
        while True:
            ended = stop.wait(interval)
            with suppress(psutil.Error, OSError):
                run.log_metrics({f"system/{name}": value for name, value in machine.read().items()}, step)
            step += 1
            if ended:
                return

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class _Machine:
    """The machine and this process. CPU shares are those since the last look."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}
        for process in self._family():
            process.cpu_percent()  # the first call only begins to count
        psutil.cpu_percent()
        self._gpus = _gpus()

    def read(self) -> dict[str, float]:
        """Name → value, without the prefix `system/`."""
        memory, family = psutil.virtual_memory(), self._family()
        values = {
            "cpu_utilization_percentage": psutil.cpu_percent(),
            "system_memory_usage_megabytes": memory.used / _MEGABYTE,
            "system_memory_usage_percentage": memory.used / memory.total * 100,
            "process_cpu_percentage": sum(process.cpu_percent() for process in family),
            "process_memory_megabytes": sum(process.memory_info().rss for process in family) / _MEGABYTE,
        }
        for number, (library, handle) in enumerate(self._gpus):
            of_gpu = library.nvmlDeviceGetMemoryInfo(handle)
            values |= {
                f"gpu_{number}_utilization_percentage": float(library.nvmlDeviceGetUtilizationRates(handle).gpu),
                f"gpu_{number}_memory_usage_megabytes": of_gpu.used / _MEGABYTE,
                f"gpu_{number}_memory_usage_percentage": of_gpu.used / of_gpu.total * 100,
            }
        return values

    def _family(self) -> list[psutil.Process]:
        """This process and its children; each keeps its object, which remembers the CPU time of the last look."""
        this = psutil.Process()
        present = [this, *this.children(recursive=True)]
        self._known = {process.pid: self._known.get(process.pid, process) for process in present}
        return list(self._known.values())


def _gpus() -> list[tuple[Any, Any]]:
    """NVML's Python library and a handle, for each GPU; none where the library or the driver is missing."""
    try:
        pynvml = import_module("pynvml")  # an optional library
        pynvml.nvmlInit()
        return [(pynvml, pynvml.nvmlDeviceGetHandleByIndex(n)) for n in range(pynvml.nvmlDeviceGetCount())]
    except Exception:  # whatever a driver does, the training goes on
        return []
