"""The arguments of the command `emofusion`. Nothing heavy is imported here."""

import argparse
from pathlib import Path

FORMATS = ("table", "csv", "jsonl")


def parser() -> argparse.ArgumentParser:
    """The parser of all subcommands; each sets `run`, the function that does it."""
    from emofusion.commands import score, serve

    top = argparse.ArgumentParser(prog="emofusion", description="Use a fused model of an experiment.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    scoring = commands.add_parser(
        "score",
        help="score recordings",
        description="Score recordings, pictures and videos. The exit status is 0 where all could be scored, 1 where "
        "some could not, and 2 where nothing was done.",
    )
    scoring.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder with files")
    _add_model(scoring)
    scoring.add_argument(
        "--enrol",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="clips of the speaker that the features are normalised on, where the model asks for them",
    )
    scoring.add_argument("--format", choices=FORMATS, default="table", help="of what is printed (table)")
    scoring.add_argument("--output", type=Path, metavar="FILE", help="a .csv or .parquet file that is written too")
    scoring.add_argument("--workers", type=int, default=0, help="processes that compute features (one for each core)")
    scoring.set_defaults(run=score.run)

    serving = commands.add_parser(
        "serve",
        help="score recordings that are sent over HTTP",
        description="Serve a model by MLflow's server. Recordings are sent to /invocations; see docs/scoring.md.",
    )
    _add_model(serving)
    serving.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1: this machine alone)")
    serving.add_argument("--port", type=int, default=5001)
    serving.add_argument("--folder", type=Path, help="clients may name files in this folder by their paths")
    serving.add_argument("--most-megabytes", type=float, default=100.0, help="of one recording that is sent (100)")
    serving.set_defaults(run=serve.run)
    return top


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model",
        required=True,
        metavar="MODEL",
        help="models:/NAME/VERSION of MLflow's registry, or the folder of a model",
    )
    command.add_argument(
        "--registry",
        metavar="URI",
        help="MLflow's address (MLFLOW_TRACKING_URI, else sqlite:///results/mlflow.db)",
    )
