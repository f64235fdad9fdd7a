"""The corpora in their native forms, each read by its own module into the clip table."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.errors import EmofusionError

if TYPE_CHECKING:
    from pandas import DataFrame

READERS = ("kdef", "savee", "ravdess", "folder")


def check_present(settings: dict) -> None:
    """A quick look, for planning: is anything of the corpus at `settings["root"]`?

    `settings` holds `name`, `reader`, `root` and what the reader takes besides. Raises `EmofusionError` that says what
    was looked for and where, where to ask for the corpus, which file to put where, and which setting moves the place.
    """
    _reader(settings).check_present(settings)


def read_corpus(settings: dict, unpacked: Path) -> "DataFrame":
    """The corpus as a table of clips (`tables.CLIPS`, one row a clip, sorted by `clip`).

    `settings` as in `check_present`, and `exclude`, patterns of files to leave out: each is compared, as by
    `pathlib.PurePath.match`, with the right-hand end of a file's path (`DC/a01.wav`, `*-01-05-02-01-02-12.*`).
    Archives found in the root are extracted into `unpacked`, the files needed only. Every media file that the table
    names is opened once, here, so that a bad one is known before long work starts.

    Raises `EmofusionError` where the corpus is absent, and one that names the files (five, and a count) where files
    cannot be read, contradict their folder, have an unknown code or name, or stand there twice.
    """
    from emofusion.tables import CLIPS, check

    check_present(settings)
    return check(_reader(settings).read(settings, Path(unpacked)), CLIPS, f"the corpus {settings['name']}")


def _reader(settings: dict):
    if settings["reader"] not in READERS:
        raise EmofusionError(
            f"corpora.{settings['name']}.reader={settings['reader']} is not a reader; there are: {', '.join(READERS)}"
        )
    return import_module(f"{__name__}.{settings['reader']}")
