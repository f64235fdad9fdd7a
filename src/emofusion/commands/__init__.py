"""The command `emofusion`: score recordings with a registered model."""

import sys
from collections.abc import Sequence
from pathlib import Path

from emofusion.commands.arguments import parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the status to exit with.

    arguments: those after the command's name; None: of this process.
    """
    given = parser().parse_args(arguments)
    # imported here: the first line is there before the libraries, which take seconds
    from emofusion.errors import EmofusionError

    try:
        return int(given.run(given))
    except EmofusionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        from tempfile import gettempdir

        from emofusion import disk

        told = disk.unwritable(error, disk.path_of(error) or Path(gettempdir()))  # where commands put what they compute
        if told is None:
            raise
        print(f"error: {told}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
