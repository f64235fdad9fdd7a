"""Download a table of CREMA-D's repository into the corpus's root."""

import json
from dataclasses import dataclass
from pathlib import Path

from emofusion.corpora.crema_d.tables import FILES, place
from emofusion.fetch import fetch
from emofusion.settings.kinds import Preparation
from emofusion.whole_files import write_whole


@dataclass(frozen=True)
class Download(Preparation):
    """Downloads a table that is missing in the root.

    Args:
        url: address of the repository's files.
        root: the corpus's folder.
        table: people or votes.
        name: the name of the corpus in the experiment.
    """

    url: str
    root: str
    table: str
    name: str

    @property
    def label(self) -> str:
        return f"{self.name}-{self.table}"

    def run(self, out: Path) -> None:
        """Fetch the table into the root, and write `receipt.json` into the folder `out`; see `fetch` for errors."""
        path, size, sha256 = FILES[self.table]
        target, source = place(self.root, self.table), f"{self.url.rstrip('/')}/{path}"
        if not target.is_file():
            fetch(source, target, f"sha256:{sha256}", size)
        receipt = {"name": target.name, "bytes": target.stat().st_size, "source": source}
        write_whole(out / "receipt.json", json.dumps([receipt], indent=2))
