"""Measure what a stage costs: time, CPU time and memory, inside the job that runs it."""

import os
import platform
import resource
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

SAMPLE_SECONDS = 1.0
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Cost:
    """What a stage has cost.

    seconds: from the start of the job's process, or from the end of the stage that the process ran before. cpu_seconds:
    of all cores together, in the same time, of the process and of its children that have ended. peak_mib: the most
    memory that the process and its children have held at the same time. host: the name of the machine.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float
    host: str


class Meter:
    """Measures the stages of this process, one after the other. It includes the start of Python and its imports."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._begun, self._cpu = time.perf_counter() - _age(), 0.0
        self._peak = 0.0
        self._stop = threading.Event()

    def __enter__(self) -> "Meter":
        self._stop.clear()
        self._peak = 0.0
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join()

    def read(self) -> Cost:
        """What the stage has cost until now. The next stage of this process begins here."""
        now, children = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        # not `os.times`, which counts in steps of 10 ms
        cpu = time.process_time() + children.ru_utime + children.ru_stime
        cost = Cost(
            round(now - self._begun, 3),
            round(cpu - self._cpu, 3),
            round(max(self._peak, _own_peak(), _peak_of_a_child()) / _MIB, 1),
            platform.node(),
        )
        self._begun, self._cpu = now, cpu
        return cost

    def _sample(self) -> None:
        """Note the memory of the process and its children from time to time."""
        while not self._stop.wait(SAMPLE_SECONDS):
            try:
                children = self._process.children(recursive=True)
                # a forked child shares pages with its parent: the proportional size counts them once
                if children:
                    self._peak = max(self._peak, sum(map(_proportional, [self._process, *children])))
            except psutil.Error:  # a child has just ended
                continue


def _age() -> float:
    """How long this process has been running, in seconds."""
    try:  # psutil's time of the start is wrong by up to a second
        with Path("/proc/self/stat").open(encoding="ascii") as file:
            ticks = int(file.read().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / float(os.sysconf("SC_CLK_TCK"))
    except (OSError, AttributeError):  # another system than Linux
        return float(time.time() - psutil.Process().create_time())


def _proportional(process: psutil.Process) -> float:
    """The memory of a process in bytes; a page that several processes share counts in parts."""
    memory = process.memory_full_info()
    return float(getattr(memory, "pss", memory.rss))


def _own_peak() -> float:
    """The most memory that this process has held, in bytes."""
    try:
        with Path("/proc/self/status").open(encoding="ascii") as file:
            # not the system's `ru_maxrss`, which a program inherits from the process that has started it
            return next(float(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return float(peak) if platform.system() == "Darwin" else float(peak) * 1024


def _peak_of_a_child() -> float:
    """The most memory that one of the children that have ended has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return float(peak) if platform.system() == "Darwin" else float(peak) * 1024


_meter: Meter | None = None


def meter() -> Meter:
    """The meter of this process."""
    global _meter
    if _meter is None:
        _meter = Meter()
    return _meter
