"""Protocols that the plan makes of the experiment's protocol, and that nobody chooses."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

from emofusion.settings.fields import setting
from emofusion.settings.kinds.protocols import Protocol


@dataclass
class DerivedProtocol(Protocol):
    """Divides the clips of another protocol's corpora in a way of its own."""

    protocol: Any = setting("The protocol that it is made of.", None)

    @classmethod
    def of(cls, protocol: Protocol) -> Self:
        """It is made of `protocol`, with the values of all settings that every protocol has."""
        shared = {field.name: getattr(protocol, field.name) for field in fields(Protocol) if field.name != "kind"}
        return cls(**shared, protocol=protocol)

    def training_corpora(self, modality: str) -> list[str]:
        """Those of the protocol."""
        names: list[str] = self.protocol.training_corpora(modality)
        return names

    def test_corpora(self) -> list[str]:
        """Those of the protocol, also where nobody is tested: features adapt to the recordings of all corpora."""
        names: list[str] = self.protocol.test_corpora()
        return names

    def for_modality(self, modality: str) -> Self:
        """The same of the protocol of one modality."""
        return replace(self, description="", protocol=self.protocol.for_modality(modality))
