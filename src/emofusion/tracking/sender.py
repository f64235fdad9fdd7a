"""Send the journals of jobs to MLflow: one process for each workflow, started by `emofusion.tracking.process`.

The sender follows the journals in `results/tracking/journal/` and sends what is new, within seconds. When there is
something to send it goes on in a fork of the fork server, which has imported by then much of what MLflow imports. When
the store fails it tries again with growing pauses, without limit, while the workflow runs. It ends at once when its
standard input is closed, which happens when Snakemake's process ends, however that happens. What is not sent then stays
in the journals, and the next sender goes on there.

Of several senders of a store in one folder of results, one works, and the others wait for its lock.
"""

import hashlib
import json
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from emofusion.errors import EmofusionError, clear_errors, tell
from emofusion.forkserver import in_fork, leave
from emofusion.tracking.address import first_line, is_server, name_in_journals, shown
from emofusion.tracking.check import check_server, check_store
from emofusion.tracking.delivery import Delivery
from emofusion.tracking.journal import Journal, Journals, unsent
from emofusion.tracking.settings import Tracking
from emofusion.tracking.store import initialise

HANDED_OVER = "EMOFUSION_TRACKING"  # the environment variable with the settings, for the fork
TICK = 1.0  # s between two looks at the journals
FIRST_PAUSE, LONGEST_PAUSE, LAST_PAUSE = 1.0, 60.0, 5.0  # s after a failure; the last one when the workflow has ended
# Errors of MLflow that another try does not mend.
REFUSALS = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST", "RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST")


class Sender:
    """Sends the journals of a store.

    tracking: the store, and where the results are.
    """

    def __init__(self, tracking: Tracking) -> None:
        self._tracking, self._uri = tracking, tracking.store
        self._journals = Journals(tracking.journals, self._uri)
        self._finish = threading.Event()  # the workflow has ended: send the rest, then end
        self._broken: set[Path] = set()  # journals that cannot be read; they are left as they are
        self._begun_again: set[Path] = set()  # journals whose run had gone from the store
        self._is_told = False
        self._delivery = Delivery(self._uri, Path(tracking.results))

    def finish(self) -> None:
        """Let `run` end as soon as everything is sent."""
        self._finish.set()

    def run(self, until: Callable[[], bool] = lambda: False) -> bool:
        """Send until `finish` was called and everything is sent that was there then, or until `until` says so.

        Returns whether everything is sent.
        """
        lock, pause = FileLock(lock_of(self._tracking), timeout=0), FIRST_PAUSE
        goal: dict[Path, int] | None = None
        while not until():
            if goal is None and self._finish.is_set():
                goal = {journal.path: journal.size() for journal in self._waiting()}
            wait = TICK
            try:
                with lock:
                    self._pass()
                pause = FIRST_PAUSE
                if self._is_told:
                    tell(f"the tracking store {shown(self._uri)} answers again")
                    self._is_told = False
            except Timeout:
                pass  # another sender is at work, and sends our journals too
            except Exception as error:  # whatever the store does, the workflow goes on
                self._tell(error)
                self._delivery = Delivery(self._uri, Path(self._tracking.results))
                wait, pause = min(pause, LONGEST_PAUSE if goal is None else LAST_PAUSE), 2 * pause
            if goal is None:
                self._finish.wait(wait)
            elif not any(journal.sent().offset < goal.get(journal.path, 0) for journal in self._waiting()):
                return not self._broken
            else:
                time.sleep(wait)
        return False

    def _waiting(self) -> list[Journal]:
        """The journals that have something to send, those that were started first at the front."""
        return [
            journal
            for journal in self._journals.present()
            if journal.path not in self._broken and journal.grown(journal.sent())
        ]

    def _pass(self) -> None:
        """Send what is new in every journal. Raise the store's error where it fails."""
        waiting, failures = self._waiting(), []
        if waiting and is_server(self._uri):
            check_server(self._uri)  # MLflow itself would try for a long time
        for journal in waiting:
            try:
                self._deliver(journal)
            except Exception as error:
                failures.append(error)
                if len(failures) > 1:  # the trouble of a single journal must not keep the others back
                    break
        if failures:
            raise failures[0]

    def _deliver(self, journal: Journal) -> None:
        try:
            self._delivery.deliver(journal)
        except (ValueError, KeyError, TypeError) as error:
            self._broken.add(journal.path)
            tell(f"warning: the journal {journal.path} cannot be sent ({first_line(error)}); it stays as it is")
        except Exception as error:
            if getattr(error, "error_code", "") not in REFUSALS:
                raise
            self._refused(journal, error)

    def _refused(self, journal: Journal, error: Exception) -> None:
        """Go on after MLflow has refused a part of a journal.

        The run may have gone from the store, with the whole store or by a user's hand: it is then sent again from its
        beginning. A run that is deleted gets nothing more. Any other part that is refused is left out with a warning.
        """
        sent = journal.sent()
        gone = getattr(error, "error_code", "") == "RESOURCE_DOES_NOT_EXIST"
        if gone and journal.path not in self._begun_again:
            self._begun_again.add(journal.path)
            journal.note.unlink(missing_ok=True)
            self._delivery = Delivery(self._uri, Path(self._tracking.results))
            return
        if gone or not self._delivery.is_deleted(sent.run_id):
            tell(f"warning: the tracking store refuses a part of {journal.path.name}: {first_line(error)}")
        for entry, end in journal.entries(sent.offset):
            sent.offset, sent.ended = end, entry["entry"] == "end"
        journal.write_sent(sent)
        if sent.ended:
            journal.delete()

    def _tell(self, error: Exception) -> None:
        """Say once that the store does not work."""
        if not self._is_told:
            self._is_told = True
            reason = str(error) if isinstance(error, EmofusionError) else first_line(error)
            tell(
                f"warning: the tracking store {shown(self._uri)} failed: {reason}\nThe workflow goes on; what it logs "
                f"is kept in {self._tracking.journals}, and sent when the store answers."
            )


def send_rest(tracking: Tracking) -> str:
    """Make the store ready, and send all that is not sent yet. Returns a line about that.

    Raises `EmofusionError` where the store cannot be used, or does not take everything within `tracking.patience`.
    """
    if not tracking.enabled:
        return "tracking is off (tracking.enabled=false), so there is nothing to send"
    check_store(tracking)
    before, end = unsent(tracking.journals, tracking.store), time.monotonic() + tracking.patience
    initialise(tracking.store, tracking.experiment, Path(tracking.results))
    sender = Sender(tracking)
    sender.finish()
    if not sender.run(until=lambda: time.monotonic() > end):
        rest = unsent(tracking.journals, tracking.store)
        raise EmofusionError(
            f"{rest} are not sent to {shown(tracking.store)} yet; they are kept in {tracking.journals}. Run this "
            "command again when the store answers, or with a longer tracking.patience."
        )
    return f"tracking: sent {before} to {shown(tracking.store)}" if before.runs else "tracking: nothing is left to send"


def lock_of(tracking: Tracking) -> Path:
    """The file of the lock that the sender of a store holds while it sends."""
    name = name_in_journals(tracking.store, Path(tracking.results))
    digest = hashlib.blake2b(name.encode(), digest_size=6).hexdigest()
    return tracking.journals.parent / f"sender-{digest}.lock"


def wait_for_work(tracking: Tracking) -> None:
    """Return when there is something to send, and when standard input has a line or is closed."""
    journals = Journals(tracking.journals, tracking.store)
    while not any(journal.grown(journal.sent()) for journal in journals.present()):
        if select.select([0], [], [], TICK)[0]:
            return


def main(tracking: Tracking) -> bool:
    """Send until standard input is closed, or until the line `finish` comes and everything is sent.

    Returns whether everything is sent.
    """
    os.nice(5)  # jobs go first
    sender = Sender(tracking)

    def listen() -> None:
        for line in sys.stdin:
            if line.strip() == "finish":
                sender.finish()
        leave(0)  # a request that is interrupted by this is repeated by the next sender

    threading.Thread(target=listen, daemon=True).start()
    return sender.run()


def first_line_of_input() -> str:
    """The first line of standard input. What follows is not read, not even into a buffer."""
    line = b""
    while not line.endswith(b"\n") and (character := os.read(0, 1)):
        line += character
    return line.decode()


if __name__ == "__main__":
    in_fork_already = HANDED_OVER in os.environ
    text = os.environ.pop(HANDED_OVER, None) or first_line_of_input()
    settings = Tracking(**json.loads(text))
    settings.journals.mkdir(parents=True, exist_ok=True)
    if not in_fork_already:
        wait_for_work(settings)
        os.environ[HANDED_OVER] = text
        in_fork()  # does not return, unless there is no fork server
        del os.environ[HANDED_OVER]
    with clear_errors(Path(settings.results) / "logs" / "tracking.log"):
        everything = main(settings)
    leave(0 if everything else 1)
