"""Give files to a run: as hard links where the store keeps artifacts in folders of this file system, else as copies."""

import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from emofusion.errors import tell

if TYPE_CHECKING:
    from mlflow import MlflowClient


def store_artifacts(client: "MlflowClient", run_id: str, paths: Iterable[Path]) -> None:
    """Store files as artifacts of a run. A file of the same name is replaced.

    Args:
        client: of the store.
        run_id: the id of the run.
        paths: files, and folders whose files are meant. What is not there any more is left out with a warning.
    """
    folder = local_folder(client.get_run(run_id).info.artifact_uri)
    for path in paths:
        if not path.exists():
            tell(f"warning: {path} is not there any more, so the run {run_id} in MLflow does not get it")
        elif folder is None:
            (client.log_artifacts if path.is_dir() else client.log_artifact)(run_id, str(path))
        else:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file() and not file.name.startswith("."):  # hidden files are Snakemake's
                    link(file, folder / (file.relative_to(path) if path.is_dir() else file.name))


def local_folder(address: str) -> Path | None:
    """The folder of an artifact address such as `file:///a/b`; None where the artifacts are on a server."""
    parts = urlsplit(address)
    return Path(unquote(parts.path)) if parts.scheme in ("", "file") else None


def link(file: Path, target: Path) -> None:
    """Make a hard link to a file, or a copy where the file system cannot link. It replaces what was there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    try:
        os.link(file, partial)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(file, partial)
    partial.replace(target)
    partial.unlink(missing_ok=True)  # the system renames nothing where both names are the same file
