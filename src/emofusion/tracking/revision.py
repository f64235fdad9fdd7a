"""The commit of the code, as tags of a run."""

import subprocess
from pathlib import Path


def revision() -> dict[str, str]:
    """Tags with the code's commit, and with whether tracked files differ from it; none where Git does not answer."""
    command = ["git", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        lines = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=30
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return {}
    heads = [line.split()[-1] for line in lines if line.startswith("# branch.oid ")]
    dirty = any(not line.startswith("#") for line in lines)
    return {"mlflow.source.git.commit": heads[0], "emofusion.git.dirty": str(dirty).lower()}
