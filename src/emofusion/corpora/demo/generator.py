"""The generator of demo corpora. The plan makes a stage of it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from emofusion.corpora.demo.settings import DemoSettings
from emofusion.errors import EmofusionError
from emofusion.settings.fields import check
from emofusion.settings.kinds import Preparation


@dataclass(frozen=True)
class Generator(Preparation):
    """Generates a corpus. `name`: the name of the corpus in the experiment."""

    name: str
    settings: DemoSettings

    @property
    def label(self) -> str:
        return self.name

    def run(self, out: Path) -> None:
        """Write the corpus into the folder `corpus` of `out`; see `generate`."""
        generate(self.settings, Path(out) / "corpus")


def generate(settings: DemoSettings, out: Path) -> None:
    """Write a corpus into the folder `out`. An interruption never leaves an incomplete folder.

    The same settings give the same bytes. Raises `EmofusionError` for settings outside their range, and where `out`
    already contains something.
    """
    from emofusion.corpora.demo.layouts import WRITERS

    check(settings, "demo")
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise EmofusionError(f"{out} already exists; remove it or let the demo corpus be written elsewhere")
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # from an attempt that was interrupted
    partial.mkdir(parents=True)
    WRITERS[settings.layout](settings, partial)
    partial.replace(out)
