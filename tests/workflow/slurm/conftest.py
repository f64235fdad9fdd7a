"""A Slurm cluster of one node, on this machine and for these tests alone, and Snakemake that submits to it."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

REQUIRED = "EMOFUSION_NEEDS_SLURM"  # where this variable is set, a missing Slurm is a failure, and not a reason to skip
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol")
CPUS = 4  # more than the machine may have: jobs of these tests wait for imports more than for processors

CONFIGURATION = """
ClusterName=emofusion
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
# jobs that have ended are shown until the tests end
MinJobAge=7200
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
# a job that uses more memory than it has asked for is killed, as on a real cluster
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill,UsePss
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=1,sched_interval=5,bf_interval=5
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} CoresPerSocket={cpus} RealMemory=20000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    """The three daemons. environment: the variables that Slurm's commands need."""

    def __init__(self, folder: Path):
        self.folder = folder
        configuration = folder / "slurm.conf"
        # Snakemake's jobs take Slurm's variables away before they call srun, which then reads /etc/slurm
        srun = folder / "bin" / "srun"
        srun.parent.mkdir()
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={configuration} exec {shutil.which("srun")} "$@"\n')
        srun.chmod(0o755)
        path = f"{srun.parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = os.environ | {"SLURM_CONF": str(configuration), "PATH": path}
        self.daemons: list[subprocess.Popen] = []

    def start(self) -> None:
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        ports = [one.getsockname()[1] for one in sockets]
        for one in sockets:
            one.close()
        host = socket.gethostname().split(".")[0]
        settings = {"folder": self.folder, "host": host, "ports": ports, "cpus": CPUS}
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(**settings))
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        self._start_munge()
        self._daemon("slurmctld", "-D", "-c")
        self.wait_until(lambda: self.command("scontrol", "ping", check=False).returncode == 0, "slurmctld answers")
        self._daemon("slurmd", "-D")
        self.wait_until(lambda: "idle" in self.command("sinfo", "-h", "-o", "%t").stdout, "the node is idle")

    def _start_munge(self) -> None:
        """munge refuses to run as root, and its folders must belong to the user that it runs as."""
        munge = self.folder / "munge"
        munge.mkdir()
        (munge / "key").write_bytes(os.urandom(128))
        user = pwd.getpwnam("munge")
        for path in (munge, munge / "key"):
            os.chown(path, user.pw_uid, user.pw_gid)
        (munge / "key").chmod(0o400)
        munge.chmod(0o755)
        options = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        given = [f"--{option}={munge / name}" for option, name in options.items()]
        self._daemon("munged", "--foreground", "--force", *given, user="munge")
        self.wait_until(lambda: (munge / "socket").exists(), "munge listens")

    def _daemon(self, program: str, *options: str, user: str | None = None) -> None:
        with (self.folder / f"{program}.out").open("wb") as out:
            command = [shutil.which(program), *options]
            given = {"user": user, "group": user} if user else {}
            started = subprocess.Popen(command, stdout=out, stderr=out, env=self.environment, **given)
        self.daemons.append(started)

    def stop(self) -> None:
        self.command("scancel", "--user=root", check=False)
        time.sleep(1)  # what the jobs have started ends with them
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def command(self, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=60, check=check)

    def jobs(self, states: str = "running") -> dict[str, str]:
        """Number → comment, which names the rule, of the jobs in a state."""
        lines = self.command("squeue", "-h", f"--states={states}", "-o", "%i %k").stdout.splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def wait_until(self, holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end or any(daemon.poll() is not None for daemon in self.daemons):
                logs = [path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log")]
                logs += [path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.out")]
                pytest.fail(f"not after {seconds} s: {what}\n" + "\n".join(logs))
            time.sleep(0.5)


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """A running cluster. The tests are skipped where Slurm is not installed, unless it has to be."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    reason = f"{', '.join(absent)} not installed (Debian's packages slurm-wlm and munge)" if absent else ""
    if find_spec("snakemake_executor_plugin_slurm") is None:
        reason = "emofusion is installed without its extra `slurm`"
    if not reason and os.geteuid() != 0:
        reason = "only root can start Slurm's daemons"
    if reason:
        (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(f"no Slurm here: {reason}")
    folder = tmp_path_factory.mktemp("slurm")
    for parent in (folder, *folder.parents):  # munge runs as a user of its own, who must get to its folder
        mode = parent.stat().st_mode & 0o7777
        if not mode & 0o001:
            parent.chmod(mode | 0o011)
    cluster = Slurm(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


class Submitting:
    """Snakemake in a folder, which submits its jobs to a cluster as `profiles/slurm` says.

    local: the same folder for runs on this machine.
    """

    def __init__(self, slurm: Slurm, local):
        self.slurm, self.local, self.folder = slurm, local, local.folder
        self.log = self.folder / "snakemake.log"
        self.started: list[subprocess.Popen] = []

    def __truediv__(self, path: str) -> Path:
        return self.local / path

    def start(self, *options: str, override=()) -> subprocess.Popen:
        repository = self.local.repository
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile")]
        command += ["--directory", str(self.folder), "--profile", str(repository / "profiles" / "slurm")]
        command += ["--jobs", "4", "--cores", "4", "--latency-wait", "10"]  # of a node that does nothing else
        command += ["--slurm-init-seconds-before-status-checks", "1", *options]
        command += ["--config", "experiment=demo", f"override={' '.join(override)}"]
        environment = self.slurm.environment | {"PYTHONPATH": str(repository / "src")}
        environment["EMOFUSION_FORKSERVER"] = "/address/of/this/machine"  # no job may get it
        environment.pop("MLFLOW_TRACKING_URI", None)
        with self.log.open("ab") as out:
            self.started.append(subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT))
        return self.started[-1]

    def finish(self, process: subprocess.Popen) -> str:
        """What the runs in this folder have printed, after one of them has ended well."""
        status = process.wait(timeout=1200)
        text = self.log.read_text(errors="replace")
        assert status == 0, text[-6000:]
        return text

    def submit(self, *options: str, override=()) -> str:
        return self.finish(self.start(*options, override=override))

    def stop(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        # a job whose own parent was killed is no job of Slurm's any more, and would outlive the cluster
        for process in psutil.process_iter(["cwd"]):
            if process.info["cwd"] == str(self.folder):
                with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                    process.kill()


@pytest.fixture(scope="session")
def submitting(slurm, repository, workflow_in):
    """Makes a `Submitting` in a folder."""
    made = []

    def make(folder: Path) -> Submitting:
        folder.mkdir(parents=True, exist_ok=True)
        made.append(Submitting(slurm, workflow_in(repository, folder)))
        return made[-1]

    yield make
    for one in made:
        one.stop()
