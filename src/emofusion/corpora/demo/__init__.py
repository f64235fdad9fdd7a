"""Corpora made up for the demo: small, in the native layouts of KDEF, SAVEE and RAVDESS, and honest.

People differ, emotions overlap, voices and faces mix up different emotions: see `acting` for by how much.
"""

import shutil
from pathlib import Path

from emofusion.corpora.demo.layouts import WRITERS
from emofusion.corpora.demo.settings import DemoSettings
from emofusion.errors import EmofusionError


def generate(settings: dict, out: Path) -> None:
    """Write the corpus that `settings` (see `DemoSettings`) describe into the folder `out`, whole or not at all.

    The same settings give the same bytes. Raises `EmofusionError` for settings that make no sense, and where `out`
    already holds something.
    """
    checked = DemoSettings.of(settings)
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise EmofusionError(f"{out} already exists; remove it or let the demo corpus be written elsewhere")
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # what an interrupted attempt left
    partial.mkdir(parents=True)
    WRITERS[checked.layout](checked, partial)
    partial.replace(out)
