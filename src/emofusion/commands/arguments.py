"""The arguments of the command `emofusion`. Nothing heavy is imported here."""

import argparse
from pathlib import Path

FORMATS = ("table", "csv", "jsonl")


def parser() -> argparse.ArgumentParser:
    """The parser of all subcommands; each sets `run`, the function that does it."""
    from emofusion.commands import live, score, serve

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
    _add_enrolment(scoring)
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
    serving.add_argument("--port", type=_port, default=5001)
    serving.add_argument("--folder", type=Path, help="clients may name files in this folder by their paths")
    serving.add_argument("--most-megabytes", type=float, default=100.0, help="of one recording that is sent (100)")
    serving.set_defaults(run=serve.run)

    watching = commands.add_parser(
        "live",
        help="score what a camera and a microphone show, on a page",
        description="Serve a page that shows the posteriors while somebody speaks and looks; see docs/live.md. Nothing "
        "is stored.",
    )
    _add_model(watching)
    _add_enrolment(watching)
    watching.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (127.0.0.1: this machine alone)"
    )
    watching.add_argument("--port", type=_port, default=8000, help="0: any that is free (8000)")
    watching.add_argument(
        "--speech-smoothing",
        type=_seconds,
        default=2.0,
        metavar="S",
        help="time constant in seconds of the mean of what is heard; 0: none (2)",
    )
    watching.add_argument(
        "--face-smoothing",
        type=_seconds,
        default=0.5,
        metavar="S",
        help="the same of what is seen (0.5)",
    )
    watching.add_argument(
        "--frame-rate",
        type=_frame_rate,
        default=30.0,
        metavar="N",
        help="frames a second of the videos that the model learnt from, for features that depend on it (30)",
    )
    watching.set_defaults(run=live.run)
    return top


def _number(text: str, least: float, most: float) -> float:
    number = float(text)
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{text} is not from {least:g} to {most:g}")
    return number


def _port(text: str) -> int:
    return int(_number(str(int(text)), 0, 65_535))


def _seconds(text: str) -> float:
    """A time constant; `argparse` names a text that is no number."""
    return _number(text, 0, 600)


def _frame_rate(text: str) -> float:
    return _number(text, 1, 240)


def _add_enrolment(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--enrol",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="clips of the speaker that the features are normalised on, where the model asks for them",
    )


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
