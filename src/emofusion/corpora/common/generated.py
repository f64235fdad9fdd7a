"""The base class of corpora that the demo can generate."""

from dataclasses import dataclass, replace
from importlib import import_module
from typing import Self

from emofusion.corpora.demo.settings import DemoSettings
from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Corpus, Preparation


@dataclass
class Generated(Corpus):
    """A corpus that can be generated instead of recorded. With `demo`, files at `root` are ignored."""

    demo: DemoSettings | None = setting(
        "Generate people instead of reading recordings, as in conf/corpus/demo_*.yaml; null: read recordings.", None
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless there is a folder or a generator that writes the layout of this corpus."""
        must(self.root != "" or self.demo is not None, f"{name}.root: say in which folder the corpus is")
        if self.demo is not None:
            must(
                self.demo.layout == self.kind,
                f"{name}.demo.layout={self.demo.layout}: a corpus of the kind {self.kind} is generated with "
                f"{name}.demo.layout={self.kind}",
            )

    def generator(self, name: str) -> Preparation | None:
        """The generator of the corpus; None where it is recorded."""
        if self.demo is None:
            return None
        # Not an import statement: imported modules count as code of the reader, and a change of the generator must not
        # cause recorded corpora to be read again.
        generator: Preparation = import_module("emofusion.corpora.demo.generator").Generator(name, self.demo)
        return generator

    def at(self, root: str) -> Self:
        """A copy of this corpus in the folder `root` and without a generator."""
        return replace(self, root=root, demo=None)
