"""Figures that are drawn once: a figure that shows the same things again is taken from a folder."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from emofusion.plan.shared_files import link, made_once
from emofusion.reporting import figures
from emofusion.whole_files import replacing


@dataclass(frozen=True)
class Drawing:
    """Draws figures into files, and remembers them.

    memory: the folder of the remembered figures; None: each figure is drawn. token: says what draws, such as the code
    and the versions of libraries. Another token draws again.
    """

    memory: Path | None = None
    token: str = ""

    def save(self, path: Path, make: Callable[..., Figure], *shown: Any) -> None:
        """Write the figure `make(*shown)` as PNG.

        Args:
            path: the file to write.
            make: the function that draws.
            shown: all that the function shows: tables, maps of tables, and values whose `repr` says what they are.
        """
        if self.memory is None:
            with replacing(path) as partial:
                figures.save(make(*shown), partial)
            return
        remembered = self.memory / f"{_digest(self.token, make.__qualname__, *shown)}.png"
        if not remembered.is_file():
            with made_once(remembered) as own:
                figures.save(make(*shown), own)
        link(remembered, path)

    def remembered(self, function: str, *arguments: Any) -> Any:
        """What a function returns, as JSON can hold it. Its module is imported only where it was not called before.

        Args:
            function: `module:function`.
            arguments: of the function.
        """
        module, _, name = function.partition(":")
        if self.memory is None:
            return getattr(import_module(module), name)(*arguments)
        file = self.memory / f"{_digest(self.token, function, *arguments)}.json"
        if not file.is_file():
            with made_once(file) as own:
                own.write_text(json.dumps(getattr(import_module(module), name)(*arguments)), encoding="utf-8")
        return json.loads(file.read_text(encoding="utf-8"))


def _digest(*values: Any) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        _add(digest, value)
    return digest.hexdigest()


def _add(digest: "hashlib.blake2b", value: Any) -> None:
    if isinstance(value, pd.DataFrame):
        digest.update(repr([list(value.columns), value.index.names, list(map(str, value.dtypes))]).encode())
        digest.update(pd.util.hash_pandas_object(value).to_numpy().tobytes())
    elif isinstance(value, dict):
        for name, entry in value.items():
            digest.update(f"{name!r}:".encode())
            _add(digest, entry)
        digest.update(b";")
    else:
        digest.update(f"{value!r};".encode())
