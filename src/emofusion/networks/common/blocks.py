"""The base class of networks whose layers can be frozen block by block during a training."""

from abc import abstractmethod
from collections.abc import Iterator

from torch import nn


class BlockNetwork(nn.Module):
    """A network with pretrained blocks of layers, which can be frozen, and with a head, which is always trained.

    A training calls `unfreeze` at the start of each epoch, and gives the blocks a learning rate of their own
    (`training.backbone_rate`). The network's kind says by `Network.frozen_blocks` how many blocks are frozen in which
    epoch.

    Attributes:
        frozen_parameters: how many parameters the network has in blocks that it was built without, because they stay
            frozen and their output is stored.
    """

    frozen_parameters: int = 0

    @abstractmethod
    def block_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters of all blocks that are present, whether frozen or not."""

    @abstractmethod
    def unfreeze(self, last: int) -> None:
        """Train the last `last` blocks and the head, and freeze all blocks before them."""
