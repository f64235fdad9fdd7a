"""The sender's process, as Snakemake's main process starts and ends it."""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict

from emofusion.tracking.address import shown
from emofusion.tracking.journal import Unsent, unsent
from emofusion.tracking.settings import Tracking


class SenderProcess:
    """A sender that runs beside the workflow. It ends when this process ends, however that happens."""

    def __init__(self, tracking: Tracking) -> None:
        """Start the sender of a store."""
        self._tracking = tracking
        # This object keeps the pipe to the sender's standard input open. The system closes it when this process ends.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "emofusion.tracking.sender"],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for Snakemake, which then tells the sender to finish
        )
        self._say(json.dumps(asdict(tracking)))  # not as an argument, which every user of the machine can read

    def finish(self) -> Unsent:
        """Give the sender `patience` seconds to send the rest, end it, and return what is not sent."""
        with suppress(subprocess.TimeoutExpired):
            self._say("finish")
            if self._process.wait(self._tracking.patience) == 0:
                return Unsent()
        self._process.kill()
        self._process.wait()
        return unsent(self._tracking.journals, self._tracking.store)

    def _say(self, line: str) -> None:
        """Send the sender a line. It may have ended already."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()


def left_over(tracking: Tracking, rest: Unsent, command: str) -> str:
    """The line about what is not sent; empty where everything is sent.

    command: the command that sends it.
    """
    if not rest.runs:
        return ""
    return (
        f"tracking: {rest} are not sent to {shown(tracking.store)}, which does not answer or is too slow; they are "
        f"kept in {tracking.journals}. To send them: {command}"
    )
