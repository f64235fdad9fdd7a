"""The base classes of kinds. A kind is something that a user can choose: a corpus, a network, a fusion rule …

A kind is a dataclass. Its fields are its settings, declared with `fields.setting`. Its class attributes tell the plan
what it must know. Its methods do the work. A kind is a module, or a small folder, in its family's package (for example
`emofusion.features.acoustic`) or in a plug-in. The registry finds it there; no list has to name it. Code that several
kinds of a family share is in the family's folder `common`.

Planning imports every kind, so the import of a kind's module must be fast: import torch, librosa, pandas and other
large libraries inside its methods. The fingerprint of a kind covers everything that its module imports, also inside
functions.
"""

from emofusion.settings.kinds.base import Kind, Preparation
from emofusion.settings.kinds.corpora import Corpus
from emofusion.settings.kinds.features import Features
from emofusion.settings.kinds.fusion import FusionRule, FusionTask
from emofusion.settings.kinds.metrics import Metric
from emofusion.settings.kinds.networks import Estimator, FrozenPart, Network
from emofusion.settings.kinds.protocols import Protocol

__all__ = [
    "Corpus",
    "Estimator",
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
