"""`emofusion serve`: MLflow's own server, on the loopback address unless told otherwise."""

import argparse
import os
import sys


def run(given: argparse.Namespace) -> int:
    """Replace this process by MLflow's server. Raises `EmofusionError` where there is no such model or folder."""
    from emofusion.commands.score import say

    say(f"loading {given.model}")
    from emofusion.commands.model import bundle_folder
    from emofusion.errors import EmofusionError
    from emofusion.scoring.bundle import read_bundle

    bundle = bundle_folder(given.model, given.registry)
    about = read_bundle(bundle)  # a model of another version is refused before the server starts
    if given.folder is not None and not given.folder.is_dir():
        raise EmofusionError(f"--folder {given.folder} is no folder")
    environment = os.environ | {"EMOFUSION_MOST_MEGABYTES": str(given.most_megabytes)}
    environment.pop("EMOFUSION_RECORDINGS", None)
    if given.folder is not None:
        environment["EMOFUSION_RECORDINGS"] = str(given.folder.resolve())
    say(f"{about.title}: http://{given.host}:{given.port}/invocations takes recordings; Ctrl-C ends it")
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(bundle.parents[1])]
    command += ["--host", given.host, "--port", str(given.port), "--env-manager", "local"]
    os.execve(sys.executable, command, environment)
