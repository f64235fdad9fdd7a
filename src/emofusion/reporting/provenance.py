"""Which state of the code made a report."""

import subprocess

from emofusion.plan.fingerprint import PACKAGE


def commit() -> str:
    """The commit of the checkout that the package lies in, with a word if files differ from it; else what is known."""
    try:
        return _git("rev-parse", "HEAD") + (" with changes" if _git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return "not in a git checkout"


def _git(*words: str) -> str:
    command = ["git", "-C", str(PACKAGE), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
