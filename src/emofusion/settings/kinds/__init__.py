"""What a user can choose, family by family: the base classes that every kind inherits from.

A kind is a dataclass. Its fields are its settings, declared with `fields.setting`; its class attributes say what the
plan must know; its methods do the work. It lives in a module, or a small folder, of its family's package
(`emofusion.features.acoustic`) or in a plug-in, and is found there without being listed: see `registry`. What the kinds
of a family share lies in the family's folder `common`.

Planning imports every kind, so a kind's module must be quick to import: import torch, librosa, pandas and the like
inside its methods. Its modules are fingerprinted with all that they import, inside functions too.
"""

from emofusion.settings.kinds.base import Kind, Preparation
from emofusion.settings.kinds.corpora import Corpus
from emofusion.settings.kinds.features import Features
from emofusion.settings.kinds.fusion import FusionRule, FusionTask
from emofusion.settings.kinds.metrics import Metric
from emofusion.settings.kinds.networks import FrozenPart, Network
from emofusion.settings.kinds.protocols import Protocol

__all__ = [
    "Corpus",
    "Features",
    "FrozenPart",
    "FusionRule",
    "FusionTask",
    "Kind",
    "Metric",
    "Network",
    "Preparation",
    "Protocol",
]
